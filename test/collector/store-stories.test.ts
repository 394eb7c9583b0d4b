import { randomUUID } from 'node:crypto';
import { Severity } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { Correlator } from '../../collector/src/correlate/correlator.ts';
import { HALF_LIFE_US, RiskLedger, riskAt } from '../../collector/src/correlate/risk.ts';
import { commitGroup } from '../../collector/src/store/commit.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { storeOver } from '../../collector/src/store/open.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAlert, makeBatch, makeIncident, realisticEvents, START_US } from '../support/stores.ts';

const HOUR_US = 3_600_000_000;
const HOUR = { fromUs: START_US, toUs: START_US + HOUR_US };

test('a correlator says what it gave up for lack of room, and nothing while all fits', () => {
  const correlator = new Correlator();
  expect(correlator.notices()).toEqual([]);
  correlator.risk.evicted = 3;
  expect(correlator.notices()).toEqual([
    '3 entities were forgotten for lack of room while active: their risk begins anew',
  ]);
});

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`stories in a store on ${name}`, () => {
    const rig = storeRig(start);

    const count = async (table: string) => (await rig.database.query(`select count(*) as rows from ${table}`))[0]?.rows;
    const detection = (ruleId: string, tactic: string, atUs = START_US) => ({
      ruleId,
      ruleTitle: ruleId,
      severity: Severity.HIGH,
      tactics: [tactic],
      values: { 'source.ip': '192.0.2.77', 'user.name': 'mallory' },
      agentId: '00000000-0000-4000-8000-000000000001',
      entity: 'source.ip=192.0.2.77',
      firstAtUs: atUs,
      lastAtUs: atUs,
    });

    test('keep an entity as it was written last, and each point of its risk once', async () => {
      const ledger = new RiskLedger();
      const alert = makeAlert({ agentName: 'ent-1', values: {}, severity: Severity.HIGH });
      const first = ledger.weigh([alert], START_US);
      const second = ledger.weigh([{ ...alert, count: 16 }], START_US + 1);
      await rig.store.commit(group({ entities: [...second, ...first] }));
      await rig.store.commit(group({ entities: first }));
      await rig.store.commit(group({ entities: [...first, ...second] }));
      const entity = await rig.store.entity({ kind: 'host', name: 'ent-1' });
      expect(entity).toEqual(second[0]);
      const points = await rig.store.riskHistory({ kind: 'host', name: 'ent-1' }, HOUR);
      expect(points).toEqual([
        { atUs: START_US, level: first[0]!.level },
        { atUs: START_US + 1, level: second[0]!.level },
      ]);
      expect(riskAt(points[1]!.level, START_US + 1 + HALF_LIFE_US)).toBeCloseTo(30, 6);
    });

    test('list entities by their risk, whatever names hosts gave, page by page', async () => {
      const names = ['plain', `a"b\\c`, 'käse\u{1f600}', `x'; drop table entities`, 'half \ud83d'];
      const ledger = new RiskLedger();
      const severities = [1, 2, 3, 4, 5];
      for (const [index, user] of names.entries()) {
        const alert = makeAlert({
          agentName: '',
          agentId: '',
          values: { 'user.name': user },
          severity: severities[index]!,
        });
        await rig.store.commit(group({ entities: ledger.weigh([alert], START_US) }));
      }
      const seen: string[] = [];
      for (let after = ''; ; ) {
        const page = await rig.store.entities({ kind: 'user' }, 2, after);
        seen.push(...page.rows.map((entity) => entity.name));
        after = page.next;
        if (!after) break;
      }
      expect(seen).toEqual(names.map((each) => each.toWellFormed()).reverse());
      const forged = Buffer.from('[1,"user","\\u"]').toString('base64url');
      for (const cursor of ['x', forged, Buffer.from('[1e999,"user","a"]').toString('base64url')]) {
        await expect(rig.store.entities({}, 2, cursor)).rejects.toMatchObject({ code: 'rejected' });
      }
    });

    test('move an incident only forward, with its members, and list them by change', async () => {
      const [a, b] = [randomUUID(), randomUUID()];
      const first = makeIncident({ alerts: [a], updatedAtUs: START_US + 10 });
      const second = { ...makeIncident({ ...first, alerts: [a, b] }), revision: 2, severity: 5 };
      const older = makeIncident({ alerts: [a], updatedAtUs: START_US + 5, title: 'a\0b' });
      await rig.store.commit(group({ incidents: [second, first, older] }));
      await rig.store.commit(group({ incidents: [first] }));
      expect(await rig.store.incidentsByIdPrefix(first.id.slice(0, 20))).toEqual([second]);
      const page = await rig.store.incidents({}, 1, '');
      expect(page.rows).toEqual([second]);
      expect((await rig.store.incidents({}, 1, page.next)).rows).toEqual([{ ...older, title: 'a\uFFFDb' }]);
      expect((await rig.store.incidents({ severityMin: 5 }, 9, '')).rows).toEqual([second]);
      expect((await rig.store.incidents({ state: 'closed' }, 9, '')).rows).toEqual([]);
      expect((await rig.store.incidents({ sinceUs: START_US + 10 }, 9, '')).rows).toEqual([second]);
      expect((await rig.store.incidents({ untilUs: START_US + 10 }, 9, '')).rows.map(({ id }) => id)).toEqual([
        older.id,
      ]);
      await expect(rig.store.incidents({}, 9, '1;2')).rejects.toMatchObject({ code: 'rejected' });
      const members = await rig.database.query('select alert_id from incident_alerts where incident_id = $1', [
        first.id,
      ]);
      expect(members).toHaveLength(2);
    });

    test('are stored with the alerts that caused them or not at all', async () => {
      const correlator = new Correlator();
      const context = { nowUs: START_US, agentName: () => 'web-1' };
      const correlated = correlator.correlate(
        [detection('brute', 'credential-access'), detection('cron', 'persistence')],
        context,
      );
      expect(correlated.incidents).toHaveLength(1);
      const agentId = randomUUID();
      const batch = makeBatch({ agentId, events: realisticEvents(3), ...correlated });
      const ids = correlated.alerts.map(({ id }) => id!);
      const stored = async () => [
        (await rig.store.alertsByIdPrefix(ids[0]!)).length,
        (await rig.store.incidentsByIdPrefix(correlated.incidents[0]!.id)).length,
        (await rig.store.riskHistory({ kind: 'address', name: '192.0.2.77' }, HOUR)).length,
        (await rig.store.streamPositions(agentId)).length,
      ];
      // The last thing the transaction writes fails, as if the database had died there.
      const broken: Database = Object.assign(Object.create(rig.database) as Database, {
        kind: rig.database.kind,
        query: rig.database.query.bind(rig.database),
        script: rig.database.script.bind(rig.database),
        transaction: (work: Parameters<Database['transaction']>[0]) =>
          rig.database.transaction(async (session) => {
            const failing = async (sql: string, parameters?: Parameters<typeof session.query>[1]) => {
              if (sql.includes('insert into incidents')) throw new Error('killed');
              return session.query(sql, parameters);
            };
            return work({ ...session, copyIn: session.copyIn.bind(session), query: failing });
          }),
        commit: (...commit: Parameters<Database['commit']>) => commitGroup(broken, ...commit),
      });
      const dying = await storeOver(broken);
      await expect(dying.commit(group({ batches: [batch] }))).rejects.toThrow('killed');
      expect(await stored()).toEqual([0, 0, 0, 0]);
      await rig.store.commit(group({ batches: [batch] }));
      expect(await stored()).toEqual([1, 1, 1, 1]);
      const points = await count('risk_points');
      await rig.store.commit(group({ batches: [batch] }));
      await rig.store.commit(group(correlated));
      expect(await stored()).toEqual([1, 1, 1, 1]);
      expect(await count('risk_points')).toBe(points);
    });

    test('go on after a restart as if there had been none', async () => {
      const context = (nowUs: number) => ({ nowUs, agentName: () => 'web-9' });
      const atUs = START_US + 10 * HOUR_US;
      const [one, two, three] = ['a', 'b', 'c'].map((rule, index) => ({
        ...detection(rule, 'execution', atUs + index),
        values: { 'source.ip': '198.51.100.9' },
      }));
      const before = new Correlator();
      const first = before.correlate([one!, two!], context(atUs));
      await rig.store.commit(group(first));
      const after = await Correlator.load(rig.store, atUs + 1);
      const now = context(atUs + 2);
      const [here, there] = [before.correlate([three!], now), after.correlate([three!], now)];
      const known = here.alerts[0]!.id!;
      const text = JSON.stringify(there).replaceAll(there.alerts[0]!.id!, known);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(here)));
      expect(there.incidents[0]).toMatchObject({ id: first.incidents[0]!.id, revision: 2 });
    });
  });
}
