// Events counted by minute, class, outcome and user, as the series keep them.
import { readEventRows } from './event-row-reader.ts';
import { storableCount } from './values.ts';

export const MINUTE_US = 60_000_000;
/** Characters of a user's name: a longer one is not a user but an attempt. */
export const USER_LENGTH_MAX = 64;
/**
 * Counts one batch, and one commit, may make. Real hosts need some hundred; beyond it, which takes somebody trying names,
 * users are counted together under OTHER_USERS, so that the series never cost more than the events.
 */
const COUNTS_MAX = 4_096;
const OTHER_USERS = '*';

export interface SeriesCount {
  /** Since 1970. */
  minute: number;
  /** Empty in the counts of one batch. */
  agent: string;
  class: number;
  outcome: number;
  /** Empty where events name nobody. */
  user: string;
  events: number;
  bytes: number;
}

/** Of the rows of one batch. */
export function countSeries(eventRows: Uint8Array): SeriesCount[] {
  const counts = new SeriesCounts();
  for (const row of readEventRows(eventRows)) {
    const minute = Math.floor(row.eventAtUs / MINUTE_US);
    counts.add({ ...row, minute, agent: '', user: userName(row.user), events: 1 });
  }
  return counts.list();
}

/** Keys are made of values as they are stored, and the statement groups by them again: none comes twice. */
export class SeriesCounts {
  readonly #counts = new Map<string, SeriesCount>();

  add({ minute, agent, class: of, outcome, user, events, bytes }: SeriesCount): void {
    const group = `${minute} ${of} ${outcome} ${agent} `;
    const room = this.#counts.size < COUNTS_MAX || user === '';
    const name = room || this.#counts.has(group + user) ? user : OTHER_USERS;
    const known = this.#counts.get(group + name);
    if (known) {
      known.events += events;
      known.bytes = storableCount(known.bytes + bytes);
    } else this.#counts.set(group + name, { minute, agent, class: of, outcome, user: name, events, bytes });
  }

  list(): SeriesCount[] {
    return [...this.#counts.values()];
  }
}

/** The beginning of a name, by characters as the database counts them. */
export function userName(name: string): string {
  if (name.length <= USER_LENGTH_MAX) return name;
  return Array.from(name.slice(0, 2 * USER_LENGTH_MAX))
    .slice(0, USER_LENGTH_MAX)
    .join('');
}
