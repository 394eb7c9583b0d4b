import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Loss } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { type FileFollower, followFile } from '../../agent/src/sensors/follow/follow-file.ts';
import { LINE_BYTES_MAX } from '../../agent/src/sensors/follow/line-splitter.ts';

let directory: string;
let log: string;
let lines: string[];
let durables: (() => void)[];
let losses: Loss[];
let checkpoints: CheckpointLedger;
const running: FileFollower[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-follow-'));
  log = join(directory, 'auth.log');
  lines = [];
  durables = [];
  losses = [];
  checkpoints = new CheckpointLedger(new Uint8Array());
});
afterEach(async () => {
  for (const follower of running.splice(0)) await follower.stop();
  rmSync(directory, { recursive: true });
});

/** Keeps what it is given; says every line is durable at once, unless told to hold that back. */
async function follow(options: { hold?: boolean; path?: string } = {}): Promise<FileFollower> {
  const follower = await followFile({
    path: options.path ?? log,
    cursorFile: join(directory, 'state/cursor.json'),
    checkpoints,
    sensor: 'auth.file',
    onLine(line, durable) {
      lines.push(line);
      if (options.hold) durables.push(durable);
      else durable();
    },
    lose: (loss) => losses.push(loss),
  });
  running.push(follower);
  return follower;
}

const seen = (expected: string[]) => vi.waitFor(() => expect(lines).toEqual(expected), { timeout: 8000, interval: 5 });
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
const write = (from: number, to: number, path = log) => appendFileSync(path, `${numbered(from, to).join('\n')}\n`);

describe('a followed log', () => {
  it('is read from its end at the very first start, and from then on', async () => {
    write(0, 3);
    await follow();
    write(3, 5);
    await seen(numbered(3, 5));
  });

  it('does not take the rest of a line for a line when the first start falls into its middle', async () => {
    writeFileSync(log, 'Failed password for ');
    await follow();
    appendFileSync(log, 'root\nline 0\n');
    await seen(['line 0']);
  });

  it('is waited for where it does not exist, and then read from its beginning', async () => {
    const follower = await follow();
    expect(follower.problem).toMatch(/waiting for .*auth.log/);
    write(0, 2);
    await seen(numbered(0, 2));
    expect(follower.problem).toBe('');
  });

  it('gives a line once it is whole, however it was written', async () => {
    writeFileSync(log, '');
    await follow();
    for (const letter of 'line 0\nline 1\n') appendFileSync(log, letter);
    await seen(numbered(0, 2));
  });

  it('reaches the reader within milliseconds', async () => {
    writeFileSync(log, '');
    await follow();
    const delays: number[] = [];
    for (let n = 0; n < 30; n++) {
      const start = performance.now();
      write(n, n + 1);
      await vi.waitFor(() => expect(lines.length).toBe(n + 1), { interval: 1 });
      delays.push(performance.now() - start);
    }
    // The safety net alone (1 s) would be the median if inotify did not work; no finer claim is made in a test.
    expect(delays.toSorted((a, b) => a - b)[15]).toBeLessThan(500);
  });

  it.each([
    ['NUL', Buffer.from('line\0 0\n'), 'line 0'],
    ['bad UTF-8', Buffer.from([0x6c, 0xff, 0xc3, 0x0a]), 'l\uFFFD\uFFFD'],
    ['CR LF', Buffer.from('line 0\r\n'), 'line 0'],
  ])('goes on over %s', async (_what, bytes, expected) => {
    writeFileSync(log, '');
    await follow();
    appendFileSync(log, bytes);
    await seen([expected]);
  });

  it('has lines over the limit cut, and each counted', async () => {
    writeFileSync(log, '');
    await follow();
    appendFileSync(log, `${'x'.repeat(LINE_BYTES_MAX + 500_000)}\nline 0\n`);
    await seen(['x'.repeat(LINE_BYTES_MAX), 'line 0']);
    expect(losses.map(({ reason, count }) => [reason, count])).toEqual([['line_oversized', 1]]);
  });
});

describe('rotation', () => {
  it('by rename: what the writer still puts into the old file is read, then the new one', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 2);
    renameSync(log, `${log}.1`);
    write(2, 4, `${log}.1`);
    await seen(numbered(0, 4));
    write(4, 6);
    await seen(numbered(0, 6));
    write(6, 7, `${log}.1`);
    await seen(numbered(0, 7));
    expect(losses).toEqual([]);
  });

  it('twice in one moment loses nothing', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 2);
    renameSync(log, `${log}.1`);
    write(2, 4);
    renameSync(`${log}.1`, `${log}.2`);
    renameSync(log, `${log}.1`);
    write(4, 6);
    await seen(numbered(0, 6));
  });

  it('by copy and truncation: goes on at the beginning', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 50);
    await seen(numbered(0, 50));
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    write(50, 53);
    await seen(numbered(0, 53));
    expect(losses).toEqual([]);
  });

  it('by copy and truncation again and again, each copy in the place of the one before', async () => {
    writeFileSync(log, '');
    await follow();
    for (let round = 0; round < 6; round++) {
      write(round * 10, round * 10 + 5);
      await seen(numbered(0, round * 10 + 5));
      write(round * 10 + 5, round * 10 + 10); // never seen at the path
      rmSync(`${log}.1`, { force: true });
      copyFileSync(log, `${log}.1`);
      truncateSync(log);
      await seen(numbered(0, round * 10 + 10));
    }
    expect(losses).toEqual([]);
  });

  it('by copy and truncation, where the copy gets the inode of one that was let go of', {
    timeout: 20_000,
  }, async () => {
    // Through /proc/self/fd each open file is its own; the one of the listing itself is gone by then.
    const isOpen = (inode: bigint) =>
      readdirSync('/proc/self/fd').some(
        (name) => statSync(`/proc/self/fd/${name}`, { bigint: true, throwIfNoEntry: false })?.ino === inode,
      );
    writeFileSync(log, '');
    await follow();
    for (let round = 0; round < 2; round++) {
      write(round * 10, round * 10 + 5);
      await seen(numbered(0, round * 10 + 5));
      write(round * 10 + 5, round * 10 + 10);
      copyFileSync(log, `${log}.1`);
      truncateSync(log);
      await seen(numbered(0, round * 10 + 10));
      const { ino } = statSync(`${log}.1`, { bigint: true });
      await vi.waitFor(() => expect(isOpen(ino)).toBe(false), { timeout: 15_000, interval: 200 });
      unlinkSync(`${log}.1`);
    }
    expect(losses).toEqual([]);
  });

  it('by copy and truncation, then by name, in one moment loses nothing', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 50);
    await seen(numbered(0, 50));
    write(50, 60);
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    write(60, 70);
    renameSync(`${log}.1`, `${log}.2`);
    renameSync(log, `${log}.1`);
    write(70, 80);
    await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(80), { timeout: 10_000 });
    expect([...lines].sort()).toEqual([...numbered(0, 80)].sort());
    expect(losses).toEqual([]);
  });

  it('by copy and truncation, when lines came just before: they are read from the copy', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 50);
    await seen(numbered(0, 50));
    write(50, 60); // in the same turn of the event loop as the truncation: never seen at the path
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    write(60, 62);
    await seen(numbered(0, 62));
  });

  it('by truncation and growth beyond the old length is noticed by what the file begins with', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 3);
    await seen(numbered(0, 3));
    writeFileSync(log, `${numbered(100, 200).join('\n')}\n`);
    await seen([...numbered(0, 3), ...numbered(100, 200)]);
  });

  it('by switching a symbolic link', async () => {
    mkdirSync(join(directory, 'real'));
    const [first, second] = [join(directory, 'real/a'), join(directory, 'real/b')];
    writeFileSync(first, '');
    symlinkSync(first, log);
    await follow();
    write(0, 2, first);
    await seen(numbered(0, 2));
    write(2, 4, second);
    unlinkSync(log);
    symlinkSync(second, log);
    await seen(numbered(0, 4));
    write(4, 5, second);
    await seen(numbered(0, 5));
  });

  it('by deletion and recreation', async () => {
    writeFileSync(log, '');
    await follow();
    write(0, 2);
    unlinkSync(log);
    write(2, 4);
    await seen(numbered(0, 4));
  });
});

describe('a restart', () => {
  it('goes on exactly where it stopped', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 3);
    await seen(numbered(0, 3));
    await first.stop();
    write(3, 6);
    await follow();
    await seen(numbered(0, 6));
  });

  it('repeats lines whose events were not durable, and none that were', async () => {
    writeFileSync(log, '');
    const first = await follow({ hold: true });
    write(0, 4);
    await seen(numbered(0, 4));
    durables[0]?.();
    durables[2]?.();
    await first.stop();
    lines = [];
    await follow();
    await seen(numbered(1, 4));
  });

  it('heeds what became durable after the stop: it stands in the spool, and the cursor file is the older one', async () => {
    writeFileSync(log, '');
    const first = await follow({ hold: true });
    write(0, 4);
    await seen(numbered(0, 4));
    await first.stop();
    for (const durable of durables) durable();
    checkpoints = new CheckpointLedger(checkpoints.encode());
    expect(readFileSync(join(directory, 'state/cursor.json'), 'utf8')).toContain('"offset":0');
    lines = [];
    write(4, 5);
    await follow();
    await seen(['line 4']);
  });

  it('goes by the cursor file where that is newer than the spool', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 2);
    await seen(numbered(0, 2));
    const spooled = checkpoints.encode();
    write(2, 4);
    await seen(numbered(0, 4));
    await first.stop();
    checkpoints = new CheckpointLedger(spooled);
    write(4, 5);
    await follow();
    await seen(numbered(0, 5));
  });

  it.each([
    ['has no revision', (text: string) => text.replace(/"revision":\d+,/, '')],
    ['is damaged', () => '{"version":1,'],
    ['is gone', () => undefined],
  ])('goes by the spool where the cursor file %s', async (_what, spoil) => {
    writeFileSync(log, '');
    const first = await follow();
    const cursorFile = join(directory, 'state/cursor.json');
    const text = spoil(readFileSync(cursorFile, 'utf8'));
    write(0, 2);
    await seen(numbered(0, 2));
    checkpoints = new CheckpointLedger(checkpoints.encode());
    await first.stop();
    if (text === undefined) unlinkSync(cursorFile);
    else writeFileSync(cursorFile, text);
    write(2, 3);
    await follow();
    await seen(numbered(0, 3));
    expect(losses).toEqual([]);
  });

  it('that cannot look for the log yet forgets nothing, and goes on when it can', async () => {
    const apart = join(directory, 'logs');
    mkdirSync(apart);
    const path = join(apart, 'auth.log');
    writeFileSync(path, '');
    const first = await follow({ path });
    write(0, 2, path);
    await seen(numbered(0, 2));
    await first.stop();
    renameSync(apart, `${apart}-away`);
    const second = await follow({ path });
    expect(second.problem).toContain('ENOENT');
    checkpoints = new CheckpointLedger(checkpoints.encode());
    await second.stop();
    write(2, 3, join(`${apart}-away`, 'auth.log'));
    const third = await follow({ path });
    renameSync(`${apart}-away`, apart);
    await seen(numbered(0, 3));
    expect(third.problem).toBe('');
  });

  it.each([1, 2, 3])(
    'finds the log after %i rotations, reads the rest of it and all that came between',
    async (rotations) => {
      writeFileSync(log, '');
      const first = await follow();
      write(0, 2);
      await seen(numbered(0, 2));
      await first.stop();
      write(2, 4);
      for (let n = 0; n < rotations; n++) {
        for (let old = n; old >= 1; old--) renameSync(`${log}.${old}`, `${log}.${old + 1}`);
        renameSync(log, `${log}.1`);
        write(4 + 2 * n, 6 + 2 * n);
      }
      await follow();
      await seen(numbered(0, 4 + 2 * rotations));
      expect(losses).toEqual([]);
    },
  );

  it('finds the copy that a copytruncate made meanwhile', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 2);
    await seen(numbered(0, 2));
    await first.stop();
    write(2, 4);
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    write(4, 6);
    await follow();
    await seen(numbered(0, 6));
    expect(losses).toEqual([]);
  });

  it('counts a loss where the log it was reading is gone', async () => {
    writeFileSync(log, '');
    const first = await follow();
    write(0, 2);
    await seen(numbered(0, 2));
    await first.stop();
    write(2, 4);
    unlinkSync(log);
    write(4, 6, `${log}.new`);
    renameSync(`${log}.new`, log);
    await follow();
    await seen([...numbered(0, 2), ...numbered(4, 6)]);
    expect(losses.map(({ reason, sensor }) => [reason, sensor])).toEqual([['rotation_skipped', 'auth.file']]);
  });
});
