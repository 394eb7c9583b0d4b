// How the tree grows, a transaction at a time, so that it may be interrupted anywhere and goes on from what is there:
//
//   tree            size, and the newest head; its row is locked by whoever adds
//   tree_streams    up to where each stream is in the tree: what lies behind that in `envelopes` is added next
//   tree_agents     the newest entry of each agent, which the next one names
//
// Envelopes of a stream are committed in the order of their sequences (writer.ts), so none can come in behind.
import type { SignedTreeHead } from '@threatguard/proto';
import { sha256 } from '@threatguard/proto';
import { type CheckedTreeHead, GrowingTree, perfectParts, readTreeHead } from '@threatguard/proto/evidence';
import type { Row, Session } from './database.ts';
import { makeEntries, type NewEntry, type NewEnvelopes, NO_ENTRIES } from './tree-entries.ts';
import { readNodes } from './tree-reads.ts';
import { bytea, timestamp } from './values.ts';

/** Envelopes and streams of one transaction: of the embedded engine commits wait for it (`npm run bench:evidence`). */
const PART_ROWS_MAX = 1024;
const PART_AGENTS_MAX = 500;

/** Whose envelopes are wanted; undefined for all. */
export type WantedAgents = readonly string[] | undefined;

/** Adds what came since, a part of it. Returns how many envelopes and entries that were; none when nothing was left. */
export async function recordEnvelopes(
  session: Session,
  atUs: number,
  wanted: WantedAgents,
): Promise<{ envelopes: number; entries: number; recordedAtUs: number; more: boolean }> {
  const tree = await lockTree(session, atUs);
  const rows = await session.query(BEHIND, [wanted ? JSON.stringify(wanted) : null]);
  const found = groupByAgent(rows);
  const last = found.at(-1);
  if (last && rows.length === PART_ROWS_MAX) last.more = true;
  const entries = await addEntries(session, tree, found);
  await session.query(
    `insert into tree_streams as t select * from json_to_recordset($1::json) as r(agent_id uuid, stream_id bytea, sequence bigint)
     on conflict (agent_id, stream_id) do update set sequence = greatest(t.sequence, excluded.sequence)`,
    [JSON.stringify(reached(rows))],
  );
  const envelopes = rows.filter((row) => row.sequence !== null).length;
  return { envelopes, entries, recordedAtUs: tree.recordedAtUs, more: rows.length > 0 };
}

const BEHIND = `
  with behind as (
    select p.agent_id, p.stream_id, p.sequence, coalesce(t.sequence, 0) as recorded
    from stream_positions p left join tree_streams t using (agent_id, stream_id)
    where p.sequence > coalesce(t.sequence, 0)
      and ($1::json is null or p.agent_id in (select value::uuid from json_array_elements_text($1::json)))
    order by p.agent_id, p.stream_id limit ${PART_AGENTS_MAX}
  )
  select b.agent_id::text as agent_id, b.stream_id, b.sequence as newest,
    v.sequence, v.header_digest, v.received_at, v.first_event_at, v.last_event_at
  from behind b left join lateral (
    select * from envelopes e
    where e.agent_id = b.agent_id and e.stream_id = b.stream_id and e.sequence > b.recorded and e.sequence <= b.sequence
    order by e.sequence limit ${PART_ROWS_MAX}
  ) v on true
  order by b.agent_id, b.stream_id, v.sequence limit ${PART_ROWS_MAX}`;

/**
 * An entry without runs for each agent whose newest entry has some, or says that there is more where there was not: that
 * nothing came since is said once, so that nobody can say it later of an agent that did send. A part of them; returns how many.
 */
export async function recordIdle(session: Session, atUs: number, wanted: WantedAgents): Promise<number> {
  const tree = await lockTree(session, atUs);
  const rows = await session.query(
    `select agent_id::text as agent_id from tree_agents where ((not idle and recorded_at < $1) or continued)
       and ($2::json is null or agent_id in (select value::uuid from json_array_elements_text($2::json)))
     order by agent_id limit ${PART_AGENTS_MAX}`,
    [timestamp(tree.recordedAtUs), wanted ? JSON.stringify(wanted) : null],
  );
  return addEntries(
    session,
    tree,
    rows.map(({ agent_id }) => ({ agentId: agent_id, streams: [] })),
  );
}

/** Signs what the tree is now. Without `always` only where it grew since the newest head; undefined where it did not. */
export async function addHead(
  session: Session,
  atUs: number,
  { sign, always }: { sign: (head: Omit<CheckedTreeHead, 'digest'>) => SignedTreeHead; always: boolean },
): Promise<SignedTreeHead | undefined> {
  const [tree] = await session.query('select size, head_number, head_digest, head_size from tree for update');
  if (!tree || (!always && tree.head_number > 0 && tree.head_size === tree.size)) return undefined;
  const roots = await readNodes(session, perfectParts(0, tree.size));
  const [audit] = await session.query('select head_sequence, head_digest from audit_chain');
  const signed = sign({
    number: tree.head_number + 1,
    treeSize: tree.size,
    root: new GrowingTree(tree.size, roots).root(),
    previousHeadDigest: tree.head_digest,
    auditSequence: audit?.head_sequence ?? 0,
    auditDigest: audit?.head_digest ?? new Uint8Array(32),
    signedAtUs: atUs,
  });
  const head = readTreeHead(signed.head ?? new Uint8Array())!;
  const certificate = signed.certificate ?? new Uint8Array();
  await session.query('insert into tree_certificates values ($1, $2) on conflict do nothing', [
    sha256(certificate),
    certificate,
  ]);
  await session.query('insert into tree_heads values ($1, $2, $3, $4, $5, $6, $7)', [
    head.number,
    head.treeSize,
    head.digest,
    timestamp(atUs),
    signed.head ?? null,
    signed.signature ?? null,
    sha256(certificate),
  ]);
  await session.query('update tree set head_number = $1, head_digest = $2, head_size = size', [
    head.number,
    head.digest,
  ]);
  return signed;
}

interface LockedTree {
  size: number;
  /** Never earlier than anything recorded before, whatever the clock does. */
  recordedAtUs: number;
}

async function lockTree(session: Session, atUs: number): Promise<LockedTree> {
  const [row] = await session.query('select size, recorded_at from tree for update');
  return { size: row?.size ?? 0, recordedAtUs: Math.max(atUs, row?.recorded_at ?? 0) };
}

async function addEntries(session: Session, tree: LockedTree, found: readonly NewEnvelopes[]): Promise<number> {
  if (found.length === 0) return 0;
  const ids = JSON.stringify(found.map(({ agentId }) => agentId));
  const known = await session.query(
    `select agent_id::text as agent_id, number, digest from tree_agents
     where agent_id in (select value::uuid from json_array_elements_text($1::json))`,
    [ids],
  );
  const before = new Map(known.map((row) => [row.agent_id, { number: row.number, digest: row.digest }]));
  const entries = found.flatMap((each) => makeEntries(each, before.get(each.agentId) ?? NO_ENTRIES, tree.recordedAtUs));
  const growing = new GrowingTree(tree.size, await readNodes(session, perfectParts(0, tree.size)));
  const nodes = entries.flatMap(({ digest }) => growing.append(digest));
  await session.query(
    `insert into tree_nodes select * from json_to_recordset($1::json) as r(level smallint, position bigint, hash bytea)`,
    [JSON.stringify(nodes.map((node) => ({ ...node, hash: bytea(node.hash) })))],
  );
  await storeEntries(session, entries, tree);
  await session.query('update tree set size = $1, recorded_at = $2', [growing.size, timestamp(tree.recordedAtUs)]);
  return entries.length;
}

async function storeEntries(session: Session, entries: readonly NewEntry[], tree: LockedTree): Promise<void> {
  const at = timestamp(tree.recordedAtUs);
  const rows = entries.map((entry, index) => ({
    leaf: tree.size + index,
    agent_id: entry.agentId,
    number: entry.number,
    recorded_at: at,
    first_event_at: entry.runs.length > 0 ? timestamp(entry.firstEventAtUs) : null,
    last_event_at: entry.runs.length > 0 ? timestamp(entry.lastEventAtUs) : null,
    entry: bytea(entry.bytes),
  }));
  await session.query(
    `insert into tree_entries select * from json_to_recordset($1::json) as r(leaf bigint, agent_id uuid, number bigint,
       recorded_at timestamptz, first_event_at timestamptz, last_event_at timestamptz, entry bytea)`,
    [JSON.stringify(rows)],
  );
  const runs = entries.flatMap(({ agentId, runs }, index) =>
    runs.map((run, place) => ({
      agent_id: agentId,
      stream_id: bytea(run.streamId ?? new Uint8Array()),
      first_sequence: run.firstSequence,
      last_sequence: run.lastSequence,
      leaf: tree.size + index,
      run: place,
    })),
  );
  await session.query(
    `insert into tree_runs select * from json_to_recordset($1::json) as r(agent_id uuid, stream_id bytea,
       first_sequence bigint, last_sequence bigint, leaf bigint, run integer)`,
    [JSON.stringify(runs)],
  );
  const newest = new Map(entries.map((entry) => [entry.agentId, entry]));
  const agents = Array.from(newest.values(), ({ agentId, number, digest, runs, continued }) => ({
    agent_id: agentId,
    number,
    digest: bytea(digest),
    recorded_at: at,
    idle: runs.length === 0,
    continued,
  }));
  await session.query(
    `insert into tree_agents select * from json_to_recordset($1::json) as r(agent_id uuid, number bigint, digest bytea,
       recorded_at timestamptz, idle boolean, continued boolean)
     on conflict (agent_id) do update set number = excluded.number, digest = excluded.digest,
       recorded_at = excluded.recorded_at, idle = excluded.idle, continued = excluded.continued`,
    [JSON.stringify(agents)],
  );
}

type NewStream = NewEnvelopes['streams'][number];

function groupByAgent(rows: readonly Row[]): NewEnvelopes[] {
  const agents = new Map<string, Map<string, NewStream>>();
  for (const row of rows) {
    if (row.sequence === null) continue;
    const streams = agents.get(row.agent_id) ?? new Map<string, NewStream>();
    agents.set(row.agent_id, streams);
    const name = bytea(row.stream_id);
    const stream: NewStream = streams.get(name) ?? { streamId: row.stream_id, envelopes: [] };
    streams.set(name, stream);
    stream.envelopes.push({
      sequence: row.sequence,
      headerDigest: row.header_digest,
      receivedAtUs: row.received_at,
      firstEventAtUs: row.first_event_at,
      lastEventAtUs: row.last_event_at,
    });
  }
  return Array.from(agents, ([agentId, streams]) => ({ agentId, streams: [...streams.values()] }));
}

/** How far each stream is in the tree now. The last one of a full part may go on. */
function reached(rows: readonly Row[]): { agent_id: string; stream_id: string; sequence: number }[] {
  const streams = new Map<string, { agent_id: string; stream_id: string; sequence: number }>();
  for (const row of rows) {
    const stream = bytea(row.stream_id);
    // What is not in `envelopes` any more has aged out before it could be recorded.
    const ends =
      rows.length < PART_ROWS_MAX || row.agent_id !== rows.at(-1)!.agent_id || stream !== bytea(rows.at(-1)!.stream_id);
    const sequence = ends ? row.newest : (row.sequence ?? row.newest);
    streams.set(`${row.agent_id} ${stream}`, { agent_id: row.agent_id, stream_id: stream, sequence });
  }
  return [...streams.values()];
}
