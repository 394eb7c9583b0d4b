import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CopyWriter } from '../../collector/src/store/copy-writer.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { StoreError } from '../../collector/src/store/store-error.ts';
import { timestamp } from '../../collector/src/store/values.ts';
import { ENGINES, type EngineUnderTest } from '../support/stores.ts';

// What every Database promises, run on each.
for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a database on ${name}`, () => {
    let engine: EngineUnderTest;
    let database: Database;

    beforeAll(async () => {
      engine = await start();
      database = openDatabase(engine.location());
      await database.script('drop table if exists probe; create table probe(id int8 primary key, t text, b bytea)');
    });

    afterAll(async () => {
      await database?.[Symbol.asyncDispose]();
      await engine?.[Symbol.asyncDispose]();
    });

    test('gives values in the same JavaScript types', async () => {
      const [row] = await database.query(
        `select $1::int8 as big, $2::timestamptz as at, $3::bytea as bytes, $4::text as text, $5::boolean as yes,
           null::text as nothing, 7::int4 as small, 1.5::float8 as real`,
        [9_007_199_254_740_991, timestamp(1_790_000_000_123_456), new Uint8Array([0, 255, 7]), "o'\\%", true],
      );
      expect(row).toEqual({
        big: 9_007_199_254_740_991,
        at: 1_790_000_000_123_456,
        bytes: new Uint8Array([0, 255, 7]),
        text: "o'\\%",
        yes: true,
        nothing: null,
        small: 7,
        real: 1.5,
      });
    });

    test.each([0, 1, 999_999, 1_000_000, 1_790_000_000_000_001, Number.MAX_SAFE_INTEGER])(
      'keeps the time %d to the microsecond',
      async (timeUs) => {
        const [row] = await database.query('select $1::timestamptz as at', [timestamp(timeUs)]);
        expect(row?.at).toBe(timeUs);
      },
    );

    test('takes binary COPY and gives back the same bytes', async () => {
      const large = new Uint8Array(300_000).fill(42);
      const writer = new CopyWriter(16);
      for (const [id, text] of ['ä\u{1f600}', 'a\0b', '\ud800'].entries()) {
        writer.row(3);
        writer.int8(-5_000_000_000 * id);
        writer.text(text);
        if (id === 0) writer.null();
        else writer.bytes(large);
      }
      await database.copyIn('probe', ['id', 't', 'b'], writer.finish());
      expect(await database.query('select * from probe order by id desc')).toEqual([
        { id: 0, t: 'ä\u{1f600}', b: null },
        { id: -5_000_000_000, t: 'a\ufffdb', b: large },
        { id: -10_000_000_000, t: '\ufffd', b: large },
      ]);
    });

    test('undoes a transaction that throws, and goes on', async () => {
      const failing = database.transaction(async (session) => {
        await session.query("insert into probe values (100, 'x', null)");
        throw new StoreError('rejected', 'changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await database.query('select * from probe where id = 100')).toEqual([]);
    });

    test('keeps transactions apart, more of them at once than there are connections', async () => {
      const add = (id: number) =>
        database.transaction(async (session) => {
          await session.query("insert into probe values ($1, 'half', null)", [id]);
          const [row] = await session.query("select count(*) as n from probe where t = 'half'");
          await session.query('update probe set t = $2 where id = $1', [id, String(row?.n)]);
        });
      await Promise.all([200, 201, 202, 203, 204, 205, 206, 207].map(add));
      const rows = await database.query('select t from probe where id >= 200 order by id');
      expect(
        rows.map((row) => row.t),
        'each sees its own row and no other half done',
      ).toEqual(Array(8).fill('1'));
    });

    test.each([
      ['a value that is not of the type', "select 'x'::int8", []],
      ['a key that exists', 'insert into probe select 1, null, null from generate_series(1, 2)', []],
      ['a table that does not', 'select * from nowhere', []],
      ['a NUL in a parameter', 'select $1::text', ['a\0b']],
    ] as const)('rejects %s', async (_, sql, parameters) => {
      await expect(database.query(sql, parameters)).rejects.toMatchObject({ name: 'StoreError', code: 'rejected' });
      expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    });

    test('says unavailable once it is closed', async () => {
      const closed = openDatabase(engine.location());
      await closed.query('select 1');
      await closed[Symbol.asyncDispose]();
      await closed[Symbol.asyncDispose]();
      await expect(closed.query('select 1')).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    });
  });
}
