import { generateKeyPairSync } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import {
  ALERT_STREAM,
  ALERT_SUBJECTS,
  type Alert,
  CHANGES_SUBJECT,
  keyId,
  SignedAlert,
  verifyAlert,
} from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AlertSigner, revisionKey } from '../../collector/src/publish/alert-signer.ts';
import { OutboxPublisher } from '../../collector/src/publish/outbox-publisher.ts';
import { openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { type NatsServer, natsAvailable, startNats } from '../support/nats.ts';
import { type EngineUnderTest, group, makeAlert, startPglite } from '../support/stores.ts';
import { until } from '../support/until.ts';

const keys = generateKeyPairSync('ml-dsa-65');
const signer = () => new AlertSigner({ privateKey: keys.privateKey, signingKeyId: keyId(keys.publicKey) });

describe.skipIf(!natsAvailable())('the outbox publisher (needs nats-server)', () => {
  let engine: EngineUnderTest;
  let store: Store;
  let nats: NatsServer;

  beforeAll(async () => {
    engine = await startPglite();
    store = await openStore(engine.location());
  });

  beforeEach(async () => {
    nats = await startNats();
    return () => nats[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  const emptied = () =>
    until(async () => (await store.outbox(1)).length === 0, { limitMs: 20_000, what: 'an empty outbox' });

  /** Everything in the stream, verified, in order. */
  async function published(): Promise<{ subject: string; alert: Alert }[]> {
    const connection = await connect({ servers: nats.url });
    try {
      const manager = await jetstreamManager(connection);
      const { messages } = (await manager.streams.info(ALERT_STREAM)).state;
      const found: { subject: string; alert: Alert }[] = [];
      const consumer = await jetstream(connection).consumers.get(ALERT_STREAM);
      for (let left = messages; left > 0; left--) {
        const message = await consumer.next();
        const alert = verifyAlert(SignedAlert.decode(message!.data), keys.publicKey);
        found.push({ subject: message!.subject, alert });
      }
      return found;
    } finally {
      await connection.close();
    }
  }

  test('tells other collectors that something was changed, not itself', async () => {
    const heard = { one: 0, other: 0 };
    const start = (who: keyof typeof heard) => {
      const hears = { subject: CHANGES_SUBJECT, heard: () => void heard[who]++ };
      return OutboxPublisher.start({ store, url: nats.url, signer: signer(), hears });
    };
    await using one = start('one');
    await using other = start('other');
    // Whoever has just come may have missed something.
    await until(() => heard.one === 1 && heard.other === 1, { limitMs: 10_000, what: 'both to be connected' });
    one.announce(CHANGES_SUBJECT, new Uint8Array());
    await until(() => heard.other === 2, { limitMs: 10_000, what: 'the other to hear of it' });
    other.announce(CHANGES_SUBJECT, new Uint8Array());
    await until(() => heard.one === 2, { limitMs: 10_000, what: 'the answer' });
    expect(heard).toEqual({ one: 2, other: 2 });
  });

  test('publishes what is committed, signed, on the subject of its severity and agent', async () => {
    await using publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
    const alert = makeAlert();
    const fleet = makeAlert({ agentId: 'two tokens.>' });
    await store.commit(group({ alerts: [alert, fleet] }));
    publisher.wake();
    await emptied();
    expect(publisher.state()).toBe(`connected to ${nats.url}`);
    expect(await published()).toMatchObject([
      { subject: `threatguard.alerts.high.${alert.agentId}`, alert: { id: alert.id, reason: alert.reason } },
      { subject: 'threatguard.alerts.high.fleet', alert: { id: fleet.id } },
    ]);
  });

  test('makes a stream on disk with bounds, and leaves one that is there as its operator made it', async () => {
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: ALERT_STREAM, subjects: [ALERT_SUBJECTS], max_msgs: 7 });
    await store.commit(group({ alerts: [makeAlert()] }));
    {
      await using _publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
      await emptied();
    }
    expect((await manager.streams.info(ALERT_STREAM)).config.max_msgs).toBe(7);
    await manager.streams.delete(ALERT_STREAM);
    await store.commit(group({ alerts: [makeAlert()] }));
    {
      await using _publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
      await emptied();
    }
    const { config } = await manager.streams.info(ALERT_STREAM);
    expect(config).toMatchObject({ storage: 'file', subjects: [ALERT_SUBJECTS], max_bytes: 512 * 1024 * 1024 });
    expect(config.max_age).toBe(30 * 24 * 3_600_000 * 1e6);
    await connection.close();
  });

  test('loses nothing and repeats nothing when NATS is killed and comes back', async () => {
    await using publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
    const alerts = Array.from({ length: 120 }, () => makeAlert());
    const commit = async (part: Alert[]) => {
      for (const alert of part) {
        await store.commit(group({ alerts: [alert] }));
        publisher.wake();
      }
    };
    await commit(alerts.slice(0, 40));
    await nats.stop();
    await commit(alerts.slice(40, 80));
    await until(() => publisher.state().startsWith('unavailable: nats://'), { limitMs: 10_000, what: 'unavailable' });
    await nats.restart();
    await commit(alerts.slice(80));
    await emptied();
    const revisions = (await published()).map(({ alert }) => revisionKey(alert));
    expect(revisions.toSorted()).toEqual(alerts.map(revisionKey).toSorted());
    expect(publisher.state()).toBe(`connected to ${nats.url}`);
  });

  test('publishes once though the answer never reached the outbox', async () => {
    const alert = makeAlert();
    await store.commit(group({ alerts: [alert] }));
    let removals = 0;
    const forgetful: Pick<Store, 'outbox' | 'removeFromOutbox'> = {
      outbox: (limit) => store.outbox(limit),
      removeFromOutbox: async (ids) => {
        if (removals++ < 2) throw new Error('the store went away');
        await store.removeFromOutbox(ids);
      },
    };
    await using _publisher = OutboxPublisher.start({ store: forgetful, url: nats.url, signer: signer() });
    await emptied();
    expect(removals).toBeGreaterThan(2);
    expect((await published()).map((each) => each.alert.id)).toEqual([alert.id]);
  });

  test('begins with what an earlier run left, and stops while NATS is away', async () => {
    await nats.stop();
    const alert = makeAlert();
    await store.commit(group({ alerts: [alert] }));
    {
      await using publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
      await until(() => publisher.state().includes('ECONNREFUSED') || publisher.state().includes('refused'), {
        limitMs: 5_000,
        what: () => publisher.state(),
      });
    }
    await nats.restart();
    await using _publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
    await emptied();
    expect((await published()).map((each) => each.alert.id)).toEqual([alert.id]);
  });

  test('passes over an alert larger than NATS takes, and says so', async () => {
    await using publisher = OutboxPublisher.start({ store, url: nats.url, signer: signer() });
    const large = makeAlert({ reason: 'x'.repeat(2 * 1024 * 1024) });
    const after = makeAlert();
    await store.commit(group({ alerts: [large, after] }));
    publisher.wake();
    await emptied();
    expect((await published()).map((each) => each.alert.id)).toEqual([after.id]);
    expect(publisher.state()).toContain('; 1 alerts were larger than NATS takes');
  });
});
