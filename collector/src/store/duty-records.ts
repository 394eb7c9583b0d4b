import type { Database } from './database.ts';
import type { DutyStore } from './shared-store.ts';
import { storableText } from './values.ts';

/** By the clock of the database, which all collectors have in common. */
export class DutyRecords implements DutyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async take(name: string, holder: string, seconds: number): Promise<boolean> {
    const rows = await this.#database.query(
      `insert into duties as d (name, holder, held_until) values ($1, $2, now() + make_interval(secs => $3))
       on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
         where d.holder = excluded.holder or d.held_until < now()
       returning 1`,
      [storableText(name), holder, seconds],
    );
    return rows.length > 0;
  }

  async leave(name: string, holder: string): Promise<void> {
    await this.#database.query('delete from duties where name = $1 and holder = $2', [storableText(name), holder]);
  }
}
