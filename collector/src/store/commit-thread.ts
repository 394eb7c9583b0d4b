// The thread in which groups are committed to a server.
import { parentPort, workerData } from 'node:worker_threads';
import { commitGroup } from './commit.ts';
import type { CommitReply, CommitRequest } from './commit-messages.ts';
import { toStoreError } from './database.ts';
import { PostgresDatabase } from './postgres.ts';

const database = new PostgresDatabase((workerData as { url: string }).url);

async function answer({ id, group, ways }: Exclude<CommitRequest, 'close'>): Promise<CommitReply> {
  try {
    await commitGroup(database, group, ways);
    return { id };
  } catch (error) {
    const { code, message } = toStoreError(error, 'the store');
    return { id, error: { code, message } };
  }
}

parentPort!.on('message', async (request: CommitRequest) => {
  if (request !== 'close') return parentPort!.postMessage(await answer(request));
  await database[Symbol.asyncDispose]();
  parentPort!.close();
});
