// Envelopes that came since, made into entries of the tree. Pure: what the store reads goes in, what it adds comes out.
import { NO_PREVIOUS_DIGEST, TreeEntry, type TreeRun } from '@threatguard/proto';
import { leafHash, RUN_ENVELOPES_MAX, rootOf } from '@threatguard/proto/evidence';
import { dayOf } from './retention.ts';

/** Runs of one entry; an agent whose sequences are full of holes gets several. */
const ENTRY_RUNS_MAX = 256;

interface RecordedEnvelope {
  sequence: number;
  headerDigest: Uint8Array;
  receivedAtUs: number;
  firstEventAtUs: number;
  lastEventAtUs: number;
}

/** What one agent sent since, by stream; envelopes of a stream in order. */
export interface NewEnvelopes {
  agentId: string;
  /** There may be more that was not read yet. */
  more?: boolean;
  streams: { streamId: Uint8Array; envelopes: RecordedEnvelope[] }[];
}

/** Where an agent's entries stand. */
export interface AgentEntries {
  number: number;
  digest: Uint8Array;
}

export const NO_ENTRIES: AgentEntries = { number: 0, digest: NO_PREVIOUS_DIGEST };

export interface NewEntry {
  agentId: string;
  number: number;
  /** Leaf hash. */
  digest: Uint8Array;
  bytes: Uint8Array;
  runs: TreeRun[];
  /** More of what was there is in the next entry. */
  continued: boolean;
  /** 0 where nothing had come. */
  firstEventAtUs: number;
  lastEventAtUs: number;
}

/** At least one entry; an idle one where nothing had come. */
export function makeEntries(found: NewEnvelopes, before: AgentEntries, recordedAtUs: number): NewEntry[] {
  const runs = found.streams.flatMap(({ streamId, envelopes }) =>
    splitRuns(envelopes).map((part) => ({ run: makeRun(streamId, part), part })),
  );
  const entries: NewEntry[] = [];
  let { number, digest } = before;
  for (let at = 0; at < Math.max(1, runs.length); at += ENTRY_RUNS_MAX) {
    const taken = runs.slice(at, at + ENTRY_RUNS_MAX);
    number++;
    const continued = at + ENTRY_RUNS_MAX < runs.length || (found.more ?? false);
    const bytes = TreeEntry.encode({
      agentId: found.agentId,
      number,
      previousDigest: digest,
      recordedAtUs,
      runs: taken.map(({ run }) => run),
      ...(continued ? { continued } : {}),
    }).finish();
    digest = leafHash(bytes);
    const envelopes = taken.flatMap(({ part }) => part);
    entries.push({
      agentId: found.agentId,
      number,
      digest,
      bytes,
      runs: taken.map(({ run }) => run),
      continued,
      firstEventAtUs: envelopes.reduce(
        (min, each) => Math.min(min, each.firstEventAtUs),
        envelopes[0]?.firstEventAtUs ?? 0,
      ),
      lastEventAtUs: envelopes.reduce((max, each) => Math.max(max, each.lastEventAtUs), 0),
    });
  }
  return entries;
}

function makeRun(streamId: Uint8Array, envelopes: readonly RecordedEnvelope[]): TreeRun {
  const last = envelopes.at(-1)!;
  return {
    streamId,
    firstSequence: envelopes[0]!.sequence,
    lastSequence: last.sequence,
    root: rootOf(envelopes.map(({ headerDigest }) => leafHash(headerDigest))),
    lastHeaderDigest: last.headerDigest,
    lastReceivedAtUs: envelopes.reduce((max, each) => Math.max(max, each.receivedAtUs), 0),
  };
}

/** Without a gap, and of one day each: days are what retention removes, so a run is there whole or not at all. */
function splitRuns(envelopes: readonly RecordedEnvelope[]): RecordedEnvelope[][] {
  const runs: RecordedEnvelope[][] = [];
  for (const envelope of envelopes) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const goesOn =
      run !== undefined &&
      last !== undefined &&
      last.sequence + 1 === envelope.sequence &&
      dayOf(last.receivedAtUs) === dayOf(envelope.receivedAtUs) &&
      run.length < RUN_ENVELOPES_MAX;
    if (goesOn) run.push(envelope);
    else runs.push([envelope]);
  }
  return runs;
}
