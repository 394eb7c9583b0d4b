// One run of upkeep, in steps that are a transaction each: interrupted anywhere, the next run goes on from what the
// catalogue says. Each step takes an advisory lock or does nothing, so of several collectors one does the work.
import type { Database, Session } from './database.ts';

/** The number only has to be ours, and another than that of the migrations. */
const UPKEEP_LOCK = 7_443_002;
/** Rows deleted in one transaction: well below a second. */
export const DELETED_ROWS_MAX = 10_000;
/** Such transactions for one table in one run. What is left goes an hour later. */
export const DELETIONS_MAX = 50;

export interface UpkeepReport {
  /** Partitions made ahead, or for rows that had none; policies of the database that were set or changed. */
  made: string[];
  /** Partitions or chunks dropped because retention passed them. */
  dropped: string[];
  /** Rows deleted that retention passed and that do not stand in a partition to drop. */
  deleted: number;
  /** Another collector was at it: this one left the rest to it. */
  elsewhere: boolean;
}

/** One run, which holds up commits for no longer than one step at a time. */
export class UpkeepRun {
  readonly report: UpkeepReport = { made: [], dropped: [], deleted: 0, elsewhere: false };
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get database(): Session {
    return this.#database;
  }

  /** Undefined where another collector is at work, and from then on. */
  async step<T>(work: (session: Session) => Promise<T>): Promise<T | undefined> {
    if (this.report.elsewhere) return undefined;
    return this.#database.transaction(async (session) => {
      const [row] = await session.query('select pg_try_advisory_xact_lock($1) as mine', [UPKEEP_LOCK]);
      if (row?.mine === true) return work(session);
      this.report.elsewhere = true;
      return undefined;
    });
  }

  /** Deletes what a condition names, a part at a time. */
  async deleteRows(table: string, condition: string): Promise<void> {
    for (let turn = 0; turn < DELETIONS_MAX; turn++) {
      const rows = await this.step((session) =>
        session.query(
          `delete from ${table} where ctid = any(array(
             select ctid from ${table} where ${condition} limit ${DELETED_ROWS_MAX})) returning 1`,
        ),
      );
      this.report.deleted += rows?.length ?? 0;
      if ((rows?.length ?? 0) < DELETED_ROWS_MAX) return;
    }
  }
}
