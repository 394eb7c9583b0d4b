// The spool against a plain array: whatever is appended, acknowledged, torn, corrupted and reopened in whatever order,
// it holds what the array holds, or says how many it lost.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@threatguard/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../../agent/src/spool/record.ts';
import { Spool } from '../../agent/src/spool/spool.ts';

interface Kept {
  stream: string;
  sequence: number;
  text: string;
}

/** An envelope appended, and the checkpoints that went with it. */
interface Appended {
  name: string;
  checkpoints: string;
}

/** What the spool should be. */
interface Model {
  kept: Kept[];
  lost: number;
  given: Set<string>;
  appended: Appended[];
}

interface Real {
  directory: string;
  spool: Spool;
  lost: number;
}

const FIRST_RECORD_BYTES = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function open(real: Omit<Real, 'spool'>): Spool {
  return Spool.open({
    directory: real.directory,
    bytesMax: 64 * 1024,
    owner: Buffer.alloc(32, 1),
    bootId: Buffer.alloc(16, 1),
    nowUs: () => 1,
    lose: ({ count }) => {
      real.lost += count ?? 0;
    },
  });
}

function contents(spool: Spool): Kept[] {
  const found: Kept[] = [];
  for (let number = spool.first; number < spool.end; number++) {
    const envelope = spool.read(number);
    if (!envelope) continue;
    const { streamId, sequence, bytes } = envelope;
    found.push({ stream: hex(streamId), sequence, text: Buffer.from(bytes).toString('latin1') });
  }
  return found;
}

/** The spool holds the end of what the model holds: only the oldest may have gone, and each is counted. */
function agree(model: Model, real: Real): void {
  const found = contents(real.spool);
  const overflowed = model.kept.length - found.length;
  expect(overflowed).toBeGreaterThanOrEqual(0);
  expect(found).toEqual(model.kept.slice(overflowed));
  model.kept = found;
  model.lost += overflowed;
  expect(real.lost).toBe(model.lost);
  expect(Buffer.from(real.spool.checkpoints).toString('latin1')).toBe(model.appended.at(-1)?.checkpoints ?? '');
}

const newestPath = ({ directory }: Real) =>
  join(
    directory,
    readdirSync(directory)
      .filter((name) => name.endsWith('.seg'))
      .sort()
      .at(-1)!,
  );

const append = fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.nat(255), fc.nat(300)).map(([length, fill, marks]) => ({
  check: () => true,
  run(model: Model, real: Real) {
    const bytes = Buffer.alloc(length, fill);
    const { streamId, sequence } = real.spool.position;
    const headerDigest = sha256(bytes);
    const name = `${hex(streamId)} ${sequence + 1}`;
    // No sequence of a stream is ever given to two envelopes.
    expect(model.given.has(name)).toBe(false);
    const facts = { events: 1, firstAtUs: 1, lastAtUs: 2 };
    const checkpoints = Buffer.alloc(marks, 255 - fill);
    const position = { streamId, sequence: sequence + 1, headerDigest };
    expect(real.spool.append({ bytes, position, kemEpoch: 1 }, facts, checkpoints)).toBe(true);
    model.appended.push({ name, checkpoints: checkpoints.toString('latin1') });
    model.given.add(name);
    model.kept.push({ stream: hex(streamId), sequence: sequence + 1, text: bytes.toString('latin1') });
    agree(model, real);
  },
  toString: () => `append ${length} bytes`,
}));

const acknowledge = fc.nat(20).map((count) => ({
  check: (model: Model) => model.kept.length > 0,
  run(model: Model, real: Real) {
    const upTo = model.kept[Math.min(count, model.kept.length - 1)]!;
    const stream = Buffer.from(upTo.stream, 'hex');
    const oldest = model.kept[0]!.stream;
    real.spool.acknowledge(stream, upTo.sequence);
    // An acknowledgement of a newer stream says nothing of the older one before it.
    if (upTo.stream === oldest) {
      model.kept = model.kept.filter(({ stream: each, sequence }) => each !== oldest || sequence > upTo.sequence);
    }
    agree(model, real);
  },
  toString: () => `acknowledge ${count}`,
}));

/** A kill, then a start; what is acknowledged but still in a segment may come again. */
const reopen = fc.constant({
  check: () => true,
  run(model: Model, real: Real) {
    const before = model.kept;
    real.spool = open(real);
    const found = contents(real.spool);
    expect(found.slice(found.length - before.length)).toEqual(before);
    model.kept = found;
    agree(model, real);
  },
  toString: () => 'kill and reopen',
});

/** A kill in the middle of a write: the newest record is unfinished. */
const tear = fc.nat(3500).map((cut) => ({
  check: (model: Model) => model.kept.length > 0,
  run(model: Model, real: Real) {
    const path = newestPath(real);
    const newest = model.kept.at(-1)!;
    const size = readFileSync(path).length;
    const recordBytes = RECORD_HEADER_BYTES + newest.text.length + real.spool.checkpoints.length;
    const inNewest = size >= recordBytes && real.spool.position.sequence === newest.sequence;
    if (!inNewest || hex(real.spool.position.streamId) !== newest.stream) return;
    truncateSync(path, size - 1 - (cut % recordBytes));
    real.spool = open(real);
    // Cut exactly at its beginning nothing of the record is left to count.
    const found = contents(real.spool);
    if (cut % recordBytes !== recordBytes - 1) model.lost++;
    model.given.delete(`${newest.stream} ${newest.sequence}`);
    model.appended = model.appended.filter(({ name }) => name !== `${newest.stream} ${newest.sequence}`);
    expect(found.at(-1)).not.toEqual(newest);
    model.kept = found;
    agree(model, real);
  },
  toString: () => `tear ${cut}`,
}));

test('append, acknowledge, kill and torn writes agree with a plain array', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tg-spool-model-'));
  let run = 0;
  try {
    fc.assert(
      fc.property(fc.commands([append, append, acknowledge, reopen, tear], { maxCommands: 40 }), (commands) => {
        fc.modelRun(() => {
          const place = { directory: join(directory, String(run++)), lost: 0 };
          const real = Object.assign(place, { spool: open(place) });
          return { model: { kept: [], lost: 0, given: new Set<string>(), appended: [] }, real };
        }, commands);
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('one altered byte anywhere costs at most the record it lies in, and never a wrong one', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tg-spool-flip-'));
  const place = { directory: join(directory, 'whole'), lost: 0 };
  const spool = open(place);
  const checkpoints = [''];
  for (let count = 1; count <= 8; count++) {
    // The fifth begins a segment, with the checkpoints of the fourth carried over.
    if (count === 5) spool.beginStream();
    const { streamId, sequence } = spool.position;
    const bytes = Buffer.from(`envelope ${count} `.repeat(count));
    const position = { streamId, sequence: sequence + 1, headerDigest: sha256(bytes) };
    checkpoints.push(`read up to ${count} `.repeat(9 - count));
    spool.append(
      { bytes, position, kemEpoch: 1 },
      { events: 1, firstAtUs: 1, lastAtUs: 2 },
      Buffer.from(checkpoints[count]!),
    );
  }
  const whole = contents(spool);
  const names = readdirSync(place.directory).sort();
  expect(names).toHaveLength(2);
  const sizes = names.map((name) => readFileSync(join(place.directory, name)).length);
  let run = 0;
  try {
    fc.assert(
      fc.property(fc.nat(1), fc.nat(1_000_000), fc.integer({ min: 1, max: 255 }), (which, at, mask) => {
        const offset = at % sizes[which]!;
        const damaged = { directory: join(directory, `damaged-${run++}`), lost: 0 };
        mkdirSync(damaged.directory);
        for (const name of names) copyFileSync(join(place.directory, name), join(damaged.directory, name));
        const path = join(damaged.directory, names[which]!);
        const bytes = readFileSync(path);
        bytes[offset]! ^= mask;
        writeFileSync(path, bytes);
        const opened = open(damaged);
        const found = contents(opened);
        for (const each of found) expect(whole).toContainEqual(each);
        // Nobody can say of an unreadable record header that there was no envelope behind it.
        const inCarried = which === 1 && offset >= SEGMENT_HEADER_BYTES && offset < FIRST_RECORD_BYTES;
        expect(found.length + damaged.lost).toBe(whole.length + (inCarried ? 1 : 0));
        // Of the newest whole record, and that is the eighth or the one before.
        const readTo = checkpoints.indexOf(Buffer.from(opened.checkpoints).toString());
        expect(readTo).toBeGreaterThanOrEqual(7);
        expect(readTo === 8 || found.length < whole.length).toBe(true);
      }),
      { numRuns: 300 },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('any bytes as a segment file are opened without an error', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tg-spool-bytes-'));
  let run = 0;
  try {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const place = { directory: join(directory, String(run++)), lost: 0 };
        mkdirSync(place.directory);
        writeFileSync(join(place.directory, '000000000001.seg'), bytes);
        writeFileSync(join(place.directory, 'clean'), bytes);
        expect(contents(open(place))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
