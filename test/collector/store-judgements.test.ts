import { randomUUID } from 'node:crypto';
import { type Detection, Severity, Verdict, Withheld } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import type { AuditActor } from '../../collector/src/store/audit-entry.ts';
import type { ExceptionRecord } from '../../collector/src/store/judgement-store.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAlert, START_US } from '../support/stores.ts';

const BY: AuditActor = { kind: 'console', id: 'admin', from: '192.0.2.1:5' };
const DAY_US = 86_400_000_000;
const exception = (more: Partial<ExceptionRecord> = {}): ExceptionRecord => ({
  id: randomUUID().replaceAll('-', ''),
  ruleId: 'curl-ran',
  ruleTitle: 'curl ran',
  conditions: [{ field: 'user.name', value: `a"b\\c\0\ud83d %_*'` }],
  reason: 'nightly',
  alertId: '01alert',
  madeBy: 'admin',
  madeAtUs: START_US,
  expiresAtUs: START_US + DAY_US,
  removedBy: '',
  removedAtUs: undefined,
  hidden: 0,
  lastHiddenAtUs: undefined,
  ...more,
});
const detection = (ruleId: string, atUs: number, more: Detection = {}): Detection => ({
  ruleId,
  severity: Severity.LOW,
  agentId: '00000000-0000-4000-8000-000000000001',
  entity: 'user.name=root',
  values: { 'user.name': 'root' },
  firstAtUs: atUs,
  lastAtUs: atUs,
  ...more,
});
async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`judgements in a store on ${name}`, () => {
    const rig = storeRig(start);
    const judgements = () => rig.store.judgements;

    it('keep an exception letter for letter, also when it has ended', async () => {
      const made = exception();
      const forEver = exception({ expiresAtUs: undefined, madeAtUs: START_US + 1 });
      await judgements().addException(made, BY);
      await judgements().addException(forEver, BY);
      expect(await judgements().exceptions(START_US)).toEqual([forEver, made]);
      expect(await judgements().exceptions(START_US + DAY_US)).toEqual([forEver]);
      const removed = { ...forEver, removedBy: 'admin', removedAtUs: START_US + 2 };
      expect(await judgements().removeException(forEver.id, START_US + 2, BY)).toEqual(removed);
      expect(await judgements().removeException(forEver.id, START_US + 3, BY)).toBeUndefined();
      expect(await judgements().exceptions(START_US)).toEqual([made]);
      expect(await judgements().exceptions()).toEqual([removed, made]);
      expect(await judgements().exceptionsByIdPrefix(made.id.slice(0, 20))).toEqual([made]);
      expect(await judgements().exceptionsByIdPrefix('%')).toEqual([]);
      const { rows } = await rig.store.audit(3, '');
      expect(rows.map(({ action }) => action)).toEqual(['exception.removed', 'exception.made', 'exception.made']);
      expect((await rig.store.verifyAudit()).problem).toBeUndefined();
    });

    it('give no conditions for what nobody stored', async () => {
      for (const conditions of ['', '{}', '[1]', '[{"field":"a"}]', 'null']) {
        const { id, ...made } = exception({ alertId: conditions });
        await judgements().addException({ id, ...made }, BY);
        await rig.database.query('update exceptions set conditions = $2 where id = $1', [id, conditions]);
        expect((await judgements().exceptionsByIdPrefix(id))[0]!.conditions).toEqual([]);
        await judgements().removeException(id, START_US, BY);
      }
    });

    it('count what an exception hides once, however often a group comes', async () => {
      const made = exception();
      await judgements().addException(made, BY);
      const hidden = (atUs: number) =>
        detection('hidden', atUs, { verdict: Verdict.VERDICT_EXCEPTED, verdictBy: made.id });
      const first = group({ detections: [hidden(START_US), hidden(START_US + 2), detection('hidden', START_US)] });
      await rig.store.commit(first);
      await rig.store.commit(first);
      await rig.store.commit(group({ detections: [hidden(START_US + 1)] }));
      const [now] = await judgements().exceptionsByIdPrefix(made.id);
      expect(now).toMatchObject({ hidden: 3, lastHiddenAtUs: START_US + 2 });
      const kept = await judgements().hiddenBy(made.id, 2);
      expect(kept.map(({ lastAtUs, verdictBy }) => [lastAtUs, verdictBy])).toEqual([
        [START_US + 2, made.id],
        [START_US + 1, made.id],
      ]);
    });

    it('give the detections of a rule newest first, page after page, and when each entity was alerted about last', async () => {
      const detections = Array.from({ length: 2_100 }, (_, index) =>
        detection('many', START_US + Math.floor(index / 3), { entity: `user.name=${index}` }),
      );
      await rig.store.commit(
        group({ detections: [...detections, detection('many', START_US - 1), detection('few', START_US)] }),
      );
      const rows = await all(judgements().detectionsOf('many', START_US));
      expect(rows).toHaveLength(2_100);
      expect(new Set(rows.map((row) => row.detection.entity)).size).toBe(2_100);
      expect(rows.map((row) => row.lastAtUs)).toEqual(rows.map((row) => row.lastAtUs).sort((a, b) => b - a));

      const suppressed = detection('last', START_US + 9, { verdict: Verdict.VERDICT_SUPPRESSED });
      const [root, fleet] = [detection('last', START_US + 5), detection('last', START_US + 7, { agentId: '' })];
      await rig.store.commit(group({ detections: [detection('last', START_US), root, fleet, suppressed] }));
      expect(await judgements().lastAlerted('last', START_US - 1, 10)).toEqual([
        { ruleId: 'last', agentId: '', entity: 'user.name=root', lastAtUs: START_US + 7 },
        { ruleId: 'last', agentId: root.agentId, entity: 'user.name=root', lastAtUs: START_US + 5 },
      ]);
      const about = { ruleId: 'last', entity: 'user.name=root', firstAtUs: START_US };
      expect(await judgements().suppressedLike(makeAlert({ ...about, agentId: root.agentId! }))).toBe(1);
      expect(await judgements().suppressedLike(makeAlert({ ...about, agentId: '' }))).toBe(0);
    });

    it('keep what is withheld apart, through later revisions, until it is shown again', async () => {
      const [shown, apart] = [makeAlert({ agentName: 'pile' }), makeAlert({ agentName: 'pile', withheld: true })];
      const at = (alertId: string, withheld: boolean) => ({ alertId, withheld, atUs: START_US });
      await rig.store.commit(group({ alerts: [shown, apart], pile: [at(apart.id!, true)] }));
      const ids = async (withheld: Withheld) =>
        (await rig.store.alerts({ agent: 'pile', withheld }, 10, '')).rows.map((each) => [
          each.id,
          Boolean(each.withheld),
        ]);
      expect(await ids(Withheld.WITHHELD_LEFT_OUT)).toEqual([[shown.id, false]]);
      expect(await ids(Withheld.WITHHELD_ONLY)).toEqual([[apart.id, true]]);
      expect(await ids(Withheld.WITHHELD_INCLUDED)).toHaveLength(2);
      await rig.store.commit(group({ alerts: [{ ...apart, revision: 2, withheld: false }] }));
      expect(await ids(Withheld.WITHHELD_ONLY)).toEqual([[apart.id, true]]);
      expect(await judgements().withheldOpen()).toBe(1);
      expect((await rig.store.totals()).alertsWithheld).toBe(1);
      await rig.store.commit(group({ pile: [at(apart.id!, false), at(shown.id!, true), at(apart.id!, false)] }));
      expect(await ids(Withheld.WITHHELD_ONLY)).toEqual([[shown.id, true]]);
      const days = await judgements().alertsOfDay(START_US);
      expect(
        days.filter(({ agentName }) => agentName === 'pile').map((each) => [each.id, Boolean(each.withheld)]),
      ).toEqual(
        expect.arrayContaining([
          [shown.id, true],
          [apart.id, false],
        ]),
      );
    });

    it('do not withhold what somebody has taken up', async () => {
      const taken = makeAlert({ agentName: 'taken', state: 2 });
      await rig.store.commit(
        group({ alerts: [taken], pile: [{ alertId: taken.id!, withheld: true, atUs: START_US }] }),
      );
      expect((await rig.store.alerts({ agent: 'taken' }, 10, '')).rows).toHaveLength(1);
    });

    it('keep one budget, and who set it', async () => {
      expect(await judgements().budget()).toBeUndefined();
      await judgements().setBudget(40, START_US, BY);
      await judgements().setBudget(0, START_US + 1, BY);
      expect(await judgements().budget()).toEqual({ perDay: 0, setBy: 'admin', setAtUs: START_US + 1 });
      const { rows } = await rig.store.audit(2, '');
      expect(rows.map(({ before, after }) => [before, after])).toEqual([
        ['{"perDay":40}', '{"perDay":0}'],
        ['', '{"perDay":40}'],
      ]);
    });

    it('give an alert as it was at a revision', async () => {
      const alert = makeAlert({ values: { 'user.name': 'one' } });
      await rig.store.commit(group({ alerts: [alert, { ...alert, revision: 2, values: { 'user.name': 'two' } }] }));
      expect((await judgements().alertRevision(alert.id!, 1))!.values).toEqual({ 'user.name': 'one' });
      expect(await judgements().alertRevision(alert.id!, 3)).toBeUndefined();
    });
  });
}
