import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Loss, sha256 } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crc32c } from '../../agent/src/spool/crc32c.ts';
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../../agent/src/spool/record.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { may } from '../support/rights.ts';

let directory: string;
let losses: Loss[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tg-spool-'));
  losses = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const boot = (number: number) => Buffer.alloc(16, number);
const owner = (number: number) => Buffer.alloc(32, number);

function open(options: { bytesMax?: number; bootId?: Buffer; owner?: Buffer; formerOwner?: Buffer } = {}): Spool {
  return Spool.open({
    directory,
    bytesMax: options.bytesMax ?? 1 << 20,
    owner: options.owner ?? owner(1),
    ...(options.formerOwner && { formerOwner: options.formerOwner }),
    bootId: options.bootId ?? boot(1),
    nowUs: () => 42,
    lose: (loss) => losses.push(loss),
  });
}

function append(spool: Spool, text: string, events = 1, checkpoints?: string): boolean {
  const { streamId, sequence } = spool.position;
  const bytes = Buffer.from(text);
  return spool.append(
    { bytes, position: { streamId, sequence: sequence + 1, headerDigest: sha256(bytes) }, kemEpoch: 1 },
    { events, firstAtUs: 10, lastAtUs: 20 },
    checkpoints === undefined ? undefined : Buffer.from(checkpoints),
  );
}

function contents(spool: Spool): string[] {
  const texts: string[] = [];
  for (let number = spool.first; number < spool.end; number++) {
    const envelope = spool.read(number);
    if (envelope) texts.push(Buffer.from(envelope.bytes).toString());
  }
  return texts;
}

const checkpoints = (spool: Spool) => Buffer.from(spool.checkpoints).toString();
const segments = () =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.seg'))
    .sort();
const newest = () => join(directory, segments().at(-1)!);
const lost = (reason: string) =>
  losses.filter((loss) => loss.reason === reason).reduce((sum, loss) => sum + (loss.count ?? 0), 0);

test('CRC-32C gives the check value of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

describe('what is appended', () => {
  test('is there after a kill: the next run reads it and goes on with the same stream', () => {
    const killed = open();
    append(killed, 'one');
    append(killed, 'two');
    const { streamId, sequence, headerDigest } = killed.position;
    const spool = open();
    expect(contents(spool)).toEqual(['one', 'two']);
    expect(Buffer.from(spool.position.streamId)).toEqual(Buffer.from(streamId));
    expect(spool.position.sequence).toBe(sequence);
    expect(Buffer.from(spool.position.headerDigest)).toEqual(Buffer.from(headerDigest));
    expect(losses).toEqual([]);
  });

  test('goes when it is acknowledged, and the position stays though nothing is left', async () => {
    const first = open();
    for (let count = 0; count < 50; count++) append(first, `envelope ${count} ${'x'.repeat(20_000)}`);
    first.acknowledge(first.position.streamId, 50);
    expect(contents(first)).toEqual([]);
    expect(segments()).toHaveLength(1);
    const { position } = first;
    await first[Symbol.asyncDispose]();
    await using second = open();
    expect(second.position.sequence).toBe(50);
    expect(Buffer.from(second.position.headerDigest)).toEqual(Buffer.from(position.headerDigest));
  });

  test('is told to listeners at once', () => {
    const spool = open();
    let told = 0;
    const stop = spool.onAppend(() => told++);
    append(spool, 'one');
    stop();
    append(spool, 'two');
    expect(told).toBe(1);
  });
});

describe('an acknowledgement', () => {
  test('takes this sequence and all before it, and nothing of another stream', () => {
    const spool = open();
    append(spool, 'a1');
    append(spool, 'a2');
    const { streamId } = spool.position;
    spool.beginStream();
    append(spool, 'b1');
    spool.acknowledge(spool.position.streamId, 9);
    expect(contents(spool)).toEqual(['a1', 'a2', 'b1']);
    spool.acknowledge(streamId, 1);
    expect(contents(spool)).toEqual(['a2', 'b1']);
    spool.acknowledge(streamId, 2);
    expect(contents(spool)).toEqual(['b1']);
  });

  test('a refused envelope is counted with its events and leaves the others', () => {
    const spool = open();
    append(spool, 'one');
    append(spool, 'two', 7);
    append(spool, 'three');
    spool.refuse(spool.position.streamId, 2);
    spool.refuse(spool.position.streamId, 2);
    expect(contents(spool)).toEqual(['one', 'three']);
    expect(losses).toEqual([{ sensor: 'spool', reason: 'refused', count: 7, firstAtUs: 10, lastAtUs: 20 }]);
  });
});

describe('a full spool', () => {
  test('drops the oldest, counts its events, and stays within its bytes', () => {
    const bytesMax = 200_000;
    const spool = open({ bytesMax });
    for (let count = 1; count <= 100; count++) append(spool, `${count} ${'x'.repeat(5000)}`, 3);
    const kept = contents(spool).map((text) => Number(text.split(' ')[0]));
    expect(kept.at(-1)).toBe(100);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 101 - kept.length + index));
    expect(lost('spool_overflow')).toBe((100 - kept.length) * 3);
    const onDisk = segments().reduce((sum, name) => sum + readFileSync(join(directory, name)).length, 0);
    expect(onDisk).toBeLessThanOrEqual(bytesMax);
  });
});

describe.skipIf(!may('sys_admin'))('a full disk (needs the right to mount)', () => {
  test('costs the batch that found it full, counted, and the spool goes on when there is room again', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', directory]);
    const errors: Error[] = [];
    const spool = Spool.open({
      directory,
      bytesMax: 1 << 26,
      owner: owner(1),
      bootId: boot(1),
      nowUs: () => 42,
      lose: (loss) => losses.push(loss),
      onDiskError: (error) => errors.push(error),
    });
    try {
      while (append(spool, 'x'.repeat(20_000), 2));
      const kept = contents(spool).length;
      expect(kept).toBeGreaterThan(0);
      expect(lost('spool_overflow')).toBe(2);
      expect(errors).toMatchObject([{ code: 'ENOSPC' }]);
      // Nothing was written of the one that failed, and its sequence goes to the next one.
      expect(spool.position.sequence).toBe(kept);
      execFileSync('mount', ['-o', 'remount,size=1m', directory]);
      expect(append(spool, 'room again')).toBe(true);
      expect(spool.position.sequence).toBe(kept + 1);
      const again = open();
      expect(contents(again).at(-1)).toBe('room again');
      await again[Symbol.asyncDispose]();
      await spool[Symbol.asyncDispose]();
    } finally {
      execFileSync('umount', ['--lazy', directory]);
    }
  });
});

describe('damage', () => {
  test('an unfinished last record is cut off, counted, and the stream goes on after the last whole one', () => {
    const killed = open();
    append(killed, 'one');
    append(killed, 'two', 5);
    truncateSync(newest(), readFileSync(newest()).length - 1);
    const spool = open();
    expect(contents(spool)).toEqual(['one']);
    expect(lost('spool_damaged')).toBe(5);
    expect(spool.position.sequence).toBe(1);
    expect(Buffer.from(spool.position.streamId)).toEqual(Buffer.from(killed.position.streamId));
    append(spool, 'again');
    expect(contents(open())).toEqual(['one', 'again']);
  });

  test('a damaged record in the middle is skipped and counted', () => {
    const killed = open();
    append(killed, 'one');
    append(killed, 'two', 4);
    append(killed, 'three');
    const bytes = readFileSync(newest());
    bytes[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + 3 + RECORD_HEADER_BYTES]! ^= 1;
    writeFileSync(newest(), bytes);
    const spool = open();
    expect(contents(spool)).toEqual(['one', 'three']);
    expect(lost('spool_damaged')).toBe(4);
    expect(spool.position.sequence).toBe(3);
  });

  test('a damaged record header is skipped to the next one that can be believed', () => {
    const killed = open();
    for (const text of ['one', 'two', 'three']) append(killed, text);
    const bytes = readFileSync(newest());
    bytes[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + 3 + 12]! ^= 0xff;
    writeFileSync(newest(), bytes);
    expect(contents(open())).toEqual(['one', 'three']);
    expect(lost('spool_damaged')).toBe(1);
  });

  describe('is counted once, however often the agent starts', () => {
    const RECORD_BYTES = RECORD_HEADER_BYTES + 'one'.length;
    test.each([
      ['its envelope', RECORD_HEADER_BYTES, 4],
      ['its header', 12, 1],
    ])('%s', async (_what, at, events) => {
      const killed = open();
      append(killed, 'one');
      append(killed, 'two', 4, 'read up to two');
      append(killed, 'three', 1, 'read up to three');
      const { streamId } = killed.position;
      const bytes = readFileSync(newest());
      bytes[SEGMENT_HEADER_BYTES + RECORD_BYTES + at]! ^= 1;
      writeFileSync(newest(), bytes);
      for (let start = 0; start < 3; start++) {
        const spool = open();
        expect([contents(spool), checkpoints(spool)]).toEqual([['one', 'three'], 'read up to three']);
        expect([spool.position.sequence, Buffer.from(spool.position.streamId)]).toEqual([3, Buffer.from(streamId)]);
      }
      expect(lost('spool_damaged')).toBe(events);
    });
  });

  test('a refused envelope that waits for others to go is not offered again after a restart, nor counted', () => {
    const killed = open();
    for (const text of ['one', 'two', 'three']) append(killed, text, 2, `read up to ${text}`);
    killed.refuse(killed.position.streamId, 3);
    const spool = open();
    expect([contents(spool), checkpoints(spool)]).toEqual([['one', 'two'], 'read up to three']);
    expect(spool.position.sequence).toBe(3);
    expect(lost('refused')).toBe(2);
  });

  test('garbage at the end may hide a sent record: a new stream begins, so that no sequence is given twice', () => {
    const killed = open();
    append(killed, 'one');
    appendFileSync(newest(), Buffer.alloc(500, 7));
    const spool = open();
    expect(contents(spool)).toEqual(['one']);
    expect(spool.position.sequence).toBe(0);
    expect(Buffer.compare(spool.position.streamId, killed.position.streamId)).not.toBe(0);
  });

  test('damage that shows only when it is read is counted, and the rest is still there', () => {
    const spool = open();
    append(spool, 'one');
    append(spool, 'two');
    const bytes = readFileSync(newest());
    bytes[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES]! ^= 1;
    writeFileSync(newest(), bytes);
    expect(contents(spool)).toEqual(['two']);
    expect(lost('spool_damaged')).toBe(1);
  });

  test('a segment whose header is damaged is removed and its events are counted', () => {
    const killed = open();
    append(killed, 'one', 3);
    const bytes = readFileSync(newest());
    bytes[9]! ^= 1;
    writeFileSync(newest(), bytes);
    const spool = open();
    expect(contents(spool)).toEqual([]);
    expect(lost('spool_damaged')).toBe(3);
    expect(spool.position.sequence).toBe(0);
  });
});

describe('checkpoints', () => {
  test('are written with an envelope and found after a kill; one without them leaves them as they were', () => {
    const killed = open();
    expect(checkpoints(killed)).toBe('');
    append(killed, 'one', 1, 'at 1');
    append(killed, 'two', 1, 'at 2');
    append(killed, 'three');
    const spool = open();
    expect(checkpoints(spool)).toBe('at 2');
    expect(contents(spool)).toEqual(['one', 'two', 'three']);
  });

  test('outlive the segment of their envelope: rotations, acknowledgement of everything, a clean end', async () => {
    const bytesMax = 32_000;
    const killed = open({ bytesMax });
    for (let count = 1; count <= 50; count++) {
      append(killed, 'x'.repeat(1500), 1, `at ${count}`);
      killed.acknowledge(killed.position.streamId, count);
      expect(segments()).toHaveLength(1);
      expect(checkpoints(open({ bytesMax }))).toBe(`at ${count}`);
    }
    const { position } = killed;
    expect(position.sequence).toBe(50);
    const again = open({ bytesMax });
    expect(again.position.sequence).toBe(50);
    again.acknowledge(again.position.streamId, 50);
    await again[Symbol.asyncDispose]();
    await using last = open({ bytesMax });
    expect([checkpoints(last), last.first, last.end]).toEqual(['at 50', 0, 0]);
    expect(Buffer.from(last.position.headerDigest)).toEqual(Buffer.from(position.headerDigest));
    expect(losses).toEqual([]);
  });

  test('outlive the envelopes that a full spool drops', () => {
    const spool = open({ bytesMax: 64_000 });
    append(spool, 'first', 1, 'here');
    for (let count = 0; count < 100; count++) append(spool, 'x'.repeat(2000));
    expect(contents(spool)).not.toContain('first');
    expect(checkpoints(open({ bytesMax: 64_000 }))).toBe('here');
  });

  test.each([
    ['the end is torn', (bytes: Buffer) => bytes.subarray(0, -1), 'at 1'],
    ['the end is torn before them', (bytes: Buffer) => bytes.subarray(0, -4), 'at 1'],
    ['garbage follows', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(500, 7)]), 'at 2'],
    ['the segment header is damaged', (bytes: Buffer) => bytes.fill(0, 8, 12), 'at 2'],
  ])('are the newest whole ones where %s', (_what, damage, expected) => {
    const killed = open();
    append(killed, 'one', 1, 'at 1');
    append(killed, 'two', 1, 'at 2');
    writeFileSync(newest(), damage(readFileSync(newest())));
    expect(checkpoints(open())).toBe(expected);
    expect(checkpoints(open())).toBe(expected);
  });

  test('that are damaged cost the record they belong to, and those of one without an envelope cost no event', () => {
    const killed = open();
    append(killed, 'one', 1, 'at 1');
    killed.beginStream();
    append(killed, 'two', 3, 'at 2');
    const bytes = readFileSync(newest());
    bytes[SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES]! ^= 1;
    writeFileSync(newest(), bytes);
    const carriedLost = open();
    expect([contents(carriedLost), checkpoints(carriedLost), losses]).toEqual([['one', 'two'], 'at 2', []]);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(newest(), bytes);
    const bothLost = open();
    expect([contents(bothLost), checkpoints(bothLost), lost('spool_damaged')]).toEqual([['one'], 'at 1', 3]);
  });

  test('survive a power cut and another key', () => {
    append(open(), 'one', 1, 'at 1');
    expect(checkpoints(open({ bootId: boot(2) }))).toBe('at 1');
    expect(checkpoints(open({ bootId: boot(2), owner: owner(2) }))).toBe('at 1');
  });
});

describe('a spool of the format before checkpoints', () => {
  test('is opened, its records counted as damage, and left for a new stream', () => {
    const killed = open();
    append(killed, 'one');
    const bytes = readFileSync(newest());
    bytes.write('TGR1', SEGMENT_HEADER_BYTES);
    writeFileSync(newest(), bytes);
    const spool = open();
    expect(contents(spool)).toEqual([]);
    expect(lost('spool_damaged')).toBe(1);
    expect(Buffer.compare(spool.position.streamId, killed.position.streamId)).not.toBe(0);
    expect(append(spool, 'new', 1, 'at 1')).toBe(true);
    expect(contents(open())).toEqual(['new']);
  });
});

describe('the stream', () => {
  test.each([
    ['the same boot', 1, true],
    ['another boot after a clean end', 2, true],
    ['another boot after a kill', 2, false],
  ])('goes on in a spool that an earlier version gave the same owner by another name: %s', async (_, bootId, clean) => {
    const former = open({ owner: owner(9) });
    append(former, 'sealed before');
    const { streamId } = former.position;
    if (clean) await former[Symbol.asyncDispose]();
    const spool = open({ owner: owner(1), formerOwner: owner(9), bootId: boot(bootId) });
    expect(contents(spool)).toEqual(['sealed before']);
    expect(Buffer.compare(spool.position.streamId, streamId) === 0).toBe(clean);
    expect(spool.position.sequence).toBe(clean ? 1 : 0);
    const position = Buffer.from(spool.position.streamId);
    // Taken over for good: the key of then may be replaced before the next start.
    await spool[Symbol.asyncDispose]();
    expect(Buffer.from(open({ bootId: boot(bootId) }).position.streamId)).toEqual(position);
  });

  test('goes on over a reboot after a clean end', async () => {
    const first = open();
    append(first, 'one');
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await using second = open({ bootId: boot(2) });
    expect(second.position.sequence).toBe(1);
    expect(Buffer.from(second.position.streamId)).toEqual(Buffer.from(first.position.streamId));
    expect(existsSync(join(directory, 'clean'))).toBe(false);
  });

  test('is a new one after a power cut, and what was spooled still goes out under the old one', () => {
    const cut = open();
    append(cut, 'one');
    const spool = open({ bootId: boot(2) });
    expect(spool.position.sequence).toBe(0);
    expect(Buffer.from(spool.oldestStreamId)).toEqual(Buffer.from(cut.position.streamId));
    expect(contents(spool)).toEqual(['one']);
  });

  test('is a new one for another key', () => {
    append(open(), 'one');
    expect(open({ owner: owner(2) }).position.sequence).toBe(0);
  });
});
