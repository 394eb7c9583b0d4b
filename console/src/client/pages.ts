/** Rows asked for in one page. */
export const PAGE_ROWS = 500;

type Page<Row> = (rows: number, after: string) => Promise<{ rows: Row[]; next: string }>;

/** A part of time, in microseconds; open where an end is absent. */
export interface Span {
  sinceUs?: number;
  untilUs?: number;
}

/** At most `limit` rows, over as many pages as it takes. */
export function collect<Row>(limit: number, page: Page<Row>): Promise<Row[]> {
  return collectWithin(limit, {}, () => 0, page);
}

/** Of rows that come newest first at most `limit` within a span. Asks for no more once they are older. */
export async function collectWithin<Row>(
  limit: number,
  { sinceUs = Number.NEGATIVE_INFINITY, untilUs = Number.POSITIVE_INFINITY }: Span,
  atUs: (row: Row) => number | null | undefined,
  page: Page<Row>,
): Promise<Row[]> {
  const found: Row[] = [];
  let after = '';
  do {
    const { rows, next } = await page(Math.min(PAGE_ROWS, limit - found.length), after);
    const older = rows.findIndex((row) => (atUs(row) ?? 0) < sinceUs);
    const young = older < 0 ? rows : rows.slice(0, older);
    found.push(...young.filter((row) => (atUs(row) ?? 0) <= untilUs));
    // An empty page with a cursor would go round for ever.
    after = rows.length > 0 && older < 0 ? next : '';
  } while (after !== '' && found.length < limit);
  return found.slice(0, limit);
}
