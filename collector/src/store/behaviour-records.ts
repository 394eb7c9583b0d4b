// Behaviour in the store: checkpoints, the hours models are trained from, and what came after a checkpoint.
import type { StoredEvent } from '@threatguard/proto';
import type { BehaviourSave, BehaviourStore, HoursBlock, SequencesBlock } from './behaviour-store.ts';
import type { Database, Session } from './database.ts';
import { eventsByReference } from './event-reads.ts';
import { timestamp } from './values.ts';

/** Envelopes looked up at once: their events are some MiB. */
const PAGE_ENVELOPES = 64;
/** References of one lookup, as eventsByReference takes them. */
const PAGE_REFERENCES = 1_000;

export class BehaviourRecords implements BehaviourStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  save({ atUs, parts, hours, sequences = [] }: BehaviourSave): Promise<void> {
    return this.#database.transaction(async (session) => {
      await session.query('delete from behaviour_parts');
      for (const [part, bytes] of parts.entries()) {
        await session.query('insert into behaviour_parts values ($1, $2, $3)', [part, timestamp(atUs), bytes]);
      }
      for (const block of hours) await insertHours(session, block);
      for (const block of sequences) await insertSequences(session, block);
    });
  }

  async load(): Promise<Uint8Array[]> {
    const rows = await this.#database.query('select bytes from behaviour_parts order by part');
    return rows.map((row) => row.bytes);
  }

  async hoursStored(): Promise<number> {
    const [row] = await this.#database.query('select coalesce(sum(hours), 0)::bigint as hours from behaviour_hours');
    return row!.hours;
  }

  async hoursSpan(): Promise<{ fromUs: number; toUs: number }> {
    const [row] = await this.#database.query(
      'select min(first_at) as first, max(last_at) as last from behaviour_hours',
    );
    return { fromUs: row!.first ?? 0, toUs: row!.last ?? 0 };
  }

  async *hours(kind: number, fromUs: number): AsyncIterable<HoursBlock> {
    for (let after = 0; ; ) {
      const [row] = await this.#database.query(
        `select number, first_at, last_at, hours, bytes from behaviour_hours
         where kind = $1 and last_at >= $2 and number > $3 order by number limit 1`,
        [kind, timestamp(fromUs), after],
      );
      if (!row) return;
      yield { kind, firstAtUs: row.first_at, lastAtUs: row.last_at, hours: row.hours, bytes: row.bytes };
      after = row.number;
    }
  }

  async sequencesStored(): Promise<number> {
    const [row] = await this.#database.query(
      'select coalesce(sum(sequences), 0)::bigint as sequences from behaviour_sequences',
    );
    return row!.sequences;
  }

  async sequencesSpan(): Promise<{ fromUs: number; toUs: number }> {
    const [row] = await this.#database.query(
      'select min(first_at) as first, max(last_at) as last from behaviour_sequences',
    );
    return { fromUs: row!.first ?? 0, toUs: row!.last ?? 0 };
  }

  async *sequences(family: number, fromUs: number): AsyncIterable<SequencesBlock> {
    for (let after = 0; ; ) {
      const [row] = await this.#database.query(
        `select number, first_at, last_at, sequences, bytes from behaviour_sequences
         where family = $1 and last_at >= $2 and number > $3 order by number limit 1`,
        [family, timestamp(fromUs), after],
      );
      if (!row) return;
      yield { family, firstAtUs: row.first_at, lastAtUs: row.last_at, sequences: row.sequences, bytes: row.bytes };
      after = row.number;
    }
  }

  async *eventsAfter(
    positions: ReadonlyMap<string, number>,
    { sinceUs, eventsMax }: { sinceUs: number; eventsMax: number },
  ): AsyncIterable<StoredEvent[]> {
    const known = Array.from(positions, ([stream, sequence]) => {
      const [agent_id, stream_id] = stream.split(' ');
      return { agent_id, stream_id: `\\x${stream_id}`, sequence };
    });
    const envelopes = await this.#database.query(UNSEEN, [JSON.stringify(known), timestamp(sinceUs), eventsMax]);
    for (let at = 0; at < envelopes.length; at += PAGE_ENVELOPES) {
      yield* this.#eventsOf(envelopes.slice(at, at + PAGE_ENVELOPES));
    }
  }

  /** Of each envelope all its events together. */
  async *#eventsOf(envelopes: readonly Record<string, unknown>[]): AsyncIterable<StoredEvent[]> {
    for (const { agent_id, stream_id, sequence, event_count } of envelopes) {
      const references = Array.from({ length: event_count as number }, (_, index) => ({
        agentId: agent_id as string,
        streamId: stream_id as Uint8Array,
        sequence: sequence as number,
        index,
      }));
      const events: StoredEvent[] = [];
      for (let at = 0; at < references.length; at += PAGE_REFERENCES) {
        events.push(...(await eventsByReference(this.#database, references.slice(at, at + PAGE_REFERENCES))));
      }
      if (events.length > 0) yield events;
    }
  }
}

/** Of every stream the envelopes beyond the known position, oldest first; of too many the newest. */
const UNSEEN = `
  with known as (
    select * from json_to_recordset($1::json) as r(agent_id uuid, stream_id bytea, sequence bigint)
  ), unseen as (
    select v.agent_id, v.stream_id, v.sequence, v.event_count, v.received_at,
      sum(v.event_count) over (order by v.received_at desc, v.agent_id, v.stream_id, v.sequence desc) as newer
    from stream_positions p
    left join known k on k.agent_id = p.agent_id and k.stream_id = p.stream_id
    join envelopes v on v.agent_id = p.agent_id and v.stream_id = p.stream_id and v.sequence > coalesce(k.sequence, 0)
    where not v.quarantined and v.received_at >= $2
  )
  select agent_id::text as agent_id, stream_id, sequence, event_count from unseen where newer <= $3
  order by received_at, agent_id, stream_id, sequence`;

async function insertHours(session: Session, { kind, firstAtUs, lastAtUs, hours, bytes }: HoursBlock): Promise<void> {
  await session.query(
    'insert into behaviour_hours (kind, first_at, last_at, hours, bytes) values ($1, $2, $3, $4, $5)',
    [kind, timestamp(firstAtUs), timestamp(lastAtUs), hours, bytes],
  );
}

async function insertSequences(session: Session, block: SequencesBlock): Promise<void> {
  const { family, firstAtUs, lastAtUs, sequences, bytes } = block;
  await session.query(
    'insert into behaviour_sequences (family, first_at, last_at, sequences, bytes) values ($1, $2, $3, $4, $5)',
    [family, timestamp(firstAtUs), timestamp(lastAtUs), sequences, bytes],
  );
}
