import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../collector/src/store/open.ts';
import { PgliteDatabase } from '../../collector/src/store/pglite.ts';
import { copyWhole, madeOnce } from './made-once.ts';

/** Where `openStore` finds the files of the engine in a directory. */
const DATA = 'pgdata';

/** Makes the directories of embedded stores that nothing was ever written to, as the first start makes them, only quicker. */
export function emptyPglite(): Promise<(directory: string) => void> {
  return copiesOf('pglite-store', async (directory) => {
    await using store = await openStore({ url: '', directory });
    await store.ping(AbortSignal.timeout(10_000));
  });
}

/** The same without a schema. */
export function barePglite(): Promise<(directory: string) => void> {
  return copiesOf('pglite', async (directory) => {
    await using database = new PgliteDatabase(directory);
    await database.query('select 1');
  });
}

async function copiesOf(
  name: string,
  make: (directory: string) => Promise<void>,
): Promise<(directory: string) => void> {
  const made = await madeOnce(name, make);
  return (directory) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (made) copyWhole(join(made, DATA), join(directory, DATA));
  };
}
