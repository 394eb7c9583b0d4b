// The agent's side of a rotation, against a collector that says what a test wants: it moves forward only, confirms what it
// did, and seals anew what waits for an epoch that is refused.

import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Activity,
  type AnnouncedKemKey,
  EventClass,
  envelopeIdentity,
  type HostEvent,
  type KemKey,
  type Loss,
  verifyEnvelope,
  verifyEpochConfirmation,
  verifyKemKey,
} from '@threatguard/proto';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { sealIntoSpool } from '../../agent/src/batch/seal.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { SealingKey } from '../../agent/src/identity/sealing-key.ts';
import { openEpochs } from '../../agent/src/sealing-epochs.ts';
import { ContentKeys } from '../../agent/src/spool/content-keys.ts';
import { ResealMark } from '../../agent/src/spool/reseal-mark.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { Resealing } from '../../agent/src/uplink/reseal.ts';
import { Uplink } from '../../agent/src/uplink/uplink.ts';
import { makeEnvelopeKeys } from '../support/envelopes.ts';
import { FakeCollector } from '../support/fake-collector.ts';
import { until } from '../support/until.ts';

let collector: FakeCollector;
let home: string;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  collector = stack.use(await FakeCollector.start());
  home = mkdtempSync(join(tmpdir(), 'tg-epochs-'));
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

function sealingKey(directory: string): SealingKey {
  const { kemKey, anchors } = readIdentity(directory);
  return new SealingKey({ home: directory, kemKey, anchors: () => anchors });
}

/** An agent of this home, with or without a connection; ended by `stop`, as by a kill where the spool is not asked. */
function startAgent(options: { connect: boolean }) {
  const identity = readIdentity(home);
  const signer = envelopeIdentity(identity.agentId, identity);
  const losses: Loss[] = [];
  const directory = join(home, 'spool');
  const place = { directory, bytesMax: 1 << 26, owner: signer.signingKeyId, bootId: Buffer.alloc(16, 1) };
  const spool = stack.use(Spool.open({ ...place, nowUs, lose: (loss) => losses.push(loss) }));
  const trust = { kemKey: identity.kemKey, anchors: () => identity.anchors, signer: () => signer };
  const epochs = openEpochs({ home, directory, ...trust, spool, nowUs });
  const parts = { identity: signer, spool, losses: new LossLedger(), nowUs };
  let sent = 0;
  const send = (count: number, from = sent) => {
    sent = from;
    const checkpoints = new CheckpointLedger(spool.checkpoints);
    for (let index = 0; index < count; index++) sealIntoSpool({ ...parts, ...epochs, checkpoints }, [event(++sent)]);
  };
  const connect = () =>
    stack.use(
      Uplink.start({
        collector: collector.address,
        identity: identity.pem,
        spool,
        hello: () => ({ hostName: 'h', sentAtUs: nowUs() }),
        heartbeat: () => ({ sealingEpoch: epochs.kemKey().epoch, oldestSpooledEpoch: spool.oldestEpoch }),
        onKemKey: (kemKey) => epochs.sealingKey.take(kemKey),
        ...epochs,
        log: pino({ level: 'silent' }),
        random: () => 0.01,
      }),
    );
  const uplink = options.connect ? connect() : undefined;
  return { spool, losses, send, connect, uplink, ...epochs };
}

const received = (count: number) =>
  until(() => collector.received.length >= count, {
    limitMs: 10_000,
    what: () => `${count} envelopes, ${collector.received.length} came`,
  });
const emptied = (spool: Spool) => until(() => spool.first === spool.end, { limitMs: 10_000, what: 'an empty spool' });
const observed = () => collector.events.map(({ observedAtUs }) => observedAtUs);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
/** Each header continues the one that was received before it. */
function expectOneChain() {
  const headers = collector.received.map(({ header }) => header);
  expect(headers.map(({ sequence }) => sequence)).toEqual(upTo(headers.length));
  for (const [index, header] of headers.slice(1).entries()) {
    expect(Buffer.from(header.previousHeaderDigest)).toEqual(Buffer.from(headers[index]!.headerDigest));
  }
}

test('what is sealed anew is signed with the key the agent has by then', () => {
  const made = makeEnvelopeKeys();
  const { identity: later, signer } = makeEnvelopeKeys(made.identity.agentId);
  const directory = join(home, 'spool');
  const owner = Buffer.alloc(32, 1);
  const spool = stack.use(
    Spool.open({ directory, bytesMax: 1 << 26, owner, bootId: owner.subarray(16), nowUs, lose: () => undefined }),
  );
  let present = made.identity;
  let kemKey: AnnouncedKemKey = { ...made.kemKey, publicKeySha256: new Uint8Array(32), refusedBefore: 0 };
  const contentKeys = ContentKeys.open({ directory, empty: true });
  const mark = new ResealMark(directory);
  const resealing = new Resealing({ spool, signer: () => present, contentKeys, mark, kemKey: () => kemKey });
  const ledgers = { losses: new LossLedger(), checkpoints: new CheckpointLedger(spool.checkpoints) };
  sealIntoSpool({ identity: present, kemKey: () => kemKey, spool, contentKeys, ...ledgers, nowUs }, [event(1)]);
  present = later;
  kemKey = { ...makeEnvelopeKeys().kemKey, epoch: 2, publicKeySha256: new Uint8Array(32), refusedBefore: 2 };
  const sealed = resealing.prepare(spool.read(spool.first)!);
  expect(verifyEnvelope(sealed!, signer).header).toMatchObject({ sequence: 1, kemEpoch: 2 });
});

describe('an announced epoch', () => {
  const take = (key: SealingKey, kemKey: KemKey) => {
    try {
      return String(key.take(kemKey));
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };

  test('is on disk before it is used, and is what the next start seals for', () => {
    const key = sealingKey(home);
    collector.rotate(2);
    expect(take(key, collector.kemKey)).toBe('true');
    expect(key.current.epoch).toBe(2);
    expect(readIdentity(home).kemKey.epoch).toBe(2);
    expect(take(key, collector.kemKey)).toBe('false');
  });

  test.each([
    ['an older epoch again', (old: KemKey) => old, 'epoch_refused'],
    ['another key for the same epoch', () => collector.rotate(2), 'epoch_refused'],
    ['a newer epoch of another fleet', (_: KemKey, stranger: FakeCollector) => stranger.rotate(9), 'identity_mismatch'],
    [
      'a newer epoch with a broken signature',
      () => ({ ...collector.rotate(3), signature: new Uint8Array(3309) }),
      'signature_invalid',
    ],
  ])('%s is refused, and the present one stays', async (_what, make, code) => {
    const stranger = stack.use(await FakeCollector.start());
    const key = sealingKey(home);
    const old = collector.kemKey;
    key.take(collector.rotate(2));
    const present = readFileSync(join(home, 'identity', 'kem-key.bin'));
    expect(take(key, make(old, stranger))).toBe(code);
    expect(key.current.epoch).toBe(2);
    expect(readFileSync(join(home, 'identity', 'kem-key.bin'))).toEqual(present);
  });

  test('once refused stays refused, though an older announcement of the same epoch comes again', () => {
    const key = sealingKey(home);
    const mild = collector.rotate(2);
    collector.refusedBefore = 2;
    key.take(collector.kemKey);
    expect(key.current.refusedBefore).toBe(2);
    expect(take(key, mild)).toBe('false');
    expect(key.current.refusedBefore).toBe(2);
    expect(readIdentity(home).kemKey.refusedBefore).toBe(2);
  });
});

describe('a rotation on a live stream', () => {
  test('is confirmed with what still waits, and said again once that has gone', async () => {
    const { send, spool } = startAgent({ connect: true });
    await until(() => collector.confirmations.length === 1, { limitMs: 10_000, what: 'the confirmation of the first' });
    collector.answer = () => undefined;
    send(2);
    await received(2);
    collector.rotate(2);
    collector.announce();
    await until(() => collector.confirmations.length === 2, { limitMs: 10_000, what: 'the second confirmation' });
    const identity = readIdentity(home);
    const ca = new X509Certificate(identity.pem.ca);
    expect(verifyEpochConfirmation(collector.confirmations[1]!, identity)).toMatchObject({
      epoch: 2,
      oldestSpooledEpoch: 1,
      publicKeySha256: verifyKemKey(collector.kemKey, ca).publicKeySha256,
    });
    collector.heartbeats.length = 0;
    collector.acknowledge(2);
    await emptied(spool);
    // At once, not with the next regular heartbeat.
    await until(() => collector.heartbeats.length > 0, { limitMs: 5_000, what: 'a heartbeat' });
    expect(collector.heartbeats[0]).toMatchObject({ sealingEpoch: 2, oldestSpooledEpoch: 0 });
    collector.answer = ({ header }) => ({ acknowledgement: { sequence: header.sequence } });
    send(1);
    await received(3);
    expect(collector.received[2]!.header.kemEpoch).toBe(2);
    expectOneChain();
  });
});

describe('a compromised epoch', () => {
  test('what is spooled goes out under the new one, in one chain with what comes after', async () => {
    const offline = startAgent({ connect: false });
    offline.send(150);
    collector.rotate(2, { refuse: true });
    offline.connect();
    await received(150);
    await emptied(offline.spool);
    offline.send(3);
    await received(153);
    expect(collector.received.every(({ header }) => header.kemEpoch === 2)).toBe(true);
    expect(observed()).toEqual(upTo(153));
    expectOneChain();
    expect(offline.losses).toEqual([]);
  });

  test('an acknowledgement that was lost costs nothing: what the collector has is not sent again', async () => {
    const first = startAgent({ connect: true });
    first.send(2);
    await emptied(first.spool);
    collector.answer = ({ header }) => {
      collector.commit(header);
      return undefined;
    };
    first.send(2);
    await received(4);
    collector.rotate(2, { refuse: true });
    collector.stop();
    first.send(3);
    collector.answer = ({ header }) => ({ acknowledgement: { sequence: header.sequence } });
    await collector.listen();
    await received(7);
    await emptied(first.spool);
    expect(observed()).toEqual(upTo(7));
    expect(collector.received.map(({ header }) => header.kemEpoch)).toEqual([1, 1, 1, 1, 2, 2, 2]);
    expectOneChain();
  });

  test('a kill in the middle goes on where the collector stands, in the same chain', async () => {
    const first = startAgent({ connect: false });
    first.send(20);
    collector.rotate(2, { refuse: true });
    collector.answer = ({ header }) => {
      if (header.sequence > 7) return undefined;
      collector.commit(header);
      return header.sequence <= 5 ? { acknowledgement: { sequence: header.sequence } } : undefined;
    };
    const uplink = first.connect();
    await received(20);
    collector.forget((header) => header.sequence > 7);
    await uplink[Symbol.asyncDispose]();
    // As kill -9 leaves it: the spool is not closed, the next run opens it as it lies there.
    collector.answer = ({ header }) => ({ acknowledgement: { sequence: header.sequence } });
    const second = startAgent({ connect: false });
    second.send(2, 20);
    second.connect();
    await received(22);
    await emptied(second.spool);
    second.send(1);
    await received(23);
    expect(observed()).toEqual(upTo(23));
    expectOneChain();
    expect([first.losses, second.losses]).toEqual([[], []]);
  });

  test('on a live stream nothing overtakes what may be turned back', async () => {
    const { send, spool, losses } = startAgent({ connect: true });
    send(1);
    await emptied(spool);
    collector.answer = () => undefined;
    send(3);
    await received(4);
    collector.forget((header) => header.sequence > 1);
    collector.rotate(2, { refuse: true });
    collector.announce();
    await until(() => collector.confirmations.length === 2, { limitMs: 10_000, what: 'the confirmation' });
    send(2);
    collector.answer = ({ header }) => ({ acknowledgement: { sequence: header.sequence } });
    collector.refuse(2, 'epoch_refused');
    await received(6);
    await emptied(spool);
    expect(observed()).toEqual(upTo(6));
    expectOneChain();
    expect(losses).toEqual([]);
  });

  test('an envelope whose key is not there is counted as lost, and the others go on', async () => {
    const first = startAgent({ connect: false });
    first.send(2);
    rmSync(join(home, 'spool', 'content.key'));
    const second = startAgent({ connect: false });
    second.send(2, 2);
    collector.rotate(2, { refuse: true });
    second.connect();
    await emptied(second.spool);
    expect(observed()).toEqual([3, 4]);
    expect(second.losses.map(({ reason, count }) => [reason, count])).toEqual([
      ['epoch_refused', 1],
      ['epoch_refused', 1],
    ]);
  });

  test('a header that is not ours is not continued: somebody else speaks in this stream', async () => {
    const agent = startAgent({ connect: false });
    agent.send(4);
    collector.committed.set(Buffer.from(agent.spool.position.streamId).toString('hex'), 2);
    collector.lastDigest = Buffer.alloc(32, 7);
    agent.connect();
    await received(2);
    expect(collector.received.map(({ header }) => header.sequence)).toEqual([3, 4]);
    expect(Buffer.from(collector.received[0]!.header.previousHeaderDigest)).not.toEqual(collector.lastDigest);
  });
});
