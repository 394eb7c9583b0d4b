import { DIGEST_BYTES } from '../envelope/index.ts';
import { type BundleEntry, TreeEntry } from '../v1.ts';
import { leafHash } from './merkle.ts';
import { type CheckedRun, checkRun } from './run-check.ts';

/** A TreeEntry whose fields have the right form, with its place in the tree. */
export interface CheckedEntry {
  agentId: string;
  number: number;
  index: number;
  /** The leaf hash. */
  digest: Uint8Array;
  previousDigest: Uint8Array;
  recordedAtUs: number;
  runs: CheckedRun[];
  boundary: boolean;
  /** More that was there at this time is in the next entry. */
  continued: boolean;
}

/** Undefined where it is no entry. */
export function checkEntry(stated: BundleEntry): CheckedEntry | undefined {
  const bytes = stated.entry ?? new Uint8Array();
  let entry: TreeEntry;
  try {
    entry = TreeEntry.decode(bytes);
  } catch {
    return undefined;
  }
  const { previousDigest } = entry;
  const [number, recordedAtUs, index] = [entry.number ?? 0, entry.recordedAtUs ?? 0, stated.index ?? 0];
  const runs = (entry.runs ?? []).flatMap((run) => checkRun(run) ?? []);
  const wellFormed =
    entry.agentId !== '' &&
    [number, recordedAtUs, index].every((count) => Number.isSafeInteger(count) && count >= 0) &&
    number >= 1 &&
    previousDigest?.length === DIGEST_BYTES &&
    runs.length === (entry.runs ?? []).length;
  if (!wellFormed) return undefined;
  const boundary = stated.boundary ?? false;
  return {
    agentId: entry.agentId ?? '',
    number,
    index,
    digest: leafHash(bytes),
    previousDigest: previousDigest!,
    recordedAtUs,
    runs,
    boundary,
    continued: entry.continued ?? false,
  };
}
