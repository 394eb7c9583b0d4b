import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storeOver } from '../../collector/src/store/open.ts';
import { PgliteDatabase } from '../../collector/src/store/pglite.ts';
import { group, makeBatch, realisticEvents } from '../support/stores.ts';

const MIB = 1024 * 1024;

/** A file system of its own that can be filled; undefined where we may not mount one. */
function mountSmallDisk() {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', directory]).status === 0;
  const unmount = () => {
    if (mounted) execFileSync('umount', [directory]);
    rmdirSync(directory);
  };
  if (!mounted) unmount();
  return mounted ? { directory, unmount } : undefined;
}

test('a full disk makes the embedded store unavailable, and room again makes it go on, nothing lost or twice (needs mount)', async ({
  skip,
}) => {
  const disk = mountSmallDisk();
  if (!disk) return skip('needs the right to mount a tmpfs');
  const { directory, unmount } = disk;
  try {
    const limits = { statementMsMax: 5_000, startMsMax: 30_000 };
    await using store = await storeOver(new PgliteDatabase(join(directory, 'store'), limits));
    const filler = join(directory, 'filler');
    const { bavail, bsize } = statfsSync(directory);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 4 * MIB));

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

    rmSync(filler);
    await commit(acknowledged + 1);
    await commit(acknowledged + 1);
    expect(await store.totals()).toMatchObject({ events: (acknowledged + 1) * 500, envelopes: acknowledged + 1 });
  } finally {
    unmount();
  }
}, 120_000);
