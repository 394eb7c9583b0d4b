import type { SignedTreeHead, TreeRun } from '@threatguard/proto';
import { type EventReference, TreeEntry } from '@threatguard/proto';
import {
  type CheckedTreeHead,
  consistencyRanges,
  inclusionRanges,
  joinParts,
  type NodePlace,
  perfectParts,
  readTreeHead,
} from '@threatguard/proto/evidence';
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import { bytea, timestamp } from './values.ts';

/** Entries of one page: some hundred bytes each. */
const PAGE_ENTRIES = 256;
/** Heads told without being asked for: those of the time of a bundle, and the newest. */
const SPAN_HEADS_MAX = 48;
const NEWEST_HEADS = 24;
const HEADS_MAX = 1000;

/** A leaf of the tree. */
export interface StoredEntry {
  leaf: number;
  agentId: string;
  number: number;
  recordedAtUs: number;
  bytes: Uint8Array;
  runs: TreeRun[];
}

/** Hashes of nodes, in the order asked. Throws RangeError where one is missing: the tree was tampered with. */
export async function readNodes(session: Session, places: readonly NodePlace[]): Promise<Uint8Array[]> {
  if (places.length === 0) return [];
  const rows = await session.query(
    `select n.level, n.position, n.hash from json_to_recordset($1::json) as r(level smallint, position bigint)
     join tree_nodes n using (level, position)`,
    [JSON.stringify(places)],
  );
  const hashes = new Map(rows.map((row) => [`${row.level} ${row.position}`, row.hash as Uint8Array]));
  return places.map(({ level, position }) => {
    const hash = hashes.get(`${level} ${position}`);
    if (!hash) throw new RangeError(`the tree of evidence has lost its node ${level}/${position}`);
    return hash;
  });
}

export function readInclusion(session: Session, leaf: number, treeSize: number): Promise<Uint8Array[]> {
  return readRanges(session, inclusionRanges(leaf, treeSize));
}

export function readConsistency(session: Session, first: number, second: number): Promise<Uint8Array[]> {
  return readRanges(session, consistencyRanges(first, second));
}

async function readRanges(session: Session, ranges: readonly { from: number; to: number }[]): Promise<Uint8Array[]> {
  const parts = ranges.map(({ from, to }) => perfectParts(from, to));
  const hashes = await readNodes(session, parts.flat());
  return parts.map((places) => joinParts(hashes.splice(0, places.length)));
}

/** Newest first. */
export async function listHeads(session: Session, limit: number): Promise<SignedTreeHead[]> {
  const rows = await session.query(
    `select h.head, h.signature, c.certificate from tree_heads h join tree_certificates c on c.digest = h.certificate_digest
     order by h.number desc limit $1`,
    [Math.min(limit, HEADS_MAX)],
  );
  return rows.map((row) => ({ head: row.head, signature: row.signature, certificate: row.certificate }));
}

/** Heads before number `below`: of a time, the newest, and those with the digests somebody asks for. Oldest first. */
export async function earlierHeads(
  session: Session,
  below: number,
  wanted: { fromUs: number; toUs: number; digests: readonly Uint8Array[] },
): Promise<{ bytes: Uint8Array; head: CheckedTreeHead }[]> {
  const rows = await session.query(
    `select number, head from tree_heads where number < $1 and (number >= $1 - ${NEWEST_HEADS}
       or number in (select number from tree_heads where signed_at between $2 and $3 order by number limit ${SPAN_HEADS_MAX})
       or digest in (select value::bytea from json_array_elements_text($4::json)))
     order by number limit ${HEADS_MAX}`,
    [below, timestamp(wanted.fromUs), timestamp(wanted.toUs), JSON.stringify(wanted.digests.map(bytea))],
  );
  return rows.map((row) => ({ bytes: row.head, head: readTreeHead(row.head)! }));
}

/**
 * Numbers of an agent's entries that were recorded in a span, as far as the tree went then: from the first at or after
 * `fromUs` to those of the first time at or after `toUs`, or the last. Undefined where nothing was recorded since `fromUs`.
 */
export async function entrySpan(
  session: Session,
  agentId: string,
  span: { fromUs: number; toUs: number; treeSize: number },
): Promise<{ first: number; last: number; envelopes: number; late: number } | undefined> {
  const [row] = await session.query(
    `with own as (select * from tree_entries where agent_id = $1 and leaf < $4),
     span as (
       select (select min(number) from own where recorded_at >= $2) as first,
         coalesce((select max(number) from own where recorded_at = (select min(recorded_at) from own where recorded_at >= $3)),
           (select max(number) from own)) as last)
     select first, last,
       (select count(*) from own where (number < first or number > last) and last_event_at >= $2 and first_event_at <= $3) as late,
       (select coalesce(sum(r.last_sequence - r.first_sequence + 1), 0)::bigint from tree_runs r join own using (agent_id, leaf)
        where number between first and last) as envelopes
     from span`,
    [agentId, timestamp(span.fromUs), timestamp(span.toUs), span.treeSize],
  );
  if (!row || row.first === null || row.first > row.last) return undefined;
  return { first: row.first, last: row.last, envelopes: row.envelopes, late: row.late };
}

/** Entries of an agent by number, both included, in pages. */
export async function* entriesByNumber(
  session: Session,
  agentId: string,
  { first, last }: { first: number; last: number },
): AsyncIterable<StoredEntry> {
  for (let next = first; next <= last; ) {
    const rows = await session.query(
      `select ${COLUMNS} from tree_entries where agent_id = $1 and number between $2 and $3 order by number limit ${PAGE_ENTRIES}`,
      [agentId, next, last],
    );
    yield* rows.map(storedEntry);
    next = (rows.at(-1)?.number ?? last) + 1;
  }
}

/** Which entry and run each envelope is in; those that are in none are left out. In the order of agent and leaf. */
export async function placesOf(
  session: Session,
  references: readonly EventReference[],
  treeSize: number,
): Promise<{ agentId: string; leaf: number; run: number; sequence: number }[]> {
  const wanted = references.flatMap(({ agentId, streamId, sequence }) =>
    uuidBytes(agentId ?? '')
      ? { agent_id: agentId, stream_id: bytea(streamId ?? new Uint8Array()), sequence: sequence ?? 0 }
      : [],
  );
  const rows = await session.query(
    `select distinct r.agent_id::text as agent_id, r.leaf, r.run, w.sequence
     from json_to_recordset($1::json) as w(agent_id uuid, stream_id bytea, sequence bigint)
     cross join lateral (
       select * from tree_runs t where t.agent_id = w.agent_id and t.stream_id = w.stream_id and t.last_sequence >= w.sequence
       order by t.last_sequence limit 1) r
     where r.first_sequence <= w.sequence and r.leaf < $2 order by 1, 2, 3, 4`,
    [JSON.stringify(wanted), treeSize],
  );
  return rows.map((row) => ({ agentId: row.agent_id, leaf: row.leaf, run: row.run, sequence: row.sequence }));
}

export async function entryAt(session: Session, leaf: number): Promise<StoredEntry | undefined> {
  const [row] = await session.query(`select ${COLUMNS} from tree_entries where leaf = $1`, [leaf]);
  return row && storedEntry(row);
}

const COLUMNS = 'leaf, agent_id::text as agent_id, number, recorded_at, entry';

function storedEntry(row: Row): StoredEntry {
  return {
    leaf: row.leaf,
    agentId: row.agent_id,
    number: row.number,
    recordedAtUs: row.recorded_at,
    bytes: row.entry,
    runs: TreeEntry.decode(row.entry).runs ?? [],
  };
}
