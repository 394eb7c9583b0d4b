// Faults of our own code, met while a group is stored: the fleet goes on, the culprit is kept with its reason and counted.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Detection } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import type { StorableBatch } from '../../collector/src/batch.ts';
import type { Parameter } from '../../collector/src/store/database.ts';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { Writer } from '../../collector/src/store/writer.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, makeAlert, makeBatch, realisticEvents, startPglite } from '../support/stores.ts';

/** A detection no code of ours makes: reading it is a TypeError. */
const BROKEN = null as unknown as Detection;

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a fault of the collector, on ${name}`, () => {
    const rig = storeRig(start);

    const stored = async (agentId: string) => (await rig.store.agentTotals()).get(agentId)?.events;

    function writer() {
      const problems: (string | undefined)[] = [];
      const parts = { store: rig.store, lossyAgents: new Set<string>() };
      return { problems, writer: new Writer({ ...parts, stateChanged: (problem) => problems.push(problem) }) };
    }

    function threeBatches(spoil: (second: StorableBatch) => StorableBatch) {
      const agentId = randomUUID();
      const streamId = randomBytes(16);
      const batches = [1, 2, 3].map((sequence) =>
        toStorable(
          makeBatch({ agentId, streamId, sequence, events: realisticEvents(5), alerts: [makeAlert({ agentId })] }),
        ),
      );
      batches[1] = spoil(batches[1]!);
      return { agentId, batches };
    }

    test('sets aside the batch it is met in, and keeps what stands beside it', async () => {
      const { agentId, batches } = threeBatches((second) => ({ ...second, detections: [BROKEN] }));
      const { writer: into, problems } = writer();
      await Promise.all(batches.map((batch) => into.write({ batch })));
      await into[Symbol.asyncDispose]();
      expect(problems).toEqual([]);
      expect(await stored(agentId)).toBe(10);
      expect(await rig.store.streamPositions(agentId)).toMatchObject([{ sequence: 3 }]);
      const aside = await rig.database.query('select sequence, reason, payload from quarantine where agent_id = $1', [
        agentId,
      ]);
      expect(aside).toMatchObject([{ sequence: 2, payload: new Uint8Array(batches[1]!.payload) }]);
      expect(aside[0]?.reason).toMatch(/^a fault of the collector: TypeError/);
      expect((await rig.store.totals()).refusals).toContainEqual({ name: 'quarantined', count: 1 });
    });

    test('refuses the batch that not even the quarantine takes, and counts it with its reason', async () => {
      const { agentId, batches } = threeBatches(({ header, ...second }) => ({
        ...second,
        header: { ...header, headerDigest: BROKEN as never },
      }));
      const { writer: into } = writer();
      const written = await Promise.allSettled(batches.map((batch) => into.write({ batch })));
      expect(written).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { name: 'StoreError', code: 'rejected' } },
        { status: 'fulfilled' },
      ]);
      await into[Symbol.asyncDispose]();
      expect(await stored(agentId)).toBe(10);
      const refused = await rig.database.query('select code, count, last_message from refusals where agent_id = $1', [
        agentId,
      ]);
      expect(refused).toMatchObject([{ code: 'payload_malformed', count: 1 }]);
      expect(refused[0]?.last_message).toMatch(/^a fault of the collector: TypeError/);
    });

    test('sets aside the batch that could not be analysed, in its place between the others', async () => {
      const { agentId, batches } = threeBatches((second) => ({
        ...second,
        fault: 'a fault of the collector: made up',
      }));
      const { writer: into } = writer();
      await Promise.all(batches.map((batch) => into.write({ batch })));
      await into[Symbol.asyncDispose]();
      expect(await stored(agentId)).toBe(10);
      expect(await rig.store.streamPositions(agentId)).toMatchObject([{ sequence: 3 }]);
      const aside = await rig.database.query('select sequence, reason from quarantine where agent_id = $1', [agentId]);
      expect(aside).toEqual([{ sequence: 2, reason: 'a fault of the collector: made up' }]);
    });

    test('does not keep alerts without a batch from being stored beside the one it is met in', async () => {
      const [good, bad] = [makeAlert(), makeAlert({ techniques: 7 as never })];
      const { writer: into } = writer();
      const written = await Promise.allSettled([bad, good].map((alert) => into.write({ alerts: [alert] })));
      expect(written.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
      expect(await rig.store.alertsByIdPrefix(good.id!)).toHaveLength(1);
      await into[Symbol.asyncDispose]();
    });
  });
}

test('a value no thread can be given is rejected, however often, and the embedded store goes on', async () => {
  await using engine = await startPglite();
  await using database = openDatabase(engine.location());
  // More than may wait at once: none of them does.
  for (let turn = 0; turn < 1_100; turn++) {
    const asked = database.query('select $1', [(() => turn) as unknown as Parameter]);
    await expect(asked).rejects.toMatchObject({ name: 'StoreError', code: 'rejected' });
  }
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
});
