import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PgliteDatabase } from '../../collector/src/store/pglite.ts';
import { copyWhole, madeOnce } from './made-once.ts';

/** Where `openStore` finds the files of the engine in a directory. */
const DATA = 'pgdata';

/** Makes the directories of embedded stores without a schema, as the engine makes them itself, only quicker. */
export async function emptyPglite(): Promise<(directory: string) => void> {
  const made = await madeOnce('pglite', async (directory) => {
    await using database = new PgliteDatabase(directory);
    await database.query('select 1');
  });
  return (directory) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (made) copyWhole(join(made, DATA), join(directory, DATA));
  };
}
