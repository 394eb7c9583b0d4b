// A rotation as it goes in a real fleet: some agents dead, one cloned, one with a spool full of old envelopes, a real agent
// with a real log, and the collector killed twice in the middle.
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeysReport } from '@threatguard/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { caOf, consoleIdentityOf, enrolTestAgent } from '../support/agent-identity.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from '../support/collector.ts';
import { RunningConsole } from '../support/console-process.ts';
import { processEvents } from '../support/envelopes.ts';
import { RotatingAgent } from '../support/rotating-agent.ts';
import { until } from '../support/until.ts';

const AGENTS = 10;
const DEAD = 1;
const LIMIT_MS = 60_000;

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** The collector of a home, killed and started again on the same port. */
async function startRig() {
  const home = await initTestHome();
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  let process = stack.use(await CollectorProcess.start(home));
  const { address } = process;
  const console = stack.use(new ConsoleClient(address, consoleIdentityOf(home)));
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: address }));
  return {
    home,
    address,
    console,
    async kill() {
      await process.stop('SIGKILL');
    },
    async start() {
      process = stack.use(await CollectorProcess.start(home, { THREATGUARD_LISTEN: address }));
    },
    async enrol(hostName: string) {
      const { token } = await console.createToken();
      return enrolTestAgent({ address, ca: caOf(home), token: token!, hostName });
    },
  };
}

const keyFile = (home: string, epoch: number) => join(home, 'collector', 'kem', `epoch-${epoch}.key`);

test('a rotation with dead, cloned and full agents, and a collector killed twice, loses nothing and says the truth', {
  timeout: 240_000,
}, async () => {
  const rig = await startRig();
  const { home, address, console } = rig;
  const agents: RotatingAgent[] = [];
  for (let index = 0; index < AGENTS; index++) {
    const identity = await rig.enrol(`host-${index}`);
    agents.push(stack.use(new RotatingAgent({ identity, address: () => address, bootId: `boot-${index}` }).start()));
  }
  const [dead, [cloned, full], live] = [agents.slice(0, DEAD), agents.slice(DEAD, DEAD + 2), agents.slice(DEAD + 2)];

  const agentHome = mkdtempSync(join(tmpdir(), 'tg-rotation-agent-'));
  stack.defer(() => rmSync(agentHome, { recursive: true, force: true }));
  const log = join(agentHome, 'auth.log');
  writeFileSync(log, '');
  const { token } = await console.createToken();
  await AgentProcess.enrol({ home: agentHome, log, collector: address, token: token!, name: 'real' });
  const real = stack.use(await AgentProcess.start(agentHome));
  let lines = 0;
  const logLine = () => {
    lines += 1;
    appendFileSync(
      log,
      `Nov 21 10:00:00 h sshd[${1000 + lines}]: Failed password for root from 192.0.2.1 port 5000 ssh2\n`,
    );
  };

  let sent = 0;
  const sendFrom = (senders: readonly RotatingAgent[]) => {
    for (const agent of senders) {
      agent.send(processEvents(5, Date.now() * 1000));
      sent += 5;
    }
    logLine();
  };
  const stored = () => agents.reduce((sum, agent) => sum + agent.acknowledged, 0);
  sendFrom(agents);
  await until(() => stored() === sent, { limitMs: LIMIT_MS, what: () => `${sent} events, ${stored()} acknowledged` });

  // Two are dead; one has a slow line: what it sealed for the old epoch waits in its spool.
  for (const agent of dead) agent[Symbol.dispose]();
  full!.holding = true;
  for (let count = 0; count < 60; count++) {
    full!.send(processEvents(5, Date.now() * 1000));
    sent += 5;
  }

  await console.rotate();
  const view = stack.use(
    new RunningConsole(['keys', 'status', '--watch', '--output', 'json'], { THREATGUARD_HOME: home }),
  );
  const reports = () => view.lines.map((line) => JSON.parse(line) as { rotation: Record<string, number | string> });
  const report = async () => (await console.keys()) as KeysReport & { rotation: NonNullable<KeysReport['rotation']> };
  // Killed while agents are being told, and once more when all who can have confirmed.
  await rig.kill();
  sendFrom(live);
  await rig.start();
  const reached = (count: number) =>
    until(async () => (await report().catch(() => undefined))?.rotation?.confirmed === count, {
      limitMs: LIMIT_MS,
      what: `${count} agents to have confirmed`,
    });
  await reached(AGENTS + 1 - DEAD);
  sendFrom(live);
  await rig.kill();
  sendFrom(live);
  await rig.start();
  await reached(AGENTS + 1 - DEAD);
  expect(live.every(({ kemKey }) => kemKey.epoch === 2)).toBe(true);

  // While it lives, its identity on a second host is refused and says nothing in its name.
  const second = stack.use(
    new RotatingAgent({ identity: cloned!.identity, address: () => address, bootId: 'elsewhere' }).start(),
  );
  const beating = setInterval(() => cloned!.heartbeat(), 200);
  await until(() => second.refusals.some(({ code }) => code === 'agent_cloned'), {
    limitMs: LIMIT_MS,
    what: 'the second host to be refused',
  });
  clearInterval(beating);
  second[Symbol.dispose]();
  expect([cloned!.connected, second.connected]).toEqual([true, false]);

  // A clone that comes when the first is gone may be the host itself, rebooted: with the old state of one of them it speaks,
  // is noticed by what it says of its epoch, and goes.
  const clone = new RotatingAgent({ identity: cloned!.identity, address: () => address, bootId: 'elsewhere' });
  clone.holding = true;
  clone.position = cloned!.position;
  clone.send(processEvents(1));
  cloned![Symbol.dispose]();
  clone.start();
  const name = cloned!.identity.name;
  const straggler = async (which: string) =>
    (await report()).stragglers?.find(({ agentName }) => agentName === which)?.waitsFor;
  await until(async () => (await straggler(name))?.includes('cloned'), {
    limitMs: LIMIT_MS,
    what: 'the clone to be named',
  });
  clone[Symbol.dispose]();
  cloned!.start();

  // The old epoch stays: for the dead, the cloned and the full one, by name.
  const { rotation, stragglers } = await report();
  expect(rotation).toMatchObject({ epoch: 2, phase: 'announced', agents: AGENTS + 1, stragglers: DEAD + 2 });
  expect(stragglers?.map(({ agentName }) => agentName).sort()).toEqual(
    [...dead, cloned!, full!].map(({ identity }) => identity.name).sort(),
  );
  expect(await straggler(full!.identity.name)).toBe('holds envelopes of epoch 1');
  expect(await straggler(dead[0]!.identity.name)).toBe('not connected');
  expect(existsSync(keyFile(home, 1))).toBe(true);
  await expect(console.destroyEpoch({ epoch: 1 })).rejects.toThrow(/needed by 3 of the fleet/);

  full!.release();
  await until(() => full!.spool.length === 0, { limitMs: LIMIT_MS, what: () => `${full!.spool.length} to drain` });
  for (const agent of dead) agent.start();
  await until(() => stored() === sent, { limitMs: LIMIT_MS, what: () => `${sent} events, ${stored()} acknowledged` });
  // Nothing but the clone is left, and that is for a person to decide.
  await until(async () => (await report()).rotation.stragglers === 1, { limitMs: LIMIT_MS, what: 'one straggler' });
  expect(existsSync(keyFile(home, 1))).toBe(true);
  await console.revoke(name);
  await until(async () => (await report()).rotation.phase === 'done', { limitMs: LIMIT_MS, what: 'the end' });
  expect(existsSync(keyFile(home, 1))).toBe(false);
  expect((await report()).epochs).toMatchObject([
    { epoch: 2, state: 'announced' },
    { epoch: 1, state: 'destroyed' },
  ]);

  // Nothing was lost, nothing refused, nothing stored twice; the real agent's lines are all there.
  const refusals = agents.filter((agent) => agent !== cloned).flatMap((agent) => agent.refusals);
  expect(refusals).toEqual([]);
  expect(real.log.filter(({ msg }) => msg === 'sealing for a new epoch')).toHaveLength(1);
  await until(async () => (await console.status()).eventsStored === sent + lines, {
    limitMs: LIMIT_MS,
    what: () => `${sent + lines} events in the store`,
  });
  expect((await console.verifyAudit()).problem).toBeFalsy();
  const actions = ((await console.audit({ limit: 200 })).entries ?? []).map(({ action }) => action);
  expect(actions.filter((action) => action?.startsWith('kem_rotation.')).reverse()).toEqual([
    'kem_rotation.started',
    'kem_rotation.draining',
    'kem_rotation.done',
  ]);

  // The view that was open all the time told of it, and ended with it.
  await until(() => view.child.exitCode !== null, { limitMs: LIMIT_MS, what: 'the view to end' });
  expect(view.child.exitCode).toBe(0);
  expect(reports().at(-1)!.rotation).toMatchObject({ phase: 'done', stragglers: 0 });
  const confirmed = reports().map(({ rotation: each }) => Number(each.confirmed));
  expect(Math.max(...confirmed)).toBeLessThanOrEqual(AGENTS + 1);
  expect(view.notes.some((note) => note.includes('waiting for it'))).toBe(true);
});
