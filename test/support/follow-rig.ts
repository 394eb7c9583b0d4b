// A log in a directory of its own, and followers of it that keep what they are given.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Loss } from '@threatguard/proto';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { type FileFollower, followFile } from '../../agent/src/sensors/follow/follow-file.ts';

const SEEN_MS_MAX = 8000;

export interface FollowRig {
  directory: string;
  log: string;
  lines: string[];
  losses: Loss[];
  /** Of the lines given while `hold` was asked for. */
  durables: (() => void)[];
  checkpoints: CheckpointLedger;
  /** Says every line is durable at once, unless told to hold that back. Stopped after the test. */
  follow(options?: { hold?: boolean; path?: string }): Promise<FileFollower>;
  /** Appends these numbered lines. */
  write(from: number, to: number, path?: string): void;
  /** Resolves once these are the lines given, no more and no less. */
  seen(expected: string[]): Promise<void>;
}

export const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`);

/** Made anew for each test of the file that calls this. */
export function followRig(): FollowRig {
  const running: FileFollower[] = [];
  const rig: FollowRig = {
    directory: '',
    log: '',
    lines: [],
    losses: [],
    durables: [],
    checkpoints: new CheckpointLedger(new Uint8Array()),
    async follow({ hold = false, path = rig.log } = {}) {
      const follower = await followFile({
        path,
        cursorFile: join(rig.directory, 'state/cursor.json'),
        checkpoints: rig.checkpoints,
        sensor: 'auth.file',
        onLine(line, durable) {
          rig.lines.push(line);
          if (hold) rig.durables.push(durable);
          else durable();
        },
        lose: (loss) => rig.losses.push(loss),
      });
      running.push(follower);
      return follower;
    },
    write: (from, to, path = rig.log) => appendFileSync(path, `${numbered(from, to).join('\n')}\n`),
    seen: (expected) => vi.waitFor(() => expect(rig.lines).toEqual(expected), { timeout: SEEN_MS_MAX, interval: 5 }),
  };
  beforeEach(() => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-follow-'));
    const checkpoints = new CheckpointLedger(new Uint8Array());
    Object.assign(rig, {
      directory,
      log: join(directory, 'auth.log'),
      checkpoints,
      lines: [],
      losses: [],
      durables: [],
    });
  });
  afterEach(async () => {
    for (const follower of running.splice(0)) await follower.stop();
    rmSync(rig.directory, { recursive: true });
  });
  return rig;
}
