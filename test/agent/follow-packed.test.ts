import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Loss } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { type FileFollower, followFile } from '../../agent/src/sensors/follow/follow-file.ts';

let directory: string;
let log: string;
let lines: string[];
let losses: Loss[];
const running: FileFollower[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-packed-'));
  log = join(directory, 'auth.log');
  lines = [];
  losses = [];
});
afterEach(async () => {
  for (const follower of running.splice(0)) await follower.stop();
  rmSync(directory, { recursive: true });
});

async function follow(checkpoints = new CheckpointLedger(new Uint8Array())): Promise<FileFollower> {
  const follower = await followFile({
    path: log,
    cursorFile: join(directory, 'state/cursor.json'),
    checkpoints,
    sensor: 'auth.file',
    onLine(line, durable) {
      lines.push(line);
      durable();
    },
    lose: (loss) => losses.push(loss),
  });
  running.push(follower);
  return follower;
}

const seen = (expected: string[]) => vi.waitFor(() => expect(lines).toEqual(expected), { timeout: 8000, interval: 5 });
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
const write = (from: number, to: number, path = log) => appendFileSync(path, `${numbered(from, to).join('\n')}\n`);

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
  writeFileSync(log, '');
  const first = await follow();
  write(0, 2);
  await seen(numbered(0, 2));
  await first.stop();
  write(2, 4);
}

describe('a log that was rotated and packed while nobody read it', () => {
  it.each(['gz', 'zst'] as const)('.%s: the rest of it is read, then the new one', async (form) => {
    await readTwoOfFour();
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, form);
    write(4, 6);
    await follow();
    await seen(numbered(0, 6));
    expect(losses).toEqual([]);
    expect(readdirSync(join(directory, 'state'))).toEqual(['cursor.json']);
  });

  it('several times: each rotation in between is read, packed or not', async () => {
    await readTwoOfFour();
    renameSync(log, `${log}.3`);
    write(4, 6);
    renameSync(log, `${log}.2`);
    write(6, 8);
    renameSync(log, `${log}.1`);
    write(8, 9);
    pack(`${log}.3`, 'gz');
    pack(`${log}.2`, 'zst');
    await follow();
    await seen(numbered(0, 9));
    expect(losses).toEqual([]);
  });

  it('more than fits a chunk: only what is missing is read', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 20_000);
    await vi.waitFor(() => expect(lines.length).toBe(20_000), { timeout: 8000 });
    await first.stop();
    lines = [];
    write(20_000, 50_000);
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, 'gz');
    writeFileSync(log, '');
    await follow();
    await vi.waitFor(() => expect(lines.length).toBe(30_000), { timeout: 8000 });
    expect(lines[0]).toBe('line 20000');
    expect(lines.at(-1)).toBe('line 49999');
  });

  it('nothing is read twice where all of it had been read', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 2);
    await seen(numbered(0, 2));
    await first.stop();
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, 'gz');
    write(2, 3);
    await follow();
    await seen(numbered(0, 3));
    expect(losses).toEqual([]);
  });

  it('while logrotate packs, plain and packed stand side by side: read once', async () => {
    await readTwoOfFour();
    renameSync(log, `${log}.1`);
    writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(`${log}.1`)).subarray(0, 15));
    write(4, 5);
    await follow();
    await seen(numbered(0, 5));
    expect(losses).toEqual([]);
  });

  it.skipIf(!existsSync('/usr/bin/xz'))('.xz, which Node cannot read: counted once (needs xz)', async () => {
    await readTwoOfFour();
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, 'xz');
    write(4, 5);
    await follow();
    await seen([...numbered(0, 2), 'line 4']);
    expect(losses.map(({ reason }) => reason)).toEqual(['rotation_skipped']);
  });

  it('damaged: what is readable is read, and the gap counted', async () => {
    await readTwoOfFour();
    write(4, 3000);
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, 'gz');
    const bytes = statSync(`${log}.1.gz`).size;
    truncateSync(`${log}.1.gz`, Math.floor(bytes / 2));
    write(3000, 3001);
    await follow();
    await vi.waitFor(() => expect(lines.at(-1)).toBe('line 3000'), { timeout: 8000 });
    expect(lines.slice(0, 10)).toEqual(numbered(0, 10));
    expect(losses.map(({ reason }) => reason)).toEqual(['rotation_skipped']);
  });

  it('and a restart in the middle of the packed part goes on there', async () => {
    await readTwoOfFour();
    renameSync(log, `${log}.1`);
    pack(`${log}.1`, 'gz');
    writeFileSync(log, '');
    const second = await follow();
    await seen(numbered(0, 4));
    await second.stop();
    write(4, 5);
    await follow();
    await seen(numbered(0, 5));
    expect(losses).toEqual([]);
  });
});

describe('a log in a bad way', () => {
  it('a hole left by a writer that kept its place over a truncation costs no line', async () => {
    const descriptor = openSync(log, 'w');
    await follow();
    writeSync(descriptor, 'line 0\n');
    await seen(['line 0']);
    copyFileSync(log, `${log}.1`);
    truncateSync(log, 0);
    writeSync(descriptor, 'line 1\n', 3 * 1024 * 1024);
    await seen(numbered(0, 2));
    writeSync(descriptor, 'line 2\n', 3 * 1024 * 1024 + 7);
    await seen(numbered(0, 3));
    closeSync(descriptor);
    expect(losses).toEqual([]);
  });

  it('one that cannot be opened for a while is said, and read on where it was when it can', async () => {
    writeFileSync(log, '');
    const follower = await follow();
    write(0, 2);
    await seen(numbered(0, 2));
    renameSync(log, `${log}.1`);
    symlinkSync(log, log); // ELOOP: fails for root too
    await vi.waitFor(() => expect(follower.problem).toContain('ELOOP'), { timeout: 4000 });
    unlinkSync(log);
    write(2, 4);
    await seen(numbered(0, 4));
    await vi.waitFor(() => expect(follower.problem).toBe(''), { timeout: 4000 });
  });

  it('a directory that comes later is waited for', async () => {
    log = join(directory, 'later/auth.log');
    const follower = await follow();
    expect(follower.problem).not.toBe('');
    mkdirSync(join(directory, 'later'));
    write(0, 1);
    await seen(['line 0']);
  });

  it('a shorter file put in its place is read from its beginning', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 50);
    await seen(numbered(0, 50));
    write(50, 51, `${log}.new`);
    renameSync(`${log}.new`, log);
    await seen(numbered(0, 51));
  });

  it('an inode given away again is no longer the log it was', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 2);
    await seen(numbered(0, 2));
    await first.stop();
    const text = readFileSync(join(directory, 'state/cursor.json'), 'utf8');
    unlinkSync(log);
    write(100, 105);
    const inode = String(statSync(log, { bigint: true }).ino);
    writeFileSync(join(directory, 'state/cursor.json'), text.replace(/"inode":"\d+"/, `"inode":"${inode}"`));
    await follow();
    await seen([...numbered(0, 2), ...numbered(100, 105)]);
    expect(losses.map(({ reason }) => reason)).toEqual(['rotation_skipped']);
  });
});

it('the cursor file says that a line was read only when the spool is on disk: a power cut loses neither', async () => {
  writeFileSync(log, '');
  const held = Promise.withResolvers<void>();
  let asked = 0;
  let isHeld = false;
  const checkpoints = new CheckpointLedger(new Uint8Array(), () => {
    asked++;
    return isHeld ? held.promise : Promise.resolve();
  });
  await follow(checkpoints);
  const offset = () => JSON.parse(readFileSync(join(directory, 'state/cursor.json'), 'utf8')).files[0].offset as number;
  isHeld = true;
  const before = asked;
  write(0, 2);
  await seen(numbered(0, 2));
  await vi.waitFor(() => expect(asked).toBeGreaterThan(before), { timeout: 4000 });
  expect(offset()).toBe(0);
  isHeld = false;
  held.resolve();
  await vi.waitFor(() => expect(offset()).toBe(14), { timeout: 4000 });
});
