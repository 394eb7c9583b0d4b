// Rotations over real streams: who is told, what is believed, what is refused.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EpochConfirmation,
  EpochConfirmationBody,
  type KeysReport,
  signBytes,
  signEpochConfirmation,
} from '@threatguard/proto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestCollector } from '../support/collector.ts';
import { processEvents } from '../support/envelopes.ts';
import { RotatingAgent } from '../support/rotating-agent.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 15_000;

let collector: TestCollector;
let stack: AsyncDisposableStack;
let offsetMs = 0;
/** The epoch a test begins with, and the one its rotation leads to. */
let old: number;
let next: number;

// One collector for all: to start one takes longer than a rotation.
beforeAll(async () => {
  const nowMs = () => Date.now() + offsetMs;
  collector = await TestCollector.start({ config: 'fleet: { name: test-fleet }', nowMs });
});
afterAll(() => collector[Symbol.asyncDispose]());
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  old = (await collector.console.status()).kemEpoch!;
  next = Math.max(...((await collector.console.keys()).epochs ?? []).map(({ epoch }) => epoch ?? 0)) + 1;
});
/** Without agents nothing holds a rotation up. */
afterEach(async () => {
  await stack.disposeAsync();
  for (const { id, state } of await collector.console.agents())
    if (state !== 'revoked') await collector.console.revoke(id!);
  if ((await rotation())?.paused) await collector.console.control('resume');
  await until(async () => !(await rotation()) || (await rotation()).endedAtUs, { limitMs: LIMIT_MS, what: 'the end' });
});

async function startAgents(count: number): Promise<RotatingAgent[]> {
  const agents: RotatingAgent[] = [];
  for (let index = 0; index < count; index++) {
    const identity = await collector.enrol(`host-${index}`);
    agents.push(stack.use(new RotatingAgent({ identity, address: () => collector.address }).start()));
  }
  await confirmed(old, count);
  return agents;
}

const rotation = async () => (await collector.console.keys()).rotation as NonNullable<KeysReport['rotation']>;
const phase = (wanted: string) =>
  until(async () => (await rotation())?.phase === wanted, { limitMs: LIMIT_MS, what: `the phase ${wanted}` });
const sealing = async (epoch: number) =>
  (await collector.console.keys()).epochs?.find((each) => each.epoch === epoch)?.agentsSealing ?? 0;
const confirmed = (epoch: number, count: number) =>
  until(async () => (await sealing(epoch)) === count, { limitMs: LIMIT_MS, what: `${count} agents at epoch ${epoch}` });
const keyFile = (epoch: number) => join(collector.home, 'collector', 'kem', `epoch-${epoch}.key`);
const settled = (agent: RotatingAgent) =>
  until(() => agent.spool.length === 0, { limitMs: LIMIT_MS, what: 'everything to be acknowledged' });
const straggler = async (agent: RotatingAgent) =>
  (await collector.console.keys()).stragglers?.find(({ agentId }) => agentId === agent.identity.agentId)?.waitsFor;

describe('a rotation', () => {
  test('is announced on live streams, confirmed, drained, and ends with the old key destroyed', async () => {
    const agents = await startAgents(3);
    for (const agent of agents) agent.send(processEvents(2));
    await collector.console.rotate();
    await phase('done');
    expect(agents.map(({ kemKey }) => kemKey.epoch)).toEqual([next, next, next]);
    expect([existsSync(keyFile(old)), existsSync(keyFile(next))]).toEqual([false, true]);
    const { epochs, fleetName } = await collector.console.keys();
    expect(epochs?.slice(0, 2)).toMatchObject([
      { epoch: next, state: 'announced', agentsSealing: 3 },
      { epoch: old, state: 'destroyed' },
    ]);
    expect(fleetName).toBe('test-fleet');
    for (const agent of agents) agent.send(processEvents(1));
    for (const agent of agents) await settled(agent);
    expect(agents.flatMap(({ refusals }) => refusals)).toEqual([]);
    expect((await collector.enrol('new')).kemKey).toMatchObject({ epoch: next, refusedBefore: next });
    expect((await collector.console.status()).kemEpoch).toBe(next);
  });

  test('goes on without an agent that is revoked in it; that one is told no key and stays out', async () => {
    const [stays, leaves] = await startAgents(2);
    leaves!.holding = true;
    leaves!.send(processEvents(1));
    leaves!.alterConfirmation = () => ({ body: new Uint8Array(1) });
    await collector.console.rotate();
    await until(() => straggler(leaves!), { limitMs: LIMIT_MS, what: 'the rotation to wait for it' });
    await collector.console.revoke(leaves!.identity.agentId);
    await phase('done');
    const heard = leaves!.kemKey.epoch;
    leaves!.release();
    const waits = 'handshake.agent_revoked';
    const before = await collector.console.refusals(waits);
    await until(async () => (await collector.console.refusals(waits)) > before, { limitMs: LIMIT_MS, what: 'a try' });
    expect([leaves!.connected, leaves!.kemKey.epoch, leaves!.acknowledged]).toEqual([false, heard, 0]);
    expect([stays!.kemKey.epoch, existsSync(keyFile(old))]).toEqual([next, false]);
  });

  test('old ciphertext is refused by name of its epoch once that is destroyed; what was stored before is acknowledged', async () => {
    const [agent] = await startAgents(1);
    agent!.send(processEvents(1));
    const stored = agent!.spool[0]!;
    await settled(agent!);
    agent!.holding = true;
    agent!.send(processEvents(1));
    const late = agent!.spool[0]!;
    await collector.console.rotate();
    await confirmed(next, 1);
    await collector.console.destroyEpoch({ epoch: old, force: true, fleetName: 'test-fleet' });
    agent!.spool = [stored, late];
    agent!.release();
    const [refusal] = await until(() => agent!.refusals.length > 0 && agent!.refusals, {
      limitMs: LIMIT_MS,
      what: 'a refusal',
    });
    expect(refusal).toMatchObject({
      sequence: late.sequence,
      code: 'epoch_destroyed',
      message: `ML-KEM epoch ${old} was destroyed`,
    });
    expect(agent!.refusals).toHaveLength(1);
  });

  test('of a fleet without agents ends at once', async () => {
    await collector.console.rotate();
    await phase('done');
    expect(existsSync(keyFile(old))).toBe(false);
  });

  test('a canary is told first, the rest only when all of it has confirmed', async () => {
    const agents = await startAgents(4);
    const silent = agents.map((agent) => {
      agent.alterConfirmation = () => ({ body: new Uint8Array(1) });
      return agent;
    });
    await collector.console.rotate({ canaryPermille: 500 });
    await until(() => agents.filter(({ kemKey }) => kemKey.epoch === next).length === 2, {
      limitMs: LIMIT_MS,
      what: 'two told',
    });
    expect(await rotation()).toMatchObject({ phase: 'canary', canaryAgents: 2, confirmed: 0 });
    // Neither a new agent nor one that comes back hears of it.
    expect((await collector.enrol('new')).kemKey.epoch).toBe(old);
    const outside = agents.find(({ kemKey }) => kemKey.epoch === old)!;
    outside[Symbol.dispose]();
    outside.start();
    await until(() => outside.connected, { limitMs: LIMIT_MS, what: 'it to be back' });
    expect(outside.kemKey.epoch).toBe(old);
    const half = silent.find(({ kemKey }) => kemKey.epoch === next)!;
    half.alterConfirmation = (confirmation) => confirmation;
    half[Symbol.dispose]();
    half.start();
    await confirmed(next, 1);
    await collector.enrol('another'); // the collector has looked at what changed before this is answered
    expect(await rotation()).toMatchObject({ phase: 'canary', confirmed: 1 });
    expect(agents.filter(({ kemKey }) => kemKey.epoch === old)).toHaveLength(2);
    for (const agent of silent) {
      agent.alterConfirmation = (confirmation) => confirmation;
      if (agent.kemKey.epoch === next) {
        agent[Symbol.dispose]();
        agent.start();
      }
    }
    await confirmed(next, 4);
    expect((await rotation()).phase).not.toBe('canary');
  });

  test('that is paused tells nobody more and destroys nothing, and goes on with resume', async () => {
    const [first, second] = await startAgents(2);
    second![Symbol.dispose]();
    await collector.console.rotate();
    await confirmed(next, 1);
    await collector.console.control('pause');
    second!.start();
    await until(() => second!.connected, { limitMs: LIMIT_MS, what: 'the second to be back' });
    expect(second!.kemKey.epoch).toBe(old);
    expect(first!.kemKey.epoch).toBe(next);
    expect(await rotation()).toMatchObject({ paused: true, phase: 'announced' });
    await collector.console.control('resume');
    await phase('done');
    expect(second!.kemKey.epoch).toBe(next);
  });

  test('that drains can be paused and not aborted: the old key stays until it goes on', async () => {
    const [agent] = await startAgents(1);
    agent!.holding = true;
    agent!.send(processEvents(1));
    await collector.console.rotate();
    await phase('draining');
    await expect(collector.console.control('abort')).rejects.toThrow(/every agent has left/);
    await collector.console.control('pause');
    agent!.release();
    await settled(agent!);
    agent!.heartbeat();
    await until(async () => (await rotation()).drained === 1, { limitMs: LIMIT_MS, what: 'it to be drained' });
    // Who came after the announcement never had the old epoch, and is not told of it.
    const identity = await collector.enrol('late');
    const late = stack.use(new RotatingAgent({ identity, address: () => collector.address }).start());
    await until(() => late.connected, { limitMs: LIMIT_MS, what: 'the late one to be welcomed' });
    expect([identity.kemKey.epoch, ...late.told]).toEqual([next, next]);
    expect(await rotation()).toMatchObject({ paused: true, phase: 'draining' });
    expect(existsSync(keyFile(old))).toBe(true);
    await collector.console.control('resume');
    await phase('done');
    expect(existsSync(keyFile(old))).toBe(false);
  });

  test('that is aborted leaves who has joined, announces the old epoch again, and is made good by the next', async () => {
    const [first, second] = await startAgents(2);
    second![Symbol.dispose]();
    await collector.console.rotate();
    await confirmed(next, 1);
    await collector.console.control('abort');
    expect(await rotation()).toMatchObject({ phase: 'aborted' });
    second!.start();
    await until(() => second!.connected, { limitMs: LIMIT_MS, what: 'the second to be back' });
    // It comes back to the epoch it proved: an older one would be an attack to it.
    first![Symbol.dispose]();
    first!.start();
    await until(() => first!.connected, { limitMs: LIMIT_MS, what: 'the first to be back' });
    expect([first!.told.at(-1), second!.told.at(-1)]).toEqual([next, old]);
    for (const agent of [first!, second!]) {
      agent.send(processEvents(1));
      await settled(agent);
    }
    await collector.console.rotate();
    await phase('done');
    expect([existsSync(keyFile(old)), existsSync(keyFile(next)), existsSync(keyFile(next + 1))]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('of a compromised epoch refuses it at once, on live streams and after', async () => {
    const [live, away] = await startAgents(2);
    away![Symbol.dispose]();
    away!.send(processEvents(1));
    live!.holding = true;
    live!.send(processEvents(1));
    await collector.console.rotate({ compromised: true });
    await confirmed(next, 1);
    expect(live!.kemKey.refusedBefore).toBe(next);
    live!.release();
    const refused = (agent: RotatingAgent) =>
      until(() => agent.refusals[0]?.code === 'epoch_refused', { limitMs: LIMIT_MS, what: 'the refusal' });
    await refused(live!);
    away!.start();
    await refused(away!);
    // The file waits for the last agent.
    expect(existsSync(keyFile(old))).toBe(true);
    for (const agent of [live!, away!]) {
      agent.spool = [];
      agent.heartbeat();
    }
    await phase('done');
    expect(existsSync(keyFile(old))).toBe(false);
  });
});

describe('a confirmation', () => {
  const code = (agent: RotatingAgent) =>
    until(() => agent.refusals[0]?.code, { limitMs: LIMIT_MS, what: 'the confirmation to be refused' });

  test.each<[string, (agent: RotatingAgent, other: RotatingAgent) => EpochConfirmation, string]>([
    ['of another agent', (_, other) => other.confirmation(), 'signature_invalid'],
    [
      "in another agent's name",
      (agent, other) => sign(agent, { agentId: other.identity.agentId }),
      'identity_mismatch',
    ],
    ['signed for another purpose', (agent) => sign(agent, {}, 'batch'), 'signature_invalid'],
    ['of an epoch that does not exist', (agent) => sign(agent, { epoch: 999 }), 'confirmation_refused'],
    [
      'of the epoch with the digest of another key',
      (agent) => sign(agent, { publicKeySha256: new Uint8Array(32) }),
      'confirmation_refused',
    ],
    [
      'of the epoch before, when the new one was confirmed',
      (agent) => sign(agent, { epoch: old, publicKeySha256: agent.identity.kemKey.publicKeySha256, confirmedAtUs: 1 }),
      'confirmation_refused',
    ],
    ['altered on its way', (agent) => ({ ...agent.confirmation(), body: new Uint8Array(20) }), 'signature_invalid'],
  ])('%s is refused, counted, and proves nothing', async (_what, forge, expected) => {
    const [agent, other] = await startAgents(2);
    agent!.holding = true;
    agent!.send(processEvents(1));
    await collector.console.rotate();
    await confirmed(next, 2);
    agent!.alterConfirmation = () => forge(agent!, other!);
    agent![Symbol.dispose]();
    agent!.start();
    expect(await code(agent!)).toBe(expected);
    await until(async () => (await collector.console.refusals(expected)) > 0, {
      limitMs: LIMIT_MS,
      what: 'it to be counted',
    });
    expect(await straggler(agent!)).toBe(`holds envelopes of epoch ${old}`);
    expect(existsSync(keyFile(old))).toBe(true);
  });

  test('said again does not bring back what the spool held then', async () => {
    const [agent] = await startAgents(1);
    await collector.console.rotate();
    await phase('done');
    agent!.send(processEvents(1));
    await settled(agent!);
    await collector.console.rotate();
    await confirmed(next + 1, 1);
    const empty = agent!.confirmation();
    await phase('done');
    agent!.holding = true;
    agent!.send(processEvents(1));
    agent!.heartbeat();
    await collector.console.rotate();
    await confirmed(next + 2, 1);
    agent!.alterConfirmation = () => empty;
    agent![Symbol.dispose]();
    agent!.start();
    await code(agent!);
    expect(await straggler(agent!)).toBe(`holds envelopes of epoch ${next + 1}`);
  });

  test('and a heartbeat that speak against each other hold the old key back, and raise an alert', async () => {
    const [agent, other] = await startAgents(2);
    other!.holding = true;
    other!.send(processEvents(1));
    await collector.console.rotate();
    await confirmed(next, 2);
    const at = agent!.kemKey;
    agent!.kemKey = agent!.identity.kemKey;
    agent!.heartbeat();
    agent!.kemKey = at;
    await until(async () => (await straggler(agent!))?.includes('cloned'), {
      limitMs: LIMIT_MS,
      what: 'it to be named',
    });
    agent!.heartbeat();
    other!.release();
    await settled(other!);
    await until(async () => (await rotation()).stragglers === 1, { limitMs: LIMIT_MS, what: 'one straggler' });
    expect(existsSync(keyFile(old))).toBe(true);
    const { alerts } = await collector.console.alerts({ limit: 10 });
    expect(alerts?.map(({ ruleId }) => ruleId)).toContain('health/epoch-contradicted');
  });

  /** Signs what no honest agent would say. */
  function sign(
    agent: RotatingAgent,
    change: Partial<EpochConfirmationBody>,
    purpose: 'epochConfirmation' | 'batch' = 'epochConfirmation',
  ): EpochConfirmation {
    const { envelope: identity } = agent.identity;
    const honest = signEpochConfirmation({
      identity,
      kemKey: agent.kemKey,
      oldestSpooledEpoch: 0,
      nowUs: Date.now() * 1000,
    });
    const body = EpochConfirmationBody.encode({ ...EpochConfirmationBody.decode(honest.body!), ...change }).finish();
    return { body, signature: signBytes({ message: body, privateKey: identity.privateKey, purpose }) };
  }
});

describe('what is asked of epochs and cannot be done', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a second rotation', () => collector.console.rotate(), /not over/],
    ['destroying what is announced', () => collector.console.destroyEpoch({ epoch: next }), /told to seal for epoch/],
    [
      'destroying what an agent may need',
      () => collector.console.destroyEpoch({ epoch: old }),
      /needed by 1 of the fleet .host-0/,
    ],
    [
      'forcing it with another name',
      () => collector.console.destroyEpoch({ epoch: old, force: true, fleetName: 'production' }),
      /fleet "test-fleet"/,
    ],
    [
      'forcing it without a name',
      () => collector.console.destroyEpoch({ epoch: old, force: true }),
      /fleet "test-fleet"/,
    ],
    ['an epoch that never was', () => collector.console.destroyEpoch({ epoch: 999 }), /no epoch 999/],
    ['a canary beyond the fleet', () => collector.console.rotate({ canaryPermille: 1001 }), /at most/],
    ['a schedule of minutes', () => collector.console.schedule(600), /one day/],
    ['another word', () => collector.console.control('stop'), /pause, resume or abort/],
  ])('%s is refused with what to do', async (_what, ask, says) => {
    const [agent] = await startAgents(1);
    agent![Symbol.dispose]();
    await collector.console.rotate();
    await expect(ask()).rejects.toThrow(says);
    expect(existsSync(keyFile(old))).toBe(true);
  });

  test.each(['pause', 'resume', 'abort'])('%s without a rotation is refused', async (action) => {
    await expect(collector.console.control(action)).rejects.toThrow(/no rotation is running/);
  });

  test('a compromised epoch takes no canary, and its rotation no pause; an abort takes the epoch again', async () => {
    const [agent] = await startAgents(1);
    await expect(collector.console.rotate({ compromised: true, canaryPermille: 10 })).rejects.toThrow(
      /without a canary/,
    );
    agent![Symbol.dispose]();
    agent!.send(processEvents(1));
    await collector.console.rotate({ compromised: true });
    await expect(collector.console.control('pause')).rejects.toThrow(/refused already/);
    await collector.console.control('abort');
    agent!.start();
    await settled(agent!);
    expect(agent!.refusals).toEqual([]);
  });

  test('a dry run changes nothing and says who is not there', async () => {
    const [, away] = await startAgents(2);
    away![Symbol.dispose]();
    await until(async () => (await collector.console.status()).agentsConnected === 1, {
      limitMs: LIMIT_MS,
      what: 'one',
    });
    const { plan } = await collector.console.rotate({ dryRun: true, canaryPermille: 500 });
    expect(plan).toMatchObject({ fromEpoch: old, toEpoch: next, agents: 2, connected: 1, canaryAgents: 1 });
    expect(plan?.offline).toMatchObject([{ agentName: 'host-1', waitsFor: 'not connected' }]);
    expect(existsSync(keyFile(next))).toBe(false);
    expect((await rotation())?.epoch).not.toBe(next);
  });
});

// Last: the clock of the collector stays where this leaves it.
describe('a schedule', () => {
  test('makes the collector rotate by itself, audited as such, and not while another runs', async () => {
    const [agent] = await startAgents(1);
    await collector.console.schedule(86_400);
    agent!.holding = true;
    agent!.send(processEvents(1));
    await collector.console.rotate();
    await phase('draining');
    offsetMs += 25 * 3_600_000;
    agent!.release();
    await until(async () => ((await collector.console.keys()).rotation?.epoch ?? 0) === next + 1, {
      limitMs: LIMIT_MS,
      what: 'the next epoch',
    });
    const { nextRotationAtUs } = await collector.console.keys();
    expect(nextRotationAtUs).toBeGreaterThan((Date.now() + offsetMs + 23 * 3_600_000) * 1000);
    const entries = (await collector.console.audit({ limit: 100 })).entries ?? [];
    const started = entries.filter(({ action }) => action === 'kem_rotation.started');
    expect(started.slice(0, 2).map(({ actorKind, subject }) => [actorKind, subject])).toEqual([
      ['collector', `epoch ${next + 1}`],
      ['console', `epoch ${next}`],
    ]);
    await collector.console.schedule(0);
    expect((await collector.console.keys()).scheduleSeconds).toBe(0);
  });
});
