// The heavy half of an import, without effects: the thread (intel-thread.ts) does it, so that no envelope waits for it.
import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { buildIndex, type SourceRecords } from './build-index.ts';
import type { FeedRefusal } from './feed-report.ts';
import type { Indicator } from './indicator.ts';
import { KeyWriter } from './indicator-key.ts';
import { type IndexBuffers, IntelIndex } from './intel-index.ts';
import { keyOf, RecordWriter, readFlags, readRecords } from './packed-records.ts';
import { type FeedFormat, type FeedOptions, readFeed } from './read-feed.ts';

export interface ReadJob {
  bytes: Uint8Array;
  options: FeedOptions;
  source: string;
  /** What stands in the index now. */
  index: IndexBuffers;
  /** What the source said before, where the feed adds to it; nothing where it replaces it. Compressed. */
  before: readonly Uint8Array[];
  nowUs: number;
  /** For indicators that have no end of their own; none where undefined. */
  endsAtUs: number | undefined;
}

export interface ReadResult {
  format: FeedFormat;
  /** Of the source from now on. Compressed. */
  chunks: Uint8Array[];
  count: number;
  counts: ImportCounts;
  refusals: FeedRefusal[];
  /** Values that no source had said before: stored events have not been held against them. Compressed. */
  fresh: Uint8Array[];
  freshCount: number;
}

export interface ImportCounts {
  /** Entries of the feed that were understood; some may say the same. */
  taken: number;
  added: number;
  /** Said before as well. */
  known: number;
  /** Said before, and no more. */
  removed: number;
  /** Understood, but past their end. */
  ended: number;
  /** MD5 and SHA-1: events have SHA-256 alone. */
  unseen: number;
}

/** Throws FeedError. */
export function readSource(job: ReadJob): ReadResult {
  const { source, nowUs } = job;
  const bySaying = new Map<string, Indicator>();
  const { format, taken, refusals } = readFeed(job.bytes, job.options, (indicator) => {
    bySaying.set(`${indicator.side} ${indicator.kind} ${indicator.value}`, indicator);
  });
  const index = new IntelIndex(job.index);
  const counts: ImportCounts = { taken, added: 0, known: 0, removed: 0, ended: 0, unseen: 0 };
  const records = new RecordWriter();
  const fresh = new RecordWriter();
  for (const indicator of bySaying.values()) {
    const entry = index.findValue(indicator);
    const before = entry < 0 ? undefined : index.claims(entry).find((claim) => claim.source === source);
    if (indicator.revoked) {
      if (before) counts.removed++;
      continue;
    }
    const ending = { ...indicator, untilUs: indicator.untilUs ?? job.endsAtUs };
    if (ending.untilUs !== undefined && ending.untilUs <= nowUs) {
      counts.ended++;
      continue;
    }
    const sinceUs = indicator.sinceUs ?? before?.sinceUs ?? nowUs;
    if (!records.add(ending, sinceUs)) continue;
    if (before) counts.known++;
    else counts.added++;
    if (indicator.kind === 'md5' || indicator.kind === 'sha1') counts.unseen++;
    else if (entry < 0) fresh.add(ending, sinceUs);
  }
  keepBefore(job, bySaying, records);
  if (job.before.length === 0) counts.removed = countOf(index, source) - counts.known;
  return {
    format,
    chunks: compress(records.finish()),
    count: records.count,
    counts: { ...counts, removed: Math.max(0, counts.removed) },
    refusals,
    fresh: compress(fresh.finish()),
    freshCount: fresh.count,
  };
}

/** What the source said before and the feed does not speak of. */
function keepBefore({ before, nowUs }: ReadJob, said: ReadonlyMap<string, Indicator>, records: RecordWriter): void {
  const keys = new Set<string>();
  const writer = new KeyWriter();
  const nameOf = (key: Uint8Array, side: string) => `${side} ${Buffer.from(key).toString('latin1')}`;
  if (before.length === 0) return;
  for (const indicator of said.values()) {
    if (writer.write(indicator)) keys.add(nameOf(writer.bytes.subarray(0, writer.length), indicator.side));
  }
  for (const record of readRecords(before.map(decompress))) {
    const { side } = readFlags(record.chunk[record.start + 4]!);
    const until = new DataView(record.chunk.buffer, record.chunk.byteOffset).getUint32(record.start + 10);
    const hasEnded = until !== 0 && until * 1e6 <= nowUs;
    if (!hasEnded && !keys.has(nameOf(keyOf(record), side))) records.copy(record);
  }
}

function countOf(index: IntelIndex, source: string): number {
  let count = 0;
  for (const entry of index.entriesFrom(0)) if (index.claims(entry).some((claim) => claim.source === source)) count++;
  return count;
}

export interface BuildJob {
  /** Chunks are compressed. */
  sources: readonly SourceRecords[];
  nowUs: number;
  withdrawn: readonly Withdrawn[];
}

/** A value that a person took out, of one source or of all. */
export interface Withdrawn {
  key: Uint8Array;
  /** 0 for all. */
  source: number;
}

export function buildSources(job: BuildJob): IndexBuffers {
  const buffers = buildWanted(job);
  const digest = createHash('sha256');
  for (const part of [buffers.entries, buffers.labels])
    digest.update(new Uint8Array(part)).update(`;${part.byteLength};`);
  const out = job.withdrawn.map(({ key, ...about }) => ({ ...about, key: Buffer.from(key).toString('hex') }));
  digest.update(JSON.stringify([buffers.sources, out]));
  return { ...buffers, digest: digest.digest('base64url') };
}

function buildWanted({ sources, nowUs, withdrawn }: BuildJob): IndexBuffers {
  const unpacked = sources.map((source) => ({ ...source, chunks: source.chunks.map(decompress) }));
  const out = new Set(withdrawn.map(({ key, source }) => `${source} ${Buffer.from(key).toString('latin1')}`));
  if (out.size === 0) return buildIndex(unpacked, nowUs);
  return buildIndex(unpacked, nowUs, (key, source) => {
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
    return out.has(`0 ${name}`) || out.has(`${source} ${name}`);
  });
}

function compress(chunks: readonly Uint8Array[]): Uint8Array[] {
  return chunks.map((chunk) => Uint8Array.from(zstdCompressSync(chunk)));
}

/** Chunks are ours, and no larger than what the writer of records makes. */
function decompress(chunk: Uint8Array): Uint8Array {
  return zstdDecompressSync(chunk, { maxOutputLength: CHUNK_BYTES_MAX });
}

const CHUNK_BYTES_MAX = 2 * 1024 * 1024;
