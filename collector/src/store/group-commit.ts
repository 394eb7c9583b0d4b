import type { CommitBatch } from '../batch.ts';
import { storeQuarantined } from './commit.ts';
import { type CommitGroup, EMPTY_GROUP } from './commit-group.ts';
import type { Database } from './database.ts';
import { StoreError } from './store-error.ts';
import { DIRECT_COMPRESS_ROWS_MIN } from './timescale.ts';

export interface CommitOptions {
  /** COPY may write the columnstore directly. */
  directCompress: boolean;
  /** Commits add to the series; where they do not, the database counts them itself. */
  countsSeries: boolean;
}

/** Stores a group in one transaction; what the database rejects of it is set aside, and the rest is stored. */
export async function storeOrSetAside(database: Database, group: CommitGroup, options: CommitOptions): Promise<void> {
  const fault = group.batches.find((batch) => batch.fault !== undefined)?.fault;
  if (fault !== undefined) return storeApart(database, group, { ...options, error: new StoreError('rejected', fault) });
  try {
    const compressed = options.directCompress && fillsColumnstore(group);
    await database.commit(group, { series: options.countsSeries, compressed });
  } catch (error) {
    if (!isRejected(error)) throw error;
    await storeApart(database, group, { ...options, error });
  }
}

/** The database rejected some row of the group: batch by batch shows which one, and only that is set aside. */
async function storeApart(
  database: Database,
  group: CommitGroup,
  { error, ...options }: CommitOptions & { error: StoreError },
): Promise<void> {
  const { batches, ...rest } = group;
  const single = batches.length === 1 && Object.values(rest).every((part) => part.length === 0);
  if (single) return setAside(database, batches[0]!, error.message);
  for (const batch of batches) {
    await storeOrSetAside(database, { ...EMPTY_GROUP, batches: [batch] }, options);
  }
  if (batches.length === 0) throw error;
  await storeOrSetAside(database, { batches: [], ...rest }, options);
}

async function setAside(database: Database, batch: CommitBatch, reason: string): Promise<void> {
  const store = (findings: boolean) =>
    database.transaction((session) => storeQuarantined(session, batch, { reason, findings }));
  try {
    await store(true);
  } catch (error) {
    if (!isRejected(error)) throw error;
    await store(false);
  }
}

function isRejected(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'rejected';
}

/** Smaller parts of a group would become batches of the columnstore that are hardly compressed and slow to read. */
function fillsColumnstore({ batches }: CommitGroup): boolean {
  const agents = new Set(batches.map(({ agentId }) => agentId)).size;
  const events = batches.reduce((sum, batch) => sum + batch.eventCount, 0);
  return agents > 0 && events >= agents * DIRECT_COMPRESS_ROWS_MIN;
}
