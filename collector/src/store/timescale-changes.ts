// Changing what is in a columnstore. A row is changed where it is uncompressed: the database first puts back as rows every
// batch that may have it, as far as the statement's own constants tell (agent and time, not what it is joined with), and the
// columnstore policy compresses them again. Versions differ in how much they put back:
//
//   2.14   as much as a setting lets one transaction have, by default less than a busy hour
//   2.11   any number of batches
//   2.9    nothing: such a statement is refused until the chunk is put back as a whole
import type { Row, Session } from './database.ts';
import { timestamp } from './values.ts';

const ROWS_MAX = 'timescaledb.max_tuples_decompressed_per_dml_transaction';
/** Changed rows of one agent that are no further apart are changed together: about a batch of the columnstore, when it is busy. */
const TOGETHER_US = 10_000_000;

export interface TimeSpan {
  firstUs: number;
  lastUs: number;
}

/** Lets this transaction change rows of a time, where the table has a columnstore. */
export async function letChange(session: Session, table: string, { firstUs, lastUs }: TimeSpan): Promise<void> {
  const [server] = await session.query(
    `select to_regclass('timescaledb_information.chunks') is not null as chunks,
       exists (select from pg_settings where name = '${ROWS_MAX}') as limited`,
  );
  if (!server?.chunks) return;
  if (server.limited) return session.script(`set local ${ROWS_MAX} = 0`);
  const chunks = await session.query(
    `select format('%I.%I', chunk_schema, chunk_name) as name from timescaledb_information.chunks
     where hypertable_schema = current_schema() and hypertable_name = $1 and is_compressed
       and range_start <= $2::timestamptz and range_end > $3::timestamptz`,
    [table, timestamp(lastUs), timestamp(firstUs)],
  );
  if (chunks.length === 0) return;
  // A day of a large fleet takes as long as it takes.
  await session.script("set local statement_timeout = '0'");
  for (const { name } of chunks) await session.query('select decompress_chunk($1::regclass, true)', [name]);
}

export interface ChangedTogether extends TimeSpan {
  agentId: string;
  rows: Row[];
}

/**
 * Rows (`agent_id`, `event_at`) in parts of one agent and a short time: a statement about each part has constants that leave
 * every other batch as it is.
 */
export function changeTogether(rows: readonly Row[]): ChangedTogether[] {
  const parts: ChangedTogether[] = [];
  const last = new Map<string, ChangedTogether>();
  for (const row of rows.toSorted((a, b) => a.event_at - b.event_at)) {
    const part = last.get(row.agent_id);
    if (part && row.event_at - part.lastUs <= TOGETHER_US) {
      part.lastUs = row.event_at;
      part.rows.push(row);
      continue;
    }
    const next = { agentId: row.agent_id, firstUs: row.event_at, lastUs: row.event_at, rows: [row] };
    last.set(row.agent_id, next);
    parts.push(next);
  }
  return parts;
}
