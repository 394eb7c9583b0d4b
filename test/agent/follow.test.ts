import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
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
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { LINE_BYTES_MAX } from '../../agent/src/sensors/follow/line-splitter.ts';
import { followRig, numbered } from '../support/follow-rig.ts';

const rig = followRig();

describe('a followed log', () => {
  it('is read from its end at the very first start, and from then on', async () => {
    rig.write(0, 3);
    await rig.follow();
    rig.write(3, 5);
    await rig.seen(numbered(3, 5));
  });

  it('does not take the rest of a line for a line when the first start falls into its middle', async () => {
    writeFileSync(rig.log, 'Failed password for ');
    await rig.follow();
    appendFileSync(rig.log, 'root\nline 0\n');
    await rig.seen(['line 0']);
  });

  it('is waited for where it does not exist, and then read from its beginning', async () => {
    const follower = await rig.follow();
    expect(follower.problem).toMatch(/waiting for .*auth.log/);
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    expect(follower.problem).toBe('');
  });

  it('gives a line once it is whole, however it was written', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    for (const letter of 'line 0\nline 1\n') appendFileSync(rig.log, letter);
    await rig.seen(numbered(0, 2));
  });

  it('reaches the reader within milliseconds', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    const delays: number[] = [];
    for (let n = 0; n < 30; n++) {
      const start = performance.now();
      rig.write(n, n + 1);
      await vi.waitFor(() => expect(rig.lines.length).toBe(n + 1), { interval: 1 });
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
    writeFileSync(rig.log, '');
    await rig.follow();
    appendFileSync(rig.log, bytes);
    await rig.seen([expected]);
  });

  it('has lines over the limit cut, and each counted', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    appendFileSync(rig.log, `${'x'.repeat(LINE_BYTES_MAX + 500_000)}\nline 0\n`);
    await rig.seen(['x'.repeat(LINE_BYTES_MAX), 'line 0']);
    expect(rig.losses.map(({ reason, count }) => [reason, count])).toEqual([['line_oversized', 1]]);
  });
});

describe('rotation', () => {
  it('by rename: what the writer still puts into the old file is read, then the new one', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 2);
    renameSync(rig.log, `${rig.log}.1`);
    rig.write(2, 4, `${rig.log}.1`);
    await rig.seen(numbered(0, 4));
    rig.write(4, 6);
    await rig.seen(numbered(0, 6));
    rig.write(6, 7, `${rig.log}.1`);
    await rig.seen(numbered(0, 7));
    expect(rig.losses).toEqual([]);
  });

  it('twice in one moment loses nothing', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 2);
    renameSync(rig.log, `${rig.log}.1`);
    rig.write(2, 4);
    renameSync(`${rig.log}.1`, `${rig.log}.2`);
    renameSync(rig.log, `${rig.log}.1`);
    rig.write(4, 6);
    await rig.seen(numbered(0, 6));
  });

  it('by copy and truncation: goes on at the beginning', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 50);
    await rig.seen(numbered(0, 50));
    copyFileSync(rig.log, `${rig.log}.1`);
    truncateSync(rig.log);
    rig.write(50, 53);
    await rig.seen(numbered(0, 53));
    expect(rig.losses).toEqual([]);
  });

  it('by copy and truncation again and again, each copy in the place of the one before', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    for (let round = 0; round < 6; round++) {
      rig.write(round * 10, round * 10 + 5);
      await rig.seen(numbered(0, round * 10 + 5));
      rig.write(round * 10 + 5, round * 10 + 10); // never seen at the path
      rmSync(`${rig.log}.1`, { force: true });
      copyFileSync(rig.log, `${rig.log}.1`);
      truncateSync(rig.log);
      await rig.seen(numbered(0, round * 10 + 10));
    }
    expect(rig.losses).toEqual([]);
  });

  it('by copy and truncation, where the copy gets the inode of one that was let go of', {
    timeout: 20_000,
  }, async () => {
    // Through /proc/self/fd each open file is its own; the one of the listing itself is gone by then.
    const isOpen = (inode: bigint) =>
      readdirSync('/proc/self/fd').some(
        (name) => statSync(`/proc/self/fd/${name}`, { bigint: true, throwIfNoEntry: false })?.ino === inode,
      );
    writeFileSync(rig.log, '');
    await rig.follow();
    for (let round = 0; round < 2; round++) {
      rig.write(round * 10, round * 10 + 5);
      await rig.seen(numbered(0, round * 10 + 5));
      rig.write(round * 10 + 5, round * 10 + 10);
      copyFileSync(rig.log, `${rig.log}.1`);
      truncateSync(rig.log);
      await rig.seen(numbered(0, round * 10 + 10));
      const { ino } = statSync(`${rig.log}.1`, { bigint: true });
      await vi.waitFor(() => expect(isOpen(ino)).toBe(false), { timeout: 15_000, interval: 200 });
      unlinkSync(`${rig.log}.1`);
    }
    expect(rig.losses).toEqual([]);
  });

  it('by copy and truncation, then by name, in one moment loses nothing', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 50);
    await rig.seen(numbered(0, 50));
    rig.write(50, 60);
    copyFileSync(rig.log, `${rig.log}.1`);
    truncateSync(rig.log);
    rig.write(60, 70);
    renameSync(`${rig.log}.1`, `${rig.log}.2`);
    renameSync(rig.log, `${rig.log}.1`);
    rig.write(70, 80);
    await vi.waitFor(() => expect(rig.lines.length).toBeGreaterThanOrEqual(80), { timeout: 10_000 });
    expect([...rig.lines].sort()).toEqual([...numbered(0, 80)].sort());
    expect(rig.losses).toEqual([]);
  });

  it('by copy and truncation, when lines came just before: they are read from the copy', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 50);
    await rig.seen(numbered(0, 50));
    rig.write(50, 60); // in the same turn of the event loop as the truncation: never seen at the path
    copyFileSync(rig.log, `${rig.log}.1`);
    truncateSync(rig.log);
    rig.write(60, 62);
    await rig.seen(numbered(0, 62));
  });

  it('by truncation and growth beyond the old length is noticed by what the file begins with', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 3);
    await rig.seen(numbered(0, 3));
    writeFileSync(rig.log, `${numbered(100, 200).join('\n')}\n`);
    await rig.seen([...numbered(0, 3), ...numbered(100, 200)]);
  });

  it('by switching a symbolic link', async () => {
    mkdirSync(join(rig.directory, 'real'));
    const [first, second] = [join(rig.directory, 'real/a'), join(rig.directory, 'real/b')];
    writeFileSync(first, '');
    symlinkSync(first, rig.log);
    await rig.follow();
    rig.write(0, 2, first);
    await rig.seen(numbered(0, 2));
    rig.write(2, 4, second);
    unlinkSync(rig.log);
    symlinkSync(second, rig.log);
    await rig.seen(numbered(0, 4));
    rig.write(4, 5, second);
    await rig.seen(numbered(0, 5));
  });

  it('by deletion and recreation', async () => {
    writeFileSync(rig.log, '');
    await rig.follow();
    rig.write(0, 2);
    unlinkSync(rig.log);
    rig.write(2, 4);
    await rig.seen(numbered(0, 4));
  });
});

describe('a restart', () => {
  it('goes on exactly where it stopped', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 3);
    await rig.seen(numbered(0, 3));
    await first.stop();
    rig.write(3, 6);
    await rig.follow();
    await rig.seen(numbered(0, 6));
  });

  it('repeats lines whose events were not durable, and none that were', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow({ hold: true });
    rig.write(0, 4);
    await rig.seen(numbered(0, 4));
    rig.durables[0]?.();
    rig.durables[2]?.();
    await first.stop();
    rig.lines = [];
    await rig.follow();
    await rig.seen(numbered(1, 4));
  });

  it('heeds what became durable after the stop: it stands in the spool, and the cursor file is the older one', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow({ hold: true });
    rig.write(0, 4);
    await rig.seen(numbered(0, 4));
    await first.stop();
    for (const durable of rig.durables) durable();
    rig.checkpoints = new CheckpointLedger(rig.checkpoints.encode());
    expect(readFileSync(join(rig.directory, 'state/cursor.json'), 'utf8')).toContain('"offset":0');
    rig.lines = [];
    rig.write(4, 5);
    await rig.follow();
    await rig.seen(['line 4']);
  });

  it('goes by the cursor file where that is newer than the spool', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    const spooled = rig.checkpoints.encode();
    rig.write(2, 4);
    await rig.seen(numbered(0, 4));
    await first.stop();
    rig.checkpoints = new CheckpointLedger(spooled);
    rig.write(4, 5);
    await rig.follow();
    await rig.seen(numbered(0, 5));
  });

  it.each([
    ['has no revision', (text: string) => text.replace(/"revision":\d+,/, '')],
    ['is damaged', () => '{"version":1,'],
    ['is gone', () => undefined],
  ])('goes by the spool where the cursor file %s', async (_what, spoil) => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    const cursorFile = join(rig.directory, 'state/cursor.json');
    const text = spoil(readFileSync(cursorFile, 'utf8'));
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    rig.checkpoints = new CheckpointLedger(rig.checkpoints.encode());
    await first.stop();
    if (text === undefined) unlinkSync(cursorFile);
    else writeFileSync(cursorFile, text);
    rig.write(2, 3);
    await rig.follow();
    await rig.seen(numbered(0, 3));
    expect(rig.losses).toEqual([]);
  });

  it('that cannot look for the log yet forgets nothing, and goes on when it can', async () => {
    const apart = join(rig.directory, 'logs');
    mkdirSync(apart);
    const path = join(apart, 'auth.log');
    writeFileSync(path, '');
    const first = await rig.follow({ path });
    rig.write(0, 2, path);
    await rig.seen(numbered(0, 2));
    await first.stop();
    renameSync(apart, `${apart}-away`);
    const second = await rig.follow({ path });
    expect(second.problem).toContain('ENOENT');
    rig.checkpoints = new CheckpointLedger(rig.checkpoints.encode());
    await second.stop();
    rig.write(2, 3, join(`${apart}-away`, 'auth.log'));
    const third = await rig.follow({ path });
    renameSync(`${apart}-away`, apart);
    await rig.seen(numbered(0, 3));
    expect(third.problem).toBe('');
  });

  it.each([1, 2, 3])(
    'finds the log after %i rotations, reads the rest of it and all that came between',
    async (rotations) => {
      writeFileSync(rig.log, '');
      const first = await rig.follow();
      rig.write(0, 2);
      await rig.seen(numbered(0, 2));
      await first.stop();
      rig.write(2, 4);
      for (let n = 0; n < rotations; n++) {
        for (let old = n; old >= 1; old--) renameSync(`${rig.log}.${old}`, `${rig.log}.${old + 1}`);
        renameSync(rig.log, `${rig.log}.1`);
        rig.write(4 + 2 * n, 6 + 2 * n);
      }
      await rig.follow();
      await rig.seen(numbered(0, 4 + 2 * rotations));
      expect(rig.losses).toEqual([]);
    },
  );

  it('finds the copy that a copytruncate made meanwhile', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    await first.stop();
    rig.write(2, 4);
    copyFileSync(rig.log, `${rig.log}.1`);
    truncateSync(rig.log);
    rig.write(4, 6);
    await rig.follow();
    await rig.seen(numbered(0, 6));
    expect(rig.losses).toEqual([]);
  });

  it('counts a loss where the log it was reading is gone', async () => {
    writeFileSync(rig.log, '');
    const first = await rig.follow();
    rig.write(0, 2);
    await rig.seen(numbered(0, 2));
    await first.stop();
    rig.write(2, 4);
    unlinkSync(rig.log);
    rig.write(4, 6, `${rig.log}.new`);
    renameSync(`${rig.log}.new`, rig.log);
    await rig.follow();
    await rig.seen([...numbered(0, 2), ...numbered(4, 6)]);
    expect(rig.losses.map(({ reason, sensor }) => [reason, sensor])).toEqual([['rotation_skipped', 'auth.file']]);
  });
});
