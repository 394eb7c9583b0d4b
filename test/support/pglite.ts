import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../collector/src/store/open.ts';
import { copyWhole, madeOnce } from './made-once.ts';

/** Where `openStore` finds the files of the engine in a directory. */
const DATA = 'pgdata';

/** Makes the directories of embedded stores that nothing was ever written to, as the first start makes them, only quicker. */
export async function emptyPglite(): Promise<(directory: string) => void> {
  const made = await madeOnce('pglite', async (directory) => {
    await using store = await openStore({ url: '', directory });
    await store.ping(AbortSignal.timeout(10_000));
  });
  return (directory) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (made) copyWhole(join(made, DATA), join(directory, DATA));
  };
}
