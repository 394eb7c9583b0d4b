// Questions over as many events as there are, asked as the engine can bear them: a hunt becomes SQL as far as SQL can say it.
import type { HuntExpression } from '@threatguard/proto';
import { arrivedEvents } from './arrivals.ts';
import type { Database, Engine } from './database.ts';
import { countEvents, groupColumn } from './event-counts.ts';
import { searchEvents } from './event-search.ts';
import { compileHunt, isSaidInSql } from './hunt-sql.ts';
import type { Store } from './store.ts';

/** Some 50 ms of the embedded engine. */
const EMBEDDED_WINDOW_ROWS = 20_000;

export class EventQuestions {
  readonly #database: Database;
  readonly #columnstore: boolean;
  /** The embedded engine cannot cut a statement off, and commits wait behind it: it looks at a part at a time. */
  readonly #windowRows: number;

  constructor(database: Database, engine: Engine) {
    this.#database = database;
    this.#columnstore = engine === 'timescaledb';
    this.#windowRows = engine === 'pglite' ? EMBEDDED_WINDOW_ROWS : 0;
  }

  search(
    { filters, where, ...time }: Parameters<Store['searchEvents']>[0],
    page: { limit: number; after: string; signal: AbortSignal | undefined },
  ) {
    const hunt = compileHunt(where);
    const query = { ...time, ...hunt, filters: [...filters, ...hunt.filters], columnstore: this.#columnstore };
    return searchEvents(this.#database, { query, matches: hunt.matches, ...page, windowRows: this.#windowRows });
  }

  /** Undefined where SQL cannot say it: then events have to be looked at one by one. */
  async count({ where, ...time }: Parameters<Store['countEvents']>[0], fields: readonly string[], signal: AbortSignal) {
    const hunt = compileHunt(where);
    if (!isSaidInSql(hunt) || !fields.every(groupColumn)) return undefined;
    const query = { ...time, ...hunt, columnstore: this.#columnstore };
    return countEvents(this.#database, { query, fields, windowRows: this.#windowRows, signal });
  }

  /** What was received since a time, in that order. */
  arrived(where: HuntExpression | undefined, receivedSinceUs: number, signal: AbortSignal) {
    return arrivedEvents(this.#database, compileHunt(where), receivedSinceUs, signal);
  }
}
