import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { followRig, numbered } from '../support/follow-rig.ts';

const rig = followRig();

/** As gzip(1), zstd(1) and xz(1) do: the packed file has the time of the plain one, which goes. */
function pack(path: string, form: 'gz' | 'zst' | 'xz'): void {
  const { atime, mtime } = statSync(path);
  const text = readFileSync(path);
  const packed =
    form === 'gz'
      ? gzipSync(text)
      : form === 'zst'
        ? zstdCompressSync(text)
        : execFileSync('/usr/bin/xz', ['-c'], { input: text });
  writeFileSync(`${path}.${form}`, packed);
  utimesSync(`${path}.${form}`, atime, mtime);
  unlinkSync(path);
}

/** Reads lines 0 and 1, stops, and lets the log grow to line 3. */
async function readTwoOfFour(): Promise<void> {
  writeFileSync(rig.log, '');
  const first = await rig.follow();
  rig.write(0, 2);
  await rig.seen(numbered(0, 2));
  await first.stop();
  rig.write(2, 4);
}

describe('a log that was rotated and packed while nobody read it', () => {
  it.each(['gz', 'zst'] as const)('.%s: the rest of it is read, then the new one', async (form) => {
    await readTwoOfFour();
    renameSync(rig.log, `${rig.log}.1`);
    pack(`${rig.log}.1`, form);
    rig.write(4, 6);
    await rig.follow();
    await rig.seen(numbered(0, 6));
    expect(rig.losses).toEqual([]);
    expect(readdirSync(join(rig.directory, 'state'))).toEqual(['cursor.json']);
  });

  it('several times: each rotation in between is read, packed or not', async () => {
    await readTwoOfFour();
    renameSync(rig.log, `${rig.log}.3`);
    rig.write(4, 6);
    renameSync(rig.log, `${rig.log}.2`);
    rig.write(6, 8);
    renameSync(rig.log, `${rig.log}.1`);
    rig.write(8, 9);
    pack(`${rig.log}.3`, 'gz');
    pack(`${rig.log}.2`, 'zst');
    await rig.follow();
    await rig.seen(numbered(0, 9));
    expect(rig.losses).toEqual([]);
  });

  it('more than fits a chunk: only what is missing is read', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 20_000);
    await vi.waitFor(() => expect(rig.lines.length).toBe(20_000), { timeout: 8000 });
    await first.stop();
    rig.lines = [];
    rig.write(20_000, 50_000);
    renameSync(rig.log, `${rig.log}.1`);
    pack(`${rig.log}.1`, 'gz');
    writeFileSync(rig.log, '');
    await rig.follow();
    await vi.waitFor(() => expect(rig.lines.length).toBe(30_000), { timeout: 8000 });
    expect(rig.lines[0]).toBe('line 20000');
    expect(rig.lines.at(-1)).toBe('line 49999');
  });

  it('nothing is read twice where all of it had been read', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    await first.stop();
    renameSync(rig.log, `${rig.log}.1`);
    pack(`${rig.log}.1`, 'gz');
    rig.write(2, 3);
    await rig.follow();
    await rig.seen(numbered(0, 3));
    expect(rig.losses).toEqual([]);
  });

  it('while logrotate packs, plain and packed stand side by side: read once', async () => {
    await readTwoOfFour();
    renameSync(rig.log, `${rig.log}.1`);
    writeFileSync(`${rig.log}.1.gz`, gzipSync(readFileSync(`${rig.log}.1`)).subarray(0, 15));
    rig.write(4, 5);
    await rig.follow();
    await rig.seen(numbered(0, 5));
    expect(rig.losses).toEqual([]);
  });

  it.skipIf(!existsSync('/usr/bin/xz'))('.xz, which Node cannot read: counted once (needs xz)', async () => {
    await readTwoOfFour();
    renameSync(rig.log, `${rig.log}.1`);
    pack(`${rig.log}.1`, 'xz');
    rig.write(4, 5);
    await rig.follow();
    await rig.seen([...numbered(0, 2), 'line 4']);
    expect(rig.losses.map(({ reason }) => reason)).toEqual(['rotation_skipped']);
  });

  it('damaged: what is readable is read, and the gap counted', async () => {
    await readTwoOfFour();
    rig.write(4, 3000);
    renameSync(rig.log, `${rig.log}.1`);
    pack(`${rig.log}.1`, 'gz');
    const bytes = statSync(`${rig.log}.1.gz`).size;
    truncateSync(`${rig.log}.1.gz`, Math.floor(bytes / 2));
    rig.write(3000, 3001);
    await rig.follow();
    await vi.waitFor(() => expect(rig.lines.at(-1)).toBe('line 3000'), { timeout: 8000 });
    expect(rig.lines.slice(0, 10)).toEqual(numbered(0, 10));
    expect(rig.losses.map(({ reason }) => reason)).toEqual(['rotation_skipped']);
  });

  it('and a restart in the middle of the packed part goes on there', async () => {
    await readTwoOfFour();
    renameSync(rig.log, `${rig.log}.1`);
    pack(`${rig.log}.1`, 'gz');
    writeFileSync(rig.log, '');
    const second = await rig.follow();
    await rig.seen(numbered(0, 4));
    await second.stop();
    rig.write(4, 5);
    await rig.follow();
    await rig.seen(numbered(0, 5));
    expect(rig.losses).toEqual([]);
  });
});

describe('a log in a bad way', () => {
  it('a hole left by a writer that kept its place over a truncation costs no line', async () => {
    const descriptor = openSync(rig.log, 'w');
    await rig.follow();
    writeSync(descriptor, 'line 0\n');
    await rig.seen(['line 0']);
    copyFileSync(rig.log, `${rig.log}.1`);
    truncateSync(rig.log, 0);
    writeSync(descriptor, 'line 1\n', 3 * 1024 * 1024);
    await rig.seen(numbered(0, 2));
    writeSync(descriptor, 'line 2\n', 3 * 1024 * 1024 + 7);
    await rig.seen(numbered(0, 3));
    closeSync(descriptor);
    expect(rig.losses).toEqual([]);
  });

  it('one that cannot be opened for a while is said, and read on where it was when it can', async () => {
    writeFileSync(rig.log, '');
    const follower = await rig.follow();
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    renameSync(rig.log, `${rig.log}.1`);
    symlinkSync(rig.log, rig.log); // ELOOP: fails for root too
    await vi.waitFor(() => expect(follower.problem).toContain('ELOOP'), { timeout: 4000 });
    unlinkSync(rig.log);
    rig.write(2, 4);
    await rig.seen(numbered(0, 4));
    await vi.waitFor(() => expect(follower.problem).toBe(''), { timeout: 4000 });
  });

  it('a directory that comes later is waited for', async () => {
    rig.log = join(rig.directory, 'later/auth.log');
    const follower = await rig.follow();
    expect(follower.problem).not.toBe('');
    mkdirSync(join(rig.directory, 'later'));
    rig.write(0, 1);
    await rig.seen(['line 0']);
  });

  it('a shorter file put in its place is read from its beginning', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 50);
    await rig.seen(numbered(0, 50));
    rig.write(50, 51, `${rig.log}.new`);
    renameSync(`${rig.log}.new`, rig.log);
    await rig.seen(numbered(0, 51));
  });

  it('an inode given away again is no longer the log it was', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    await first.stop();
    const text = readFileSync(join(rig.directory, 'state/cursor.json'), 'utf8');
    unlinkSync(rig.log);
    rig.write(100, 105);
    const inode = String(statSync(rig.log, { bigint: true }).ino);
    writeFileSync(join(rig.directory, 'state/cursor.json'), text.replace(/"inode":"\d+"/, `"inode":"${inode}"`));
    await rig.follow();
    await rig.seen([...numbered(0, 2), ...numbered(100, 105)]);
    expect(rig.losses.map(({ reason }) => reason)).toEqual(['rotation_skipped']);
  });
});

it('the cursor file says that a line was read only when the spool is on disk: a power cut loses neither', async () => {
  writeFileSync(rig.log, '');
  const held = Promise.withResolvers<void>();
  let asked = 0;
  let isHeld = false;
  rig.checkpoints = new CheckpointLedger(new Uint8Array(), () => {
    asked++;
    return isHeld ? held.promise : Promise.resolve();
  });
  await rig.follow();
  const offset = () =>
    JSON.parse(readFileSync(join(rig.directory, 'state/cursor.json'), 'utf8')).files[0].offset as number;
  isHeld = true;
  const before = asked;
  rig.write(0, 2);
  await rig.seen(numbered(0, 2));
  await vi.waitFor(() => expect(asked).toBeGreaterThan(before), { timeout: 4000 });
  expect(offset()).toBe(0);
  isHeld = false;
  held.resolve();
  await vi.waitFor(() => expect(offset()).toBe(14), { timeout: 4000 });
});
