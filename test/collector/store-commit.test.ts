import { randomBytes, randomUUID } from 'node:crypto';
import { type Alert, AlertState, HostEvent } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, isTimescale, makeAlert, makeBatch, realisticEvents, START_US } from '../support/stores.ts';

async function collect<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a store on ${name}`, () => {
    const rig = storeRig(start);

    const eventsOf = async (agentId: string) => {
      const { rows } = await rig.store.searchEvents({ filters: [{ field: 'agent.id', value: agentId }] }, 5_000, '');
      return rows;
    };

    test('keeps events whole', async () => {
      const batch = makeBatch({ agentId: randomUUID(), events: realisticEvents(50) });
      await rig.store.commit(group({ batches: [batch] }));
      const stored = await eventsOf(batch.agentId);
      expect(stored.map(({ reference }) => reference?.index)).toEqual(Array.from({ length: 50 }, (_, i) => 49 - i));
      for (const { event, reference, eventAtUs, receivedAtUs } of stored) {
        const sent = batch.events[reference!.index!]!;
        expect(HostEvent.encode(event!).finish()).toEqual(HostEvent.encode(sent).finish());
        expect(eventAtUs).toBe(sent.observedAtUs);
        expect(receivedAtUs).toBe(batch.receivedAtUs);
      }
    });

    test('adds nothing for a batch that is stored already, in the same group or a later one', async () => {
      const agentId = randomUUID();
      const losses = [{ sensor: 'spool', reason: 'spool_overflow', count: 3, firstAtUs: START_US, lastAtUs: START_US }];
      const first = makeBatch({ agentId, events: realisticEvents(3), losses, alerts: [makeAlert({ agentId })] });
      const second = makeBatch({ agentId, events: realisticEvents(2), streamId: first.header.streamId, sequence: 2 });
      await rig.store.commit(group({ batches: [first, first] }));
      await rig.store.commit(group({ batches: [first, second] }));
      await rig.store.commit(group({ batches: [second, first] }));
      expect(await eventsOf(agentId)).toHaveLength(5);
      expect((await rig.store.agentTotals()).get(agentId)).toEqual({ events: 5, lost: 3 });
      const headerDigest = new Uint8Array(second.header.headerDigest);
      const position = { streamId: new Uint8Array(first.header.streamId), sequence: 2, headerDigest };
      expect(await rig.store.streamPositions(agentId)).toEqual([position]);
      const digest = await rig.store.headerDigest(agentId, first.header.streamId, 1);
      expect(digest).toEqual(new Uint8Array(first.header.headerDigest));
      expect(await rig.store.headerDigest(agentId, first.header.streamId, 3)).toBeUndefined();
    });

    test('keeps header, signature and payload as they came', async () => {
      const batch = makeBatch({ agentId: randomUUID(), events: realisticEvents(4) });
      await rig.store.commit(group({ batches: [batch] }));
      const sql = 'select header, signature, payload from evidence where agent_id = $1';
      expect(await rig.database.query(sql, [batch.agentId])).toEqual([
        {
          header: new Uint8Array(batch.headerBytes),
          signature: new Uint8Array(batch.signature),
          payload: new Uint8Array(batch.payload),
        },
      ]);
    });

    test('moves an alert only forward, and queues each revision once', async () => {
      const alert = makeAlert();
      const revised: Alert = { ...alert, revision: 2, state: AlertState.ACKNOWLEDGED, updatedAtUs: START_US + 1 };
      await rig.store.commit(group({ alerts: [alert] }));
      await rig.store.commit(group({ alerts: [revised, alert] }));
      await rig.store.commit(group({ alerts: [alert] }));
      const [stored] = await rig.store.alertsByIdPrefix(alert.id!.slice(0, 12));
      expect(stored).toMatchObject({ revision: 2, state: AlertState.ACKNOWLEDGED });
      const mine = async () => (await rig.store.outbox(1000)).filter((row) => row.alert.id === alert.id);
      expect((await mine()).map((row) => row.alert.revision)).toEqual([1, 2]);
      await rig.store.removeFromOutbox((await mine()).map((row) => row.id));
      await rig.store.commit(group({ alerts: [alert, revised] }));
      expect(await mine()).toEqual([]);
    });

    test('keeps alerts whose texts were cut inside a character, and those with NUL', async () => {
      const alert = makeAlert({ reason: 'cut \ud83d', values: { 'user.name': 'a\0b\ud83d' }, title: '\0' });
      await rig.store.commit(group({ alerts: [alert] }));
      const [stored] = await rig.store.alertsByIdPrefix(alert.id!);
      expect(stored).toMatchObject({ reason: 'cut \ufffd', title: '\0', values: { 'user.name': 'a\0b\ufffd' } });
      expect((await rig.store.outbox(1000)).map((row) => row.alert.id)).toContain(alert.id);
    });

    test('queues alerts in the order they were committed', async () => {
      const alerts = Array.from({ length: 20 }, () => makeAlert());
      await rig.store.commit(group({ alerts: alerts.slice(0, 12) }));
      await rig.store.commit(group({ alerts: alerts.slice(12) }));
      const ids = (await rig.store.outbox(1000)).map((row) => row.alert.id);
      expect(ids.slice(-20)).toEqual(alerts.map((alert) => alert.id));
    });

    test('counts refusals by code, of agents with any name', async () => {
      const refused = (code: 'chain_broken' | 'agent_unknown', agentId: string) =>
        ({ agentId, code, message: 'a\0b', atUs: START_US }) as const;
      const refusals = [refused('chain_broken', 'x'), refused('chain_broken', 'x'), refused('agent_unknown', 'a\0')];
      await rig.store.commit(group({ refusals }));
      await rig.store.commit(group({ refusals: [refused('chain_broken', 'y')] }));
      expect((await rig.store.totals()).refusals).toEqual([
        { name: 'agent_unknown', count: 1 },
        { name: 'chain_broken', count: 3 },
      ]);
    });

    test('takes what hostile hosts put into events', async () => {
      const agentId = randomUUID();
      const events: HostEvent[] = [
        { observedAtUs: START_US, user: { name: 'ro\0ot', id: 4_294_967_295 }, original: '\0' },
        { observedAtUs: START_US + 1, ...({ class: -1, activity: 2_147_483_647, outcome: 40_000 } as object) },
        {
          observedAtUs: START_US + 2,
          network: { sourceAddress: "1.2.3.4'; drop table events", sourcePort: 4_294_967_295 },
        },
        { observedAtUs: START_US + 3, network: { sourceAddress: 'fe80::1%eth0', destinationAddress: '999.1.1.1' } },
        {
          observedAtUs: START_US + 4,
          network: { sourceAddress: '::ffff:192.0.2.1', destinationAddress: '2001:db8::' },
        },
        { observedAtUs: 2 ** 62, process: { args: ['x'.repeat(30_000)] } },
        { observedAtUs: -5, user: { name: randomBytes(2048).toString('hex') } },
        { observedAtUs: Number.NaN, file: { path: '/\u{10ffff}\u202e\u001b[2J' } },
        {},
      ];
      await rig.store.commit(group({ batches: [makeBatch({ agentId, events })] }));
      const stored = await eventsOf(agentId);
      expect(stored).toHaveLength(events.length);
      expect(stored.find(({ reference }) => reference?.index === 0)?.event?.user?.name).toBe('ro\0ot');
      expect(await rig.database.query('select * from quarantine where agent_id = $1', [agentId])).toEqual([]);
    });

    test('sets aside the one batch whose rows the database rejects, and keeps its alert', async ({ skip }) => {
      const agentId = randomUUID();
      const streamId = randomBytes(16);
      try {
        await rig.database.script(
          "alter table events add constraint no_poison check (user_name <> 'poison') not valid",
        );
      } catch (error) {
        if (isTimescale(name)) skip(`this TimescaleDB has no constraints beside a columnstore: ${error}`);
        throw error;
      }
      const poison = [{ observedAtUs: START_US, user: { name: 'poison' } }];
      const alert = makeAlert({ agentId });
      const batches = [1, 2, 3].map((sequence) =>
        makeBatch({
          agentId,
          streamId,
          sequence,
          events: sequence === 2 ? poison : realisticEvents(5, START_US + sequence),
          alerts: sequence === 2 ? [alert] : [],
        }),
      );
      const loose = makeAlert();
      await rig.store.commit(group({ batches, alerts: [loose] }));
      await rig.database.script('alter table events drop constraint no_poison');
      expect(await eventsOf(agentId)).toHaveLength(10);
      expect(await rig.store.streamPositions(agentId)).toMatchObject([{ sequence: 3 }]);
      expect((await rig.store.agentTotals()).get(agentId)).toEqual({ events: 10, lost: 0 });
      expect(await rig.store.alertsByIdPrefix(alert.id!)).toHaveLength(1);
      expect(await rig.store.alertsByIdPrefix(loose.id!)).toHaveLength(1);
      const set = await rig.database.query('select sequence, reason, payload from quarantine where agent_id = $1', [
        agentId,
      ]);
      expect(set).toMatchObject([{ sequence: 2, payload: new Uint8Array(batches[1]!.payload) }]);
      expect(set[0]?.reason).toContain('no_poison');
      // And it counts as stored: the agent that sends it again is not asked for it twice.
      await rig.store.commit(group({ batches }));
      expect(await rig.database.query('select 1 from quarantine where agent_id = $1', [agentId])).toHaveLength(1);
    });

    test('tells what share of a time span was observed', async () => {
      const agentId = randomUUID();
      const span = { firstAtUs: START_US, lastAtUs: START_US + 1_000_000 };
      const losses = [{ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 100, ...span }];
      const events = realisticEvents(50, START_US + 10);
      await rig.store.commit(group({ batches: [makeBatch({ agentId, events, losses })] }));
      expect(await rig.store.observedRatio(agentId, START_US - 5, START_US + 2_000_000)).toBeCloseTo(50 / 150);
      expect(await rig.store.observedRatio(agentId, START_US, START_US + 500_000)).toBeCloseTo(50 / 100);
      expect(await rig.store.observedRatio(agentId, START_US + 3_000_000, START_US + 4_000_000)).toBe(1);
      expect(await rig.store.observedRatio(randomUUID(), START_US, START_US + 1)).toBe(1);
    });

    test('tells what an agent lost, by sensor and reason with its time, and when its newest event came', async () => {
      const agentId = randomUUID();
      const loss = (sensor: string, reason: string, count: number, atUs: number) => {
        return { sensor, reason, count, firstAtUs: START_US + atUs, lastAtUs: START_US + atUs + 5 };
      };
      const first = [loss('process.ebpf', 'kernel_overrun', 3, 10), loss('spool', 'spool_overflow', 7, 90)];
      const second = [loss('process.ebpf', 'kernel_overrun', 4, 50), loss('process.ebpf', 'cpu_ceiling', 1, 20)];
      const batch = makeBatch({ agentId, events: realisticEvents(3), losses: first });
      const { streamId } = batch.header;
      await rig.store.commit(group({ batches: [batch] }));
      await rig.store.commit(
        group({ batches: [makeBatch({ agentId, events: [], losses: second, streamId, sequence: 2 })] }),
      );
      expect(await rig.store.agentLosses(agentId)).toEqual([
        loss('spool', 'spool_overflow', 7, 90),
        { ...loss('process.ebpf', 'kernel_overrun', 7, 10), lastAtUs: START_US + 55 },
        loss('process.ebpf', 'cpu_ceiling', 1, 20),
      ]);
      expect(await rig.store.newestEvent(agentId)).toEqual({
        eventAtUs: Math.max(...batch.events.map(({ observedAtUs }) => observedAtUs ?? 0)),
        storedAtUs: batch.receivedAtUs,
      });
      expect(await rig.store.agentLosses(randomUUID())).toEqual([]);
      expect(await rig.store.newestEvent(randomUUID())).toBeUndefined();
    });

    test('gives every event since a time in order', async () => {
      const agentId = randomUUID();
      const laterUs = START_US + 3_600_000_000;
      const events = realisticEvents(4_096, laterUs);
      await rig.store.commit(group({ batches: [makeBatch({ agentId, events })] }));
      const replayed = (await collect(rig.store.eventsSince(laterUs))).filter(
        (each) => each.reference?.agentId === agentId,
      );
      expect(replayed.map(({ eventAtUs }) => eventAtUs)).toEqual(events.map((event) => event.observedAtUs));
    });

    test('finds events by reference, in the order asked for', async () => {
      const batch = makeBatch({ agentId: randomUUID(), events: realisticEvents(10) });
      await rig.store.commit(group({ batches: [batch] }));
      const { agentId, header } = batch;
      const reference = (index: number) => ({ agentId, streamId: header.streamId, sequence: 1, index });
      const found = await rig.store.eventsByReference([
        reference(7),
        reference(99),
        reference(2),
        { agentId: 'nobody' },
      ]);
      expect(found.map((stored) => stored.reference?.index)).toEqual([7, 2]);
    });
  });
}
