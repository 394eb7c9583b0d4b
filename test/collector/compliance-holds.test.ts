import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AuditActor } from '../../collector/src/store/audit-entry.ts';
import type { HoldRecord } from '../../collector/src/store/holds.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { logon } from '../support/person.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAlert, makeBatch, START_US } from '../support/stores.ts';

const ADMIN: AuditActor = { kind: 'console', id: 'admin', from: '127.0.0.1:5' };
const RETENTION = { events: 5, evidence: 10, losses: 10, alerts: 10, risk: 10, audit: 10, seriesMinute: 5 };
const LATER_US = START_US + 40 * DAY_US;

let made = 0;
function hold(parts: Partial<HoldRecord>): HoldRecord {
  return {
    id: `hold${made++}`,
    agentId: undefined,
    user: undefined,
    fromUs: 0,
    toUs: Number.MAX_SAFE_INTEGER,
    reason: 'case 4711',
    madeBy: 'admin',
    madeAtUs: START_US,
    removedBy: '',
    removedAtUs: undefined,
    ...parts,
  };
}

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a legal hold on ${name}`, () => {
    // Days of the past are made as days, so that there is one to drop.
    const rig = storeRig(start, { nowUs: START_US });

    const tables = ['events', 'batch_terms', 'evidence', 'losses', 'envelopes', 'alerts', 'detections'] as const;
    const rows = async (agentId: string) => {
      const counts: Record<string, number> = {};
      for (const table of tables) {
        const [row] = await rig.database.query(`select count(*) as rows from ${table} where agent_id = $1`, [agentId]);
        counts[table] = row?.rows;
      }
      return counts;
    };
    const all = (count: number) =>
      Object.fromEntries(tables.map((table) => [table, count * (table === 'events' ? 2 : 1)]));

    /** One batch of two people, with a loss, an alert and a detection. */
    async function host(): Promise<string> {
      const agentId = randomUUID();
      const atUs = START_US;
      const detection = {
        ruleId: agentId,
        severity: 4,
        agentId,
        entity: 'e',
        reason: '',
        firstAtUs: atUs,
        lastAtUs: atUs,
        events: [],
      };
      const batch = makeBatch({
        agentId,
        events: [logon('alice', atUs), logon('bob', atUs + 1)],
        losses: [{ sensor: 's', reason: 'kernel_overrun', count: 1, firstAtUs: atUs, lastAtUs: atUs }],
        detections: [detection],
        alerts: [makeAlert({ agentId, values: { 'user.name': 'alice' } })],
      });
      await rig.store.commit(group({ batches: [batch] }));
      return agentId;
    }

    const keepUp = (atUs = LATER_US) => rig.store.keepUp(RETENTION, atUs);

    test('keeps all that an agent has past its retention, and nothing of another; removed, it goes', async () => {
      const [held, free] = [await host(), await host()];
      await keepUp(START_US + DAY_US);
      const about = hold({ agentId: held });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp();
      await keepUp();
      expect(await rows(held)).toEqual(all(1));
      const others = await rows(free);
      expect(others).toEqual(all(0));
      expect(await rig.store.compliance.removeHold(about, LATER_US, ADMIN)).toBe(true);
      expect(await rig.store.compliance.removeHold(about, LATER_US, ADMIN)).toBe(false);
      const audit = await rig.store.audit(10, '');
      expect(audit.rows.map(({ action, subject }) => [action, subject])).toEqual(
        expect.arrayContaining([
          ['hold.removed', about.id],
          ['hold.added', about.id],
        ]),
      );
      await keepUp();
      expect(await rows(held)).toEqual(all(0));
    });

    test('on a user keeps their events and every envelope of the time', async () => {
      const agentId = await host();
      await keepUp(START_US + DAY_US);
      const about = hold({ user: 'alice' });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp();
      expect(await rows(agentId)).toEqual({ ...all(1), events: 1 });
      await rig.store.compliance.removeHold(about, LATER_US, ADMIN);
    });

    test('on another time keeps nothing', async () => {
      const agentId = await host();
      const about = hold({ agentId, fromUs: START_US + DAY_US });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp();
      expect(await rows(agentId)).toEqual(all(0));
      await rig.store.compliance.removeHold(about, LATER_US, ADMIN);
    });

    test('keeps the audit log of its time', async () => {
      const before = (await rig.store.verifyAudit()).firstSequence;
      const about = hold({ fromUs: 1, agentId: randomUUID() });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp(LATER_US + 100 * DAY_US);
      expect(await rig.store.verifyAudit()).toMatchObject({ firstSequence: before, problem: undefined });
      await rig.store.compliance.removeHold(about, LATER_US, ADMIN);
      await keepUp(LATER_US + 100 * DAY_US);
      const after = await rig.store.verifyAudit();
      expect(after.problem).toBeUndefined();
      expect(after.firstSequence).toBeGreaterThan(before);
    });
  });
}
