import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, readMigrations } from '../../collector/src/store/migrate.ts';
import { openDatabase, openStore } from '../../collector/src/store/open.ts';
import { ENGINES, type EngineUnderTest } from '../support/stores.ts';

const step = (version: number, sql: string) => ({ version, name: `${version}.sql`, sql, digest: sql });
const first = step(1, 'create table one(a int)');

for (const { name, available, start } of ENGINES.filter((each) => !each.name.startsWith('timescale'))) {
  describe.skipIf(!available)(`the schema on ${name}`, () => {
    let engine: EngineUnderTest;

    beforeAll(async () => {
      engine = await start();
    });

    afterAll(async () => {
      await engine?.[Symbol.asyncDispose]();
    });

    test('goes forward step by step, each once, and none by half', async () => {
      await using database = openDatabase(engine.bare());
      await migrate(database, [first]);
      const broken = step(2, 'create table two(a int); select 1/0');
      await expect(migrate(database, [first, broken])).rejects.toThrow('division by zero');
      const [half] = await database.query("select to_regclass('two')::text as two");
      expect(half).toEqual({ two: null });
      await migrate(database, [first, step(2, 'create table two(a int)'), step(3, 'insert into two values (3)')]);
      expect(await database.query('select * from two')).toEqual([{ a: 3 }]);
      expect(await database.query('select version from schema_migrations order by 1')).toHaveLength(3);
    });

    test('is refused where it is newer than this collector, or a step has changed', async () => {
      await using database = openDatabase(engine.bare());
      await migrate(database, [first, step(2, 'create table two(a int)')]);
      const older = migrate(database, [first]);
      await expect(older).rejects.toMatchObject({ code: 'rejected' });
      await expect(older).rejects.toThrow('schema version 2, this collector knows up to 1: use a newer collector');
      const changed = migrate(database, [step(1, 'create table one(b int)'), step(2, 'create table two(a int)')]);
      await expect(changed).rejects.toThrow('1.sql is not what was applied');
    });

    test('opens again with what it has', async () => {
      const location = engine.bare();
      await (await openStore(location))[Symbol.asyncDispose]();
      await using store = await openStore(location);
      expect(await store.totals()).toMatchObject({ events: 0 });
    });

    test.skipIf(name === 'pglite')('is made once when two collectors start at once', async () => {
      const location = engine.bare();
      const stores = await Promise.all([openStore(location), openStore(location), openStore(location)]);
      await using database = openDatabase(location);
      const rows = await database.query('select version from schema_migrations');
      expect(rows).toHaveLength(readMigrations().length);
      for (const store of stores) await store[Symbol.asyncDispose]();
    });
  });
}
