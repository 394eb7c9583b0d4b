import type { Process, User } from '@threatguard/proto';
import type { WatchedPath } from './watched-paths.ts';

/** Who changed a file, and with which process. */
export interface Author {
  user: User;
  process: Process;
}

/** A witness of who changes files. What it does not know is undefined: a wrong name is worse than none. */
export interface ChangeAuthors {
  /** Never rejects: what it cannot see it says in `problem`. */
  watch(paths: readonly WatchedPath[]): Promise<void>;
  stop(): Promise<void>;
  /** Who last changed `path` before `atUs`, which is when it was seen to have changed. */
  changedBy(path: string, atUs: number): Author | undefined;
  readonly problem: string;
}
