import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AuditActor } from '../../collector/src/store/audit-entry.ts';
import type { HoldRecord } from '../../collector/src/store/holds.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { logon } from '../support/person.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, isTimescale, makeAlert, makeBatch, START_US } from '../support/stores.ts';
import { runPolicies, stopWorkers } from '../support/timescale.ts';

const ADMIN: AuditActor = { kind: 'console', id: 'admin', from: '127.0.0.1:5' };
const RETENTION = { events: 5, evidence: 10, losses: 10, alerts: 10, risk: 10, audit: 10, seriesMinute: 5 };
const LATER_DAYS = 40;

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
    madeAtUs: 1,
    removedBy: '',
    removedAtUs: undefined,
    ...parts,
  };
}

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a legal hold on ${name}`, () => {
    // Policies of TimescaleDB go by the clock of the server.
    const todayUs = Math.floor((Date.now() * 1000) / DAY_US) * DAY_US;
    const startUs = isTimescale(name) ? todayUs - LATER_DAYS * DAY_US : START_US;
    const laterUs = startUs + LATER_DAYS * DAY_US;
    // Days of the past are made as days, so that there is one to drop.
    const rig = storeRig(start, {
      nowUs: startUs,
      fill: async ({ database }) => isTimescale(name) && (await stopWorkers(database)),
    });

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
    /** Of a chunk nothing goes as long as anything in it is held. */
    const besideHeld = (parts: Record<string, number>) =>
      isTimescale(name) ? { ...parts, events: 2, batch_terms: 1, evidence: 1, losses: 1 } : parts;

    /** One batch of two people, with a loss, an alert and a detection. */
    async function host(atUs = startUs): Promise<string> {
      const agentId = randomUUID();
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
        alerts: [
          makeAlert({ agentId, values: { 'user.name': 'alice' }, firstAtUs: atUs, lastAtUs: atUs, updatedAtUs: atUs }),
        ],
      });
      await rig.store.commit(group({ batches: [{ ...batch, receivedAtUs: atUs }] }));
      return agentId;
    }

    const keepUp = async (atUs = laterUs) => {
      await rig.store.keepUp(RETENTION, atUs);
      if (isTimescale(name) && atUs >= laterUs) await runPolicies(rig.database, 'policy_retention');
    };

    test('keeps all that an agent has past its retention, and nothing of another; removed, it goes', async () => {
      const [held, free, freeDay] = [await host(), await host(), await host(startUs - 2 * DAY_US)];
      await keepUp(startUs + DAY_US);
      const about = hold({ agentId: held });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp();
      await keepUp();
      expect(await rows(held)).toEqual(all(1));
      expect(await rows(freeDay)).toEqual(all(0));
      expect(await rows(free)).toEqual(besideHeld(all(0)));
      expect(await rig.store.compliance.removeHold(about, laterUs, ADMIN)).toBe(true);
      expect(await rig.store.compliance.removeHold(about, laterUs, ADMIN)).toBe(false);
      const audit = await rig.store.audit(10, '');
      expect(audit.rows.map(({ action, subject }) => [action, subject])).toEqual(
        expect.arrayContaining([
          ['hold.removed', about.id],
          ['hold.added', about.id],
        ]),
      );
      await keepUp();
      expect(await rows(held)).toEqual(all(0));
      expect(await rows(free)).toEqual(all(0));
    });

    test('on a user keeps their events and every envelope of the time', async () => {
      const agentId = await host();
      await keepUp(startUs + DAY_US);
      const about = hold({ user: 'alice' });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp();
      expect(await rows(agentId)).toEqual(besideHeld({ ...all(1), events: 1 }));
      await rig.store.compliance.removeHold(about, laterUs, ADMIN);
    });

    test('on another time keeps nothing', async () => {
      const agentId = await host();
      const about = hold({ agentId, fromUs: startUs + DAY_US });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp();
      expect(await rows(agentId)).toEqual(all(0));
      await rig.store.compliance.removeHold(about, laterUs, ADMIN);
    });

    test('keeps the audit log of its time', async () => {
      const before = (await rig.store.verifyAudit()).firstSequence;
      const about = hold({ fromUs: 1, agentId: randomUUID() });
      await rig.store.compliance.addHold(about, ADMIN);
      await keepUp(laterUs + 100 * DAY_US);
      expect(await rig.store.verifyAudit()).toMatchObject({ firstSequence: before, problem: undefined });
      await rig.store.compliance.removeHold(about, laterUs, ADMIN);
      await keepUp(laterUs + 100 * DAY_US);
      const after = await rig.store.verifyAudit();
      expect(after.problem).toBeUndefined();
      expect(after.firstSequence).toBeGreaterThan(before);
    });
  });
}
