import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import {
  Activity,
  EventClass,
  envelopeIdentity,
  type HostEvent,
  type KemKey,
  type Loss,
  UNACKNOWLEDGED_ENVELOPES_MAX,
} from '@threatguard/proto';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { sealIntoSpool } from '../../agent/src/batch/seal.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { backoffMs } from '../../agent/src/uplink/backoff.ts';
import { Uplink } from '../../agent/src/uplink/uplink.ts';
import { agentEpochs } from '../support/agent-epochs.ts';
import { FakeCollector } from '../support/fake-collector.ts';
import { until } from '../support/until.ts';

let collector: FakeCollector;
let home: string;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  collector = stack.use(await FakeCollector.start());
  home = mkdtempSync(join(tmpdir(), 'tg-uplink-'));
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  await enrol({ home, collector: collector.address, token: collector.token, name: 'h', machineId: 'm', force: false });
});
afterEach(() => stack.disposeAsync());

const nowUs = () => Date.now() * 1000;
const event = (number: number): HostEvent => ({
  observedAtUs: number,
  class: EventClass.AUTHENTICATION,
  activity: Activity.LOGON,
  sensor: 'auth.file',
});

/** Spool, uplink and sealer of one agent at `home`, and what they said. */
function startAgent(options: { connect?: boolean } = {}) {
  const identity = readIdentity(home);
  const signer = envelopeIdentity(identity.agentId, identity);
  const losses: Loss[] = [];
  const kemKeys: KemKey[] = [];
  const log: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      log.push(JSON.parse(String(line)));
      done();
    },
  });
  const bootId = Buffer.alloc(16, 1);
  const directory = join(home, 'spool');
  const owner = signer.signingKeyId;
  const spool = Spool.open({ directory, bytesMax: 1 << 26, owner, bootId, nowUs, lose: (loss) => losses.push(loss) });
  stack.use(spool);
  const epochs = agentEpochs({ home, directory, identity, signer, spool });
  const { sealingKey, kemKey, contentKeys, resealing, confirmation } = epochs;
  const connect = () =>
    stack.use(
      Uplink.start({
        collector: collector.address,
        identity: identity.pem,
        spool,
        hello: () => ({ hostName: 'h', sentAtUs: nowUs() }),
        heartbeat: () => ({ spooledEnvelopes: spool.end - spool.first }),
        onKemKey: (key) => {
          kemKeys.push(key);
          sealingKey.take(key);
        },
        resealing,
        confirmation,
        log: pino({ level: 'info' }, stream),
        random: () => 0.1,
      }),
    );
  const ledger = new LossLedger();
  const checkpoints = new CheckpointLedger(spool.checkpoints);
  const parts = { identity: signer, kemKey, spool, contentKeys, losses: ledger, checkpoints, nowUs };
  let sent = 0;
  const send = (count = 1) => {
    for (let index = 0; index < count; index++) sealIntoSpool(parts, [event(++sent)]);
  };
  return {
    spool,
    losses,
    ledger,
    kemKeys,
    log,
    send,
    connect,
    uplink: options.connect === false ? undefined : connect(),
  };
}

const times = () => collector.events.map((each) => each.observedAtUs);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const received = (count: number) =>
  until(() => collector.received.length >= count, {
    limitMs: 10_000,
    what: () => `${count} envelopes, ${collector.received.length} came`,
  });
const emptied = (spool: Spool) => until(() => spool.first === spool.end, { limitMs: 10_000, what: 'an empty spool' });

describe('envelopes', () => {
  test('spooled before the connection go out in order, are acknowledged, and leave the spool', async () => {
    const { spool, send, connect } = startAgent({ connect: false });
    send(200);
    connect();
    await received(200);
    await emptied(spool);
    expect(times()).toEqual(upTo(200));
    expect(collector.received.map(({ header }) => header.sequence)).toEqual(upTo(200));
    const chain = collector.received.map(({ header }) => header);
    for (const [index, header] of chain.slice(1).entries()) {
      expect(Buffer.from(header.previousHeaderDigest)).toEqual(Buffer.from(chain[index]!.headerDigest));
    }
  });

  test('sealed while connected go out at once', async () => {
    const { spool, send } = startAgent();
    await until(() => collector.hellos.length, { limitMs: 10_000, what: 'hello' });
    send(3);
    await received(3);
    await emptied(spool);
  });

  test('at most the window is in flight, and it moves with each acknowledgement', async () => {
    const { spool, send, connect } = startAgent({ connect: false });
    let answering = false;
    collector.answer = ({ header }) => (answering ? { acknowledgement: { sequence: header.sequence } } : undefined);
    send(UNACKNOWLEDGED_ENVELOPES_MAX + 20);
    connect();
    await received(UNACKNOWLEDGED_ENVELOPES_MAX);
    // A heartbeat after them shows that nothing more was on its way.
    expect(spool.end - spool.first).toBe(UNACKNOWLEDGED_ENVELOPES_MAX + 20);
    expect(collector.received).toHaveLength(UNACKNOWLEDGED_ENVELOPES_MAX);
    answering = true;
    collector.stop();
    await collector.listen();
    await emptied(spool);
    expect(new Set(times())).toEqual(new Set(upTo(UNACKNOWLEDGED_ENVELOPES_MAX + 20)));
  });

  test('that the collector has already are not sent again', async () => {
    const { spool, send, connect } = startAgent({ connect: false });
    send(10);
    collector.committed.set(Buffer.from(spool.position.streamId).toString('hex'), 7);
    connect();
    await emptied(spool);
    expect(times()).toEqual([8, 9, 10]);
  });

  test('a refused one is said with its code, counted, and the others go on', async () => {
    const { spool, losses, log, send } = startAgent();
    collector.answer = ({ header: { sequence } }) =>
      sequence === 2
        ? { refusal: { sequence, code: 'field_too_long', message: 'user: more than 4096 bytes' } }
        : { acknowledgement: { sequence } };
    send(4);
    await emptied(spool);
    expect(times()).toEqual([1, 2, 3, 4]);
    expect(losses).toMatchObject([{ sensor: 'spool', reason: 'refused', count: 1, firstAtUs: 2, lastAtUs: 2 }]);
    expect(log).toContainEqual(expect.objectContaining({ code: 'field_too_long', sequence: 2 }));
  });

  test('a refusal that names no envelope takes none from the spool', async () => {
    const { spool, losses, send } = startAgent();
    collector.answer = () => ({ refusal: { sequence: 0, code: 'agent_revoked', message: '' } });
    send(1);
    await received(1);
    expect(spool.end - spool.first).toBe(1);
    expect(losses).toEqual([]);
  });
});

describe('a collector that is away', () => {
  test('is said once; meanwhile events are spooled, and all arrive when it is back', async () => {
    const { spool, log, send } = startAgent();
    await until(() => log.some(({ msg }) => msg === 'connected'), { limitMs: 10_000, what: 'the first connection' });
    collector.stop();
    send(5);
    await until(() => log.some(({ level }) => level === 40), { limitMs: 10_000, what: 'the complaint' });
    // Several attempts fit into this: the jitter of these tests makes the first ones 50, 100 and 200 ms apart.
    const since = performance.now();
    await until(() => performance.now() - since > 500, { limitMs: 5000, what: 'several attempts' });
    expect(spool.end - spool.first).toBe(5);
    await collector.listen();
    await emptied(spool);
    expect(times()).toEqual(upTo(5));
    expect(log.filter(({ level }) => level === 40)).toHaveLength(1);
    expect(log.filter(({ msg }) => msg === 'connected')).toHaveLength(2);
  });

  test('waits longer with each failure, within 4 s and half a minute, never the same for all', () => {
    expect(upTo(6).map((failures) => backoffMs(failures - 1, () => 0.999_999))).toEqual([
      4000, 8000, 16_000, 32_000, 32_000, 32_000,
    ]);
    expect(backoffMs(1_000_000, () => 0.5)).toBe(16_000);
    expect(backoffMs(3, () => 0)).toBe(0);
  });
});

describe('streams', () => {
  test('after another stream began, the old one goes out first under its own hello', async () => {
    const { spool, send, connect } = startAgent({ connect: false });
    send(3);
    const old = Buffer.from(spool.position.streamId);
    spool.beginStream();
    send(2);
    connect();
    await emptied(spool);
    expect(times()).toEqual(upTo(5));
    expect(collector.hellos.map(({ streamId }) => Buffer.from(streamId!))).toEqual([
      old,
      Buffer.from(spool.position.streamId),
    ]);
    expect(collector.received.map(({ header }) => header.sequence)).toEqual([1, 2, 3, 1, 2]);
  });

  test('a collector that has more of the stream than we made: a new one begins, and nothing is dropped unsent', async () => {
    const { spool, send, connect } = startAgent({ connect: false });
    send(2);
    const old = Buffer.from(spool.position.streamId);
    collector.committed.set(old.toString('hex'), 50);
    connect();
    await emptied(spool);
    expect(times()).toEqual([1, 2]);
    await until(() => collector.hellos.length === 2, { limitMs: 10_000, what: 'the second hello' });
    expect(Buffer.from(spool.position.streamId)).not.toEqual(old);
  });

  test('goes on over a restart of the agent', async () => {
    const first = startAgent();
    first.send(2);
    await emptied(first.spool);
    await first.uplink![Symbol.asyncDispose]();
    await first.spool[Symbol.asyncDispose]();
    const second = startAgent();
    second.send(1);
    await received(3);
    expect(collector.received.map(({ header }) => header.sequence)).toEqual([1, 2, 3]);
  });
});

test('each welcome hands on the ML-KEM key it announces', async () => {
  const { kemKeys } = startAgent();
  await until(() => kemKeys.length, { limitMs: 10_000, what: 'a key' });
  expect(Buffer.from(kemKeys[0]!.key!)).toEqual(Buffer.from(collector.kemKey.key!));
});

test('each welcome shows how far the clock of the collector is ahead, and the collector hears of it', async () => {
  collector.clockAheadUs = 90_000_000;
  const { uplink } = startAgent();
  await until(() => uplink!.connected, { limitMs: 10_000, what: 'the connection' });
  expect(uplink!.clockOffsetUs).toBeGreaterThan(80_000_000);
  expect(uplink!.clockOffsetUs).toBeLessThanOrEqual(90_000_000);
  const heartbeat = await until(() => collector.heartbeats[0], { limitMs: 10_000, what: 'a heartbeat' });
  expect(heartbeat.welcomeOffsetUs).toBe(uplink!.clockOffsetUs);
});

test('the end waits for the last acknowledgement, and ends although none comes', async () => {
  const { spool, send, uplink } = startAgent();
  await until(() => uplink!.connected, { limitMs: 10_000, what: 'the connection' });
  send(1);
  await uplink![Symbol.asyncDispose]();
  expect(spool.first).toBe(spool.end);
  await uplink![Symbol.asyncDispose]();
});
