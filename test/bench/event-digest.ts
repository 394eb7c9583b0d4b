// One number for many events or envelopes, which is the same however they are ordered, and which an event that is missing,
// there twice or altered changes: the sum over the first 60 bits of the SHA-256 of each. The sender adds up here what it
// was told is stored, the database what it holds.
import { sha256 } from '@threatguard/proto';
import type { Database } from '../../collector/src/store/database.ts';

export class DigestSum {
  count = 0;
  #sum = 0n;

  add(bytes: Uint8Array): void {
    this.addDigest(sha256(bytes));
  }

  addDigest(digest: Uint8Array): void {
    this.#sum += Buffer.from(digest.buffer, digest.byteOffset, digest.length).readBigUInt64BE() >> 4n;
    this.count += 1;
  }

  /** `count:sum`, as `heldBy` gives it. */
  toString(): string {
    return `${this.count}:${this.#sum}`;
  }
}

export interface Digests {
  events: string;
  /** Signed headers, and the payloads they were signed for. */
  headers: string;
  payloads: string;
}

const sum = (column: string) =>
  `count(*) || ':' || coalesce(sum(('x' || substr(encode(sha256(${column}), 'hex'), 1, 15))::bit(60)::bigint::numeric), 0)`;

/** The same over everything that is stored, and how many rows are there more than once. */
export async function heldBy(
  database: Pick<Database, 'transaction'>,
): Promise<{ digests: Digests; events: number; duplicated: number }> {
  return await database.transaction(async (session) => {
    // All rows are read, and that takes as long as it takes.
    await session.query("select set_config('statement_timeout', '0', true), set_config('work_mem', '128MB', true)");
    const [events] = await session.query(`select ${sum('event')} as sum, count(*) as count from events`);
    const [evidence] = await session.query(
      `select ${sum('header')} as headers, ${sum('payload')} as payloads from evidence`,
    );
    const [twice] = await session.query(
      `select coalesce(sum(copies - 1), 0)::bigint as rows from
         (select count(*) as copies from events group by agent_id, stream_id, sequence, event_index) as places`,
    );
    return {
      digests: { events: events!.sum, headers: evidence!.headers, payloads: evidence!.payloads },
      events: Number(events!.count),
      duplicated: Number(twice!.rows),
    };
  });
}

/** Digests of several senders as one. */
export function addDigests(all: readonly Digests[]): Digests {
  const add = (read: (digests: Digests) => string) => {
    const parts = all.map((digests) => read(digests).split(':').map(BigInt));
    return `${parts.reduce((total, [count]) => total + count!, 0n)}:${parts.reduce((total, [, each]) => total + each!, 0n)}`;
  };
  return { events: add((d) => d.events), headers: add((d) => d.headers), payloads: add((d) => d.payloads) };
}

/** What the senders know to be stored against what is. */
export function compare(sent: Digests, held: Awaited<ReturnType<typeof heldBy>>) {
  const whole = (['events', 'headers', 'payloads'] as const).every((each) => sent[each] === held.digests[each]);
  const missing = Number(sent.events.split(':')[0]) - (held.events - held.duplicated);
  // Where digests differ and no count says why, something is not what was sent, and that is lost.
  const unexplained = !whole && held.duplicated === 0 ? 1 : 0;
  return { whole, lost: Math.max(missing, unexplained), duplicated: held.duplicated };
}
