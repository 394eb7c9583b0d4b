/** Rows asked for in one page. */
export const PAGE_ROWS = 500;

type Page<Row> = (rows: number, after: string) => Promise<{ rows: Row[]; next: string }>;

/** A part of time, in microseconds, its end not included; open where an end is absent. */
export interface Span {
  sinceUs?: number;
  untilUs?: number;
}

/** At most `limit` rows, over as many pages as it takes. */
export async function collect<Row>(limit: number, page: Page<Row>): Promise<Row[]> {
  const found: Row[] = [];
  let after = '';
  do {
    const { rows, next } = await page(Math.min(PAGE_ROWS, limit - found.length), after);
    found.push(...rows);
    // An empty page with a cursor would go round for ever.
    after = rows.length > 0 ? next : '';
  } while (after !== '' && found.length < limit);
  return found.slice(0, limit);
}
