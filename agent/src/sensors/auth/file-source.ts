// Which log files hold authentication, and one follower for each.
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { Loss } from '@threatguard/proto';
import { type FileFollower, followFile } from '../follow/follow-file.ts';
import type { Checkpoints } from '../sensor.ts';

/** Debian and its family, then Red Hat and its; a host has one of them. */
export const DEFAULT_LOGS = ['/var/log/auth.log', '/var/log/secure'];

export interface FileSourceOptions {
  path: string;
  stateDir: string;
  checkpoints: Checkpoints;
  sensor: string;
  onLine(line: string, durable: () => void): void;
  lose(loss: Loss): void;
}

/** Follows one log; its position is kept under a name made from the log's path. */
export function followLog(options: FileSourceOptions): Promise<FileFollower> {
  const { path, stateDir, ...rest } = options;
  const id = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return followFile({ ...rest, path, cursorFile: join(stateDir, `log-${basename(path)}-${id}.json`) });
}
