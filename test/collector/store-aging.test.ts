import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { StreamChain } from '../../collector/src/ingest/admission.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, isTimescale, makeBatch, RETENTION, realisticEvents, START_US } from '../support/stores.ts';

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`what ages out of a store on ${name}`, () => {
    const rig = storeRig(start);

    const rows = async (table: string, agentId: string) =>
      (await rig.database.query(`select count(*) as rows from ${table} where agent_id = $1`, [agentId]))[0]?.rows;

    // TimescaleDB drops evidence by its own clock (store-timescale.test.ts): here only envelopes are looked at.
    const kept = (envelopes: number, evidence: number) => (isTimescale(name) ? [envelopes] : [envelopes, evidence]);
    const keptOf = async (agentId: string) => kept(await rows('envelopes', agentId), await rows('evidence', agentId));

    test('an envelope that has aged out is never stored again, not by its agent and not by the store', async () => {
      const agentId = randomUUID();
      const streamId = randomBytes(16);
      const envelope = (sequence: number, receivedAtUs: number) => ({
        ...makeBatch({ agentId, streamId, sequence, events: realisticEvents(2, receivedAtUs - 10_000_000) }),
        receivedAtUs,
      });
      const later = START_US + 400 * DAY_US;
      const old = [1, 2, 3].map((sequence) => envelope(sequence, START_US));
      const recent = envelope(4, later - DAY_US);
      await rig.store.commit(group({ batches: [...old, recent] }));
      const total = (await rig.store.agentTotals()).get(agentId);
      await rig.store.keepUp(RETENTION, later);
      expect(await keptOf(agentId)).toEqual(kept(1, 1));

      // As its agent sends it again: admission looks at the position, which never ages out.
      const chain = new StreamChain({
        positions: await rig.store.streamPositions(agentId),
        findDigest: (stream, sequence) => rig.store.headerDigest(agentId, stream, sequence),
      });
      expect(chain.lastSequence(streamId)).toBe(4);
      expect(await chain.admit(old[1]!.header)).toEqual({ verdict: 'refuse', code: 'sequence_reordered' });
      expect(await chain.admit(recent.header)).toMatchObject({ verdict: 'duplicate' });

      // As it would reach the store past admission: with others, alone, and as another envelope of that sequence.
      const next = envelope(5, later);
      await rig.store.commit(group({ batches: [old[0]!, old[2]!, next] }));
      await rig.store.commit(group({ batches: [old[1]!] }));
      await rig.store.commit(group({ batches: [envelope(3, later)] }));
      expect(await keptOf(agentId)).toEqual(kept(2, 2));
      expect((await rig.store.agentTotals()).get(agentId)).toEqual({ events: total!.events + 2, lost: 0 });
      expect(await rig.store.streamPositions(agentId)).toMatchObject([{ sequence: 5 }]);
      // Another stream of the agent begins at 1 as ever.
      await rig.store.commit(
        group({ batches: [{ ...makeBatch({ agentId, events: realisticEvents(1, later) }), receivedAtUs: later }] }),
      );
      expect(await rows('envelopes', agentId)).toBe(3);
    });

    test('envelopes stay as long as events need them, where these are kept longer than evidence', async () => {
      const agentId = randomUUID();
      const batch = makeBatch({ agentId, events: realisticEvents(3) });
      await rig.store.commit(group({ batches: [batch] }));
      await rig.store.keepUp({ ...RETENTION, events: 500, evidence: 10 }, START_US + 400 * DAY_US);
      const reference = { agentId, streamId: batch.header.streamId, sequence: 1, index: 2 };
      expect(await keptOf(agentId)).toEqual(kept(1, 0));
      expect(await rig.store.eventsByReference([reference])).toHaveLength(1);
    });

    test('what was set aside and refused goes with the evidence, and never fills the store', async () => {
      const nowUs = START_US + 1000 * DAY_US;
      const add = (count: number, daysAgo: number) =>
        rig.database.script(
          `insert into quarantine(agent_id, stream_id, sequence, received_at, reason, header, signature, payload)
           select '${randomUUID()}', '\\x00', i, to_timestamp(${nowUs / 1e6}) - interval '${daysAgo} days', 'r', '', '', ''
           from generate_series(1, ${count}) i`,
        );
      await add(5, 400);
      await add(10_003, 3);
      const refused = (code: 'chain_broken' | 'agent_unknown', daysAgo: number) =>
        ({ agentId: 'x', code, message: '', atUs: nowUs - daysAgo * DAY_US }) as const;
      await rig.store.commit(group({ refusals: [refused('chain_broken', 400), refused('agent_unknown', 1)] }));
      await rig.store.keepUp(RETENTION, nowUs);
      const [left] = await rig.database.query('select count(*) as rows, min(sequence) as first from quarantine');
      expect(left).toEqual({ rows: 10_000, first: 4 });
      expect((await rig.store.totals()).refusals).toEqual([
        { name: 'agent_unknown', count: 1 },
        { name: 'quarantined', count: 10_000 },
      ]);
    });
  });
}
