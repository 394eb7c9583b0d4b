// What a server's database and the thread of its commits say to each other.

import type { CommitGroup } from './commit-group.ts';
import type { CommitWays } from './database.ts';
import type { StoreErrorCode } from './store-error.ts';

export type CommitRequest = { id: number; group: CommitGroup; ways: CommitWays } | 'close';

export interface CommitReply {
  id: number;
  error?: { code: StoreErrorCode; message: string };
}
