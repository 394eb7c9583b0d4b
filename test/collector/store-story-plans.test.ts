import { describe, expect, test } from 'vitest';
import { explainedStoreRig } from '../support/store-rig.ts';
import { ENGINES, START_US } from '../support/stores.ts';

const ROWS = 20_000;
const FILL = `
  insert into entities select 'user', 'u' || i, 80000 + i / 1000.0, '[]', now(), now(), now(), 0, now()
    from generate_series(1, ${ROWS}) i;
  insert into risk_points select 'user', 'u' || i % 100, to_timestamp(${START_US / 1e6} + i), 80000
    from generate_series(1, ${ROWS}) i;
  insert into incidents select 'id' || i, 1, 't', 4, 'open', '{}', '[]', '[]', now(), now(), now(),
    to_timestamp(${START_US / 1e6} + i) from generate_series(1, ${ROWS}) i;
  insert into audit select i, to_timestamp(${START_US / 1e6} + i), 'collector', '', '', 'a', 's', '', '', '\\x00', '\\x00'
    from generate_series(1, ${ROWS}) i;
  analyze entities, risk_points, incidents, audit`;

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`how ${name} reads ${ROWS} of each kind of story`, () => {
    const rig = explainedStoreRig(start, {
      fill: async ({ database }) => {
        await database.script(FILL);
      },
    });

    const u42 = { kind: 'user', name: 'u42' } as const;
    const entitiesAfter = Buffer.from('[80010,"user","u5"]').toString('base64url');
    test.each<[string, (limit: number) => Promise<{ rows: unknown[] }>, string]>([
      ['entities by risk', (limit) => rig.store.entities({}, limit, ''), 'entities_by_level'],
      [
        'entities of a kind, deep in the list',
        (limit) => rig.store.entities({ kind: 'user' }, limit, entitiesAfter),
        'entities_by_level',
      ],
      ['incidents by change', (limit) => rig.store.incidents({}, limit, ''), 'incidents_by_time'],
      [
        'incidents, deep in the list',
        (limit) => rig.store.incidents({}, limit, `${START_US + 9_000_000_000}.id9000`),
        'incidents_by_time',
      ],
      ['the audit log', (limit) => rig.store.audit(limit, ''), 'audit_pkey'],
      [
        'incidents of a day long ago',
        (limit) => rig.store.incidents({ sinceUs: START_US, untilUs: START_US + 2_000_000_000 }, limit, ''),
        'incidents_by_time',
      ],
      [
        'the audit log of a day long ago',
        (limit) => rig.store.audit(limit, '', { sinceUs: START_US, untilUs: START_US + 2_000_000_000 }),
        'audit_by_time',
      ],
      ['the audit log, deep in it', (limit) => rig.store.audit(limit, '9000'), 'audit_pkey'],
    ])('%s: a bounded page, by its index', async (_, read, index) => {
      rig.database.forget();
      const { rows } = await read(50);
      expect(rows).toHaveLength(50);
      const plan = rig.database.reads.flatMap(({ nodes }) => nodes);
      expect(plan.map((node) => node['Index Name'])).toContain(index);
      expect(plan.filter((node) => node['Node Type'].endsWith('Seq Scan'))).toEqual([]);
      expect((await read(1e9)).rows).toHaveLength(1_000);
    });

    test('one entity, its risk, and an incident by the beginning of its id: by their keys', async () => {
      rig.database.forget();
      const span = { fromUs: START_US, toUs: START_US + 1e12 };
      expect(await rig.store.riskHistory(u42, span)).toHaveLength(200);
      expect(await rig.store.entity(u42)).toMatchObject(u42);
      expect(await rig.store.incidentsByIdPrefix('id1999')).toHaveLength(10);
      const plan = rig.database.reads.flatMap(({ nodes }) => nodes);
      expect(plan.filter((node) => node['Node Type'].endsWith('Seq Scan'))).toEqual([]);
    });
  });
}
