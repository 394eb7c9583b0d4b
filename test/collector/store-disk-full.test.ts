import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storeOver } from '../../collector/src/store/open.ts';
import { PgliteDatabase } from '../../collector/src/store/pglite.ts';
import { emptyPglite } from '../support/pglite.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { group, makeBatch, realisticEvents } from '../support/stores.ts';

const DISK_MIB = 160;
/** What is left when the disk is filled: some commits. */
const LEFT_MIB = 4;

test('a full disk makes the embedded store unavailable, and room again makes it go on, nothing lost or twice (needs mount)', async ({
  skip,
}) => {
  using disk = SmallDisk.mount(DISK_MIB);
  if (!disk) return skip('needs the right to mount a tmpfs');
  const limits = { statementMsMax: 5_000, startMsMax: 30_000 };
  const directory = join(disk.directory, 'store');
  (await emptyPglite())(directory);
  await using store = await storeOver(new PgliteDatabase(directory, limits));
  disk.fill(LEFT_MIB);

  const agentId = randomUUID();
  const streamId = randomBytes(16);
  const commit = (sequence: number) =>
    store.commit(group({ batches: [makeBatch({ agentId, streamId, sequence, events: realisticEvents(500) })] }));
  const refusals: unknown[] = [];
  let acknowledged = 0;
  while (refusals.length < 2) {
    await commit(acknowledged + 1).then(
      () => acknowledged++,
      (error) => refusals.push(error),
    );
  }
  expect(refusals).toMatchObject([{ code: 'unavailable' }, { code: 'unavailable' }]);

  disk.free();
  await commit(acknowledged + 1);
  await commit(acknowledged + 1);
  expect(await store.totals()).toMatchObject({ events: (acknowledged + 1) * 500, envelopes: acknowledged + 1 });
});
