import { rmSync } from 'node:fs';
import { EventClass, type HostEvent } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caOf, consoleIdentityOf, enrolTestAgent } from '../support/agent-identity.ts';
import { CollectorProcess, ConsoleClient, initTestHome, TestCollector } from '../support/collector.ts';
import { newStream } from '../support/envelopes.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;

beforeAll(async () => {
  collector = await TestCollector.start();
});

afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
});

function events(count: number, mark: string): HostEvent[] {
  const nowUs = Date.now() * 1000;
  return Array.from({ length: count }, (_, index) => ({
    observedAtUs: nowUs + index,
    class: EventClass.PROCESS,
    sensor: 'process.ebpf',
    process: { pid: 100 + index, executable: '/usr/bin/true', args: ['true', mark] },
  }));
}

async function storedWith(mark: string): Promise<number> {
  const filters = [{ field: 'process.command_line', value: `true ${mark}` }];
  return (await collector.console.events({ filters, limit: 1000 })).events!.length;
}

describe('an agent that enrolled', () => {
  it('is welcomed with the signed ML-KEM key and what is stored of its stream', async () => {
    const identity = await collector.enrol('web-1');
    using agent = new SealingAgent({ address: collector.address, identity });
    const welcome = await agent.hello();
    expect(welcome.lastSequence).toBe(0);
    expect(welcome.streamId).toEqual(Buffer.from(agent.position.streamId));
    expect(welcome.kemKey?.signature?.length).toBe(3309);
    const [summary] = await collector.console.agents();
    expect(summary).toMatchObject({ name: 'web-1', state: 'connected', os: 'Debian GNU/Linux 12', kernel: '6.18.0' });
  });

  it('has its envelopes in the store when they are acknowledged', async () => {
    const identity = await collector.enrol();
    using agent = await SealingAgent.connect({ address: collector.address, identity });
    for (let sequence = 1; sequence <= 3; sequence++) {
      expect(await agent.send(events(10, 'acknowledged'))).toMatchObject({ acknowledgement: { sequence } });
      expect(await storedWith('acknowledged')).toBe(10 * sequence);
    }
  });

  it('is answered in order when it sends many envelopes at once', async () => {
    const identity = await collector.enrol();
    using agent = await SealingAgent.connect({ address: collector.address, identity });
    for (let count = 0; count < 200; count++) agent.sendFrame({ envelope: agent.seal(events(5, 'many')).bytes });
    for (let sequence = 1; sequence <= 200; sequence++) {
      expect(await agent.answer()).toMatchObject({ acknowledgement: { sequence } });
    }
    expect(await storedWith('many')).toBe(1000);
  });

  it('continues after a reconnect, and what it sends twice is stored once', async () => {
    const identity = await collector.enrol();
    using first = await SealingAgent.connect({ address: collector.address, identity });
    const sealed = first.seal(events(7, 'twice'));
    await first.sendEnvelope(sealed.bytes);
    first.close();

    using second = new SealingAgent({ address: collector.address, identity, position: sealed.position });
    expect((await second.hello()).lastSequence).toBe(1);
    expect(await second.sendEnvelope(sealed.bytes)).toMatchObject({ acknowledgement: { sequence: 1 } });
    expect(await second.send(events(1, 'twice'))).toMatchObject({ acknowledgement: { sequence: 2 } });
    expect(await storedWith('twice')).toBe(8);
  });

  it('has one stream: a newer one ends the older', async () => {
    const identity = await collector.enrol();
    using older = await SealingAgent.connect({ address: collector.address, identity });
    using newer = await SealingAgent.connect({ address: collector.address, identity });
    expect((await older.untilEnded()).details).toContain('newer stream');
    expect(await newer.send(events(1, 'newer'))).toMatchObject({ acknowledgement: { sequence: 1 } });
  });

  it('is told of a gap by an alert, and what came is kept', async () => {
    const identity = await collector.enrol('gap-host');
    using agent = await SealingAgent.connect({ address: collector.address, identity });
    await agent.send(events(1, 'gap'));
    agent.seal(events(1, 'never sent'));
    agent.seal(events(1, 'never sent'));
    const losses = [{ sensor: 'spool', reason: 'spool_overflow', count: 2, firstAtUs: 1, lastAtUs: 2 }];
    expect(await agent.send(events(1, 'gap'), losses)).toMatchObject({ acknowledgement: { sequence: 4 } });
    expect(await storedWith('gap')).toBe(2);
    const { alerts } = await collector.console.alerts({ filter: { agent: 'gap-host' } });
    const reasons = alerts!.map((alert) => alert.reason).join('\n');
    expect(reasons).toContain('2 envelopes of gap-host never came');
    expect(reasons).toContain('2 events of gap-host were lost in spool');
  });

  it('raises an alert when it begins another stream', async () => {
    const identity = await collector.enrol('restarted-host');
    using agent = await SealingAgent.connect({ address: collector.address, identity });
    await agent.send(events(1, 'first stream'));
    agent.position = newStream();
    expect(await agent.send(events(1, 'second stream'))).toMatchObject({ acknowledgement: { sequence: 1 } });
    const { alerts } = await collector.console.alerts({ filter: { agent: 'restarted-host' } });
    expect(alerts!.map((alert) => alert.ruleId)).toContain('health/stream-restarted');
  });
});

it('a revoked agent loses its stream at once and cannot come back, not even after a restart', async () => {
  await using own = await TestCollector.start();
  const identity = await own.enrol('gone');
  using agent = await SealingAgent.connect({ address: own.address, identity });
  const startedAt = performance.now();
  expect(await own.console.revoke('gone')).toMatchObject({ agentId: identity.agentId, streamEnded: true });
  await agent.untilEnded();
  // A fifth of a second where the machine is quiet.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(agent.frames.at(-1)?.refusal?.code).toBe('agent_revoked');
  using again = new SealingAgent({ address: own.address, identity });
  await again.untilEnded();
  expect(await own.console.refusals('handshake.agent_revoked')).toBeGreaterThan(0);
});

it('a collector that restarts continues every stream where the store stands', async () => {
  const home = await initTestHome();
  const sent = await (async () => {
    await using before = await TestCollector.start({ home });
    const identity = await before.enrol('survivor');
    const revoked = await before.enrol('revoked');
    await before.console.revoke('revoked');
    using agent = await SealingAgent.connect({ address: before.address, identity });
    await agent.send(events(3, 'survives'));
    return { identity, revoked, position: agent.position };
  })();
  await using after = await TestCollector.start({ home });
  using agent = new SealingAgent({ address: after.address, identity: sent.identity, position: sent.position });
  expect((await agent.hello()).lastSequence).toBe(1);
  expect(await agent.send(events(1, 'survives'))).toMatchObject({ acknowledgement: { sequence: 2 } });
  using refused = new SealingAgent({ address: after.address, identity: sent.revoked });
  await refused.untilEnded();
  await until(() => after.console.refusals('handshake.agent_revoked'), { limitMs: 5_000, what: 'the refusal counted' });
});

describe('a collector process', () => {
  let home: string;

  beforeAll(async () => {
    home = await initTestHome();
  });

  afterAll(() => rmSync(home, { recursive: true, force: true }));

  async function enrolWith(address: string) {
    using console = new ConsoleClient(address, consoleIdentityOf(home));
    const { token } = await console.createToken();
    return enrolTestAgent({ address, ca: caOf(home), token: token! });
  }

  it('tells its agents that it stops, and exits 0', async () => {
    await using process = await CollectorProcess.start(home, { THREATGUARD_LISTEN: '127.0.0.1:0' });
    const identity = await enrolWith(process.address);
    using agent = await SealingAgent.connect({ address: process.address, identity });
    expect(await process.stop('SIGTERM')).toBe(0);
    expect((await agent.untilEnded()).details).toContain('stopping');
  });

  it('killed while it stores loses nothing it acknowledged, and stores nothing twice', async () => {
    const before = await CollectorProcess.start(home);
    const identity = await enrolWith(before.address);
    using agent = await SealingAgent.connect({ address: before.address, identity });
    const sealed = Array.from({ length: 60 }, () => agent.seal(events(100, 'killed')));
    for (const { bytes } of sealed) agent.sendFrame({ envelope: bytes });
    await until(() => agent.frames.length > 5, { limitMs: 10_000, what: 'some acknowledgements' });
    await before.stop('SIGKILL');
    const acknowledged = Math.max(...agent.frames.map((frame) => frame.acknowledgement?.sequence ?? 0));

    await using after = await CollectorProcess.start(home);
    using again = new SealingAgent({ address: after.address, identity, position: agent.position });
    const { lastSequence = 0 } = await again.hello();
    expect(lastSequence).toBeGreaterThanOrEqual(acknowledged);
    // As an agent that kept everything unanswered: some of it is stored already.
    for (const { bytes } of sealed.slice(acknowledged)) {
      expect((await again.sendEnvelope(bytes)).acknowledgement?.sequence).toBeGreaterThan(0);
    }
    using console = new ConsoleClient(after.address, consoleIdentityOf(home));
    expect((await console.status()).eventsStored).toBe(6000);
  });
});
