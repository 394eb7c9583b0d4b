import { Alert, AlertVerdict } from '@threatguard/proto';
import type { ClosedAlert } from '../triage/learned/examples.ts';
import type { Database, Row } from './database.ts';
import { timestamp } from './values.ts';
import type { VerdictStore } from './verdict-store.ts';

const PAGE_ROWS = 1_000;

/** Verdicts of alerts whose first revision is known: only that says what was known when they were raised. */
export class VerdictRecords implements VerdictStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async counts(): Promise<{ real: number; other: number }> {
    const [row] = await this.#database.query(
      `select count(*) filter (where verdict = ${AlertVerdict.TRUE_POSITIVE}) as real, count(*) as rows from verdicts
       where raised is not null`,
    );
    return { real: row?.real ?? 0, other: (row?.rows ?? 0) - (row?.real ?? 0) };
  }

  async *newest(limit: number): AsyncIterable<ClosedAlert[]> {
    const [first] = await this.#database.query(
      'select at, alert_id from verdicts where raised is not null order by at desc, alert_id desc offset $1 limit 1',
      [Math.max(0, limit - 1)],
    );
    let from: { at: number; id: string; included: boolean } | undefined = first && {
      at: first.at,
      id: first.alert_id,
      included: true,
    };
    for (;;) {
      const after: string = from ? `and (at, alert_id) ${from.included ? '>=' : '>'} ($2, $3)` : '';
      const rows: Row[] = await this.#database.query(
        `select at, alert_id, verdict, raised from verdicts where raised is not null ${after}
         order by at, alert_id limit $1`,
        [PAGE_ROWS, ...(from ? [timestamp(from.at), from.id] : [])],
      );
      if (rows.length > 0) yield rows.map(closedAlert);
      const last = rows.at(-1);
      if (!last || rows.length < PAGE_ROWS) return;
      from = { at: last.at, id: last.alert_id, included: false };
    }
  }
}

function closedAlert({ raised, verdict, at }: Row): ClosedAlert {
  return { raised: Alert.decode(raised), verdict, closedAtUs: at };
}
