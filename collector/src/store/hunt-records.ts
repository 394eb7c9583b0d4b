import { appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Database } from './database.ts';
import type { HuntStore, SavedHuntRecord } from './hunt-store.ts';
import { storableText, timestamp } from './values.ts';

/** Hunts that are kept: those that run by themselves all read the same events. */
const HUNTS_MAX = 200;
const PROBLEM_LENGTH_MAX = 512;

export class HuntRecords implements HuntStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<SavedHuntRecord[]> {
    const rows = await this.#database.query('select * from saved_hunts order by name limit $1', [HUNTS_MAX]);
    return rows.map((row) => ({
      name: row.name,
      query: row.query,
      everySeconds: row.every_seconds,
      severity: row.severity,
      savedBy: row.saved_by,
      savedAtUs: row.saved_at,
      ranUntilUs: row.ran_until ?? undefined,
      problem: row.problem,
    }));
  }

  save(hunt: SavedHuntRecord, replace: boolean, by: AuditActor): Promise<'saved' | 'exists' | 'full'> {
    const { name, query, everySeconds, severity, savedBy, savedAtUs } = hunt;
    return this.#database.transaction(async (session) => {
      const [known] = await session.query('select query, every_seconds, severity from saved_hunts where name = $1', [
        name,
      ]);
      if (known && !replace) return 'exists';
      const [row] = await session.query('select count(*) as hunts from saved_hunts');
      if (!known && row?.hunts >= HUNTS_MAX) return 'full';
      await session.query(
        `insert into saved_hunts(name, query, every_seconds, severity, saved_by, saved_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (name) do update set query = excluded.query, every_seconds = excluded.every_seconds,
           severity = excluded.severity, saved_by = excluded.saved_by, saved_at = excluded.saved_at, problem = ''`,
        [storableText(name), storableText(query), everySeconds, severity, storableText(savedBy), timestamp(savedAtUs)],
      );
      const before = known && { query: known.query, everySeconds: known.every_seconds, severity: known.severity };
      await appendAudit(session, savedAtUs, by, {
        action: 'hunt.saved',
        subject: name,
        before,
        after: { query, everySeconds, severity },
      });
      return 'saved';
    });
  }

  remove(name: string, atUs: number, by: AuditActor): Promise<boolean> {
    return this.#database.transaction(async (session) => {
      const [gone] = await session.query('delete from saved_hunts where name = $1 returning query, every_seconds', [
        name,
      ]);
      if (!gone) return false;
      const before = { query: gone.query, everySeconds: gone.every_seconds };
      await appendAudit(session, atUs, by, { action: 'hunt.removed', subject: name, before });
      return true;
    });
  }

  async ran(name: string, untilUs: number, problem: string): Promise<void> {
    await this.#database.query('update saved_hunts set ran_until = $2, problem = $3 where name = $1', [
      name,
      timestamp(untilUs),
      storableText(problem.slice(0, PROBLEM_LENGTH_MAX)),
    ]);
  }
}
