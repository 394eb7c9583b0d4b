import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { type FileFollower, followFile } from '../../agent/src/sensors/follow/follow-file.ts';

type Step = { do: 'write'; lines: number } | { do: 'rename' | 'copytruncate' | 'restart' | 'stop' | 'settle' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), lines: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('rename' as const, 'copytruncate', 'restart', 'stop', 'settle') }),
  },
);

/** Writes, rotates, truncates, stops and starts in any order; beside it a plain array of what was written. */
async function play(steps: Step[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-model-'));
  const log = join(directory, 'auth.log');
  const written: string[] = [];
  const seen: string[] = [];
  const losses: string[] = [];
  /** Whether a line of the file at the path was seen: without one nothing tells a truncated file from a new one. */
  let isKnown = false;
  let follower: FileFollower | undefined;
  const start = async () => {
    follower ??= await followFile({
      path: log,
      cursorFile: join(directory, 'cursor.json'),
      checkpoints: new CheckpointLedger(new Uint8Array()),
      sensor: 'x',
      onLine(line, durable) {
        seen.push(line);
        durable();
      },
      lose: ({ reason }) => losses.push(reason ?? ''),
    });
  };
  const stop = async () => {
    await follower?.stop();
    follower = undefined;
  };
  const settle = async () => {
    await start();
    await vi.waitFor(() => expect(seen.toSorted()).toEqual(written.toSorted()), { timeout: 5000, interval: 2 });
    isKnown = written.length > 0;
  };
  const rotate = (move: (to: string) => void) => {
    for (let n = 20; n >= 1; n--) if (existsSync(`${log}.${n}`)) renameSync(`${log}.${n}`, `${log}.${n + 1}`);
    move(`${log}.1`);
  };

  writeFileSync(log, '');
  await start();
  try {
    for (const each of steps) {
      if (each.do === 'write') {
        const lines = Array.from({ length: each.lines }, (_, n) => `line ${written.length + n} ${'.'.repeat(n)}`);
        written.push(...lines);
        appendFileSync(log, `${lines.join('\n')}\n`);
      } else if (each.do === 'rename') {
        rotate((to) => renameSync(log, to));
        writeFileSync(log, '');
        isKnown = false;
      } else if (each.do === 'copytruncate') {
        if (follower) await settle();
        if (!isKnown) continue;
        rotate((to) => copyFileSync(log, to));
        truncateSync(log);
        isKnown = false;
      } else if (each.do === 'settle') await settle();
      else await stop();
      if (each.do === 'restart') await start();
    }
    await settle();
    expect(losses).toEqual([]);
  } finally {
    await stop();
    rmSync(directory, { recursive: true });
  }
}

/** Found by other seeds: copied, truncated, written and renamed before the reader looked once. */
const FOUND: Step[][] = [
  [{ do: 'write', lines: 9 }, { do: 'copytruncate' }, { do: 'write', lines: 5 }, { do: 'rename' }],
  [
    { do: 'write', lines: 36 },
    { do: 'copytruncate' },
    { do: 'write', lines: 2 },
    { do: 'rename' },
    { do: 'write', lines: 3 },
    { do: 'rename' },
  ],
];

it('every line written is seen exactly once, whatever happens to the log and the reader', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), (steps) => play(steps)),
    { numRuns: 60, seed: 2, endOnFailure: true, examples: FOUND.map((steps): [Step[]] => [steps]) },
  );
}, 120_000);
