import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exec, logon, ordinaryHours, sent } from '../support/behaviour-events.ts';
import { TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { RunningConsole } from '../support/console-process.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

const HOUR_US = 3_600_000_000;
const HOURS = 60;
const NOW_US = Math.floor((Date.now() * 1000) / HOUR_US) * HOUR_US;
const FROM_US = NOW_US - HOURS * HOUR_US;

let collector: TestCollector;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: collector.home, TZ: 'UTC' });

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'models:\n  learning_days: 1\n  alerts_per_host_day: 0.5\n' });
  const deployment = join(collector.home, 'console', 'console.json');
  writeFileSync(deployment, JSON.stringify({ collector: collector.address }));
  const agents: SealingAgent[] = [];
  for (let host = 0; host < 8; host++) {
    const identity = await collector.enrol(`desk-${host}`);
    agents.push(await SealingAgent.connect({ address: collector.address, identity }));
  }
  for (let hour = 0; hour < HOURS; hour += 10) {
    for (const [host, agent] of agents.entries()) {
      await agent.send(ordinaryHours({ user: `user${host}`, fromUs: FROM_US + hour * HOUR_US, hours: 10 }));
    }
  }
  const atUs = NOW_US + 60e6;
  await agents[3]!.send([
    logon({ user: 'user3', atUs, source: '203.0.113.77', ok: true }),
    exec({ user: 'user3', atUs, image: '/tmp/x\u001b]52;c;aGk=\u0007', parent: '/usr/bin/curl' }),
    sent({ user: 'user3', atUs, image: '/usr/bin/curl', bytesOut: 43e6, to: '203.0.113.9' }),
  ]);
  for (const agent of agents) agent.close();
});

afterAll(() => collector?.[Symbol.asyncDispose]());

describe('models', () => {
  it('list says how far learning is, also while nothing is trained', async () => {
    const { code, stdout, stderr } = await run('models', 'list');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/known for 2 days: 8 hosts, 8 users, 8 accounts, 5 programs/);
    expect(stderr).toMatch(/nothing is trained yet/);
  });

  it('train shows how it goes and what came of it, and the card of it can be shown', async () => {
    const trained = await run('models', 'train', 'isolation-forest');
    expect(trained.code).toBe(0);
    expect(trained.stderr).toMatch(/isolation-forest +reading[^\n]*\[#+\.*\] \d+ %/);
    expect(trained.stdout).toMatch(/isolation-forest +1 +active/);
    const shown = await run('models', 'show', 'isolation-forest');
    expect(shown.stdout).toMatch(/hours +\d+ of hosts, \d+ of users/);
    expect(shown.stdout).toMatch(/signature +the collector's, checked/);
    const json = JSON.parse((await run('models', 'show', 'isolation-forest', '--output', 'json')).stdout);
    expect(json.card).toMatchObject({ name: 'isolation-forest', version: 1, features: expect.any(Array) });
    expect((await run('models', 'evaluate', 'isolation-forest')).stdout).toMatch(/alerts +\d+; the budget allows/);
  });

  it('trains, shows and evaluates the model of sequences as the others', async () => {
    const trained = await run('models', 'train', 'sequences');
    expect(trained.stdout).toMatch(/sequences +1 +(active|ready)/);
    const shown = await run('models', 'show', 'sequences');
    expect(shown.stdout).toMatch(/hours +\d+ of login sequences, \d+ of program sequences/);
    expect((await run('models', 'evaluate', 'sequences')).code).toBe(0);
    expect((await run('models', 'train', 'sequence')).stderr).toMatch(/no model "sequence".*sequences/s);
  });

  it('go back to the version before, and forth', async () => {
    await run('models', 'train', 'isolation-forest');
    expect((await run('models', 'rollback', 'isolation-forest')).stdout).toMatch(/isolation-forest 1 is in use again/);
    expect((await run('models', 'activate', 'isolation-forest', '2')).stdout).toMatch(/isolation-forest 2 is in use/);
    const audit = JSON.parse((await run('audit', 'list', '--output', 'json')).stdout);
    expect(audit[0]).toMatchObject({ action: 'model.activated', actor: { kind: 'console' } });
  });

  it('explain an alert, and alerts show prints the same, without what a host wrote into a terminal', async () => {
    const alerts = JSON.parse((await run('alerts', 'list', '--output', 'json')).stdout);
    const alert = alerts.find((each: { rule: { id: string } }) => each.rule.id.startsWith('model/'));
    const explained = await run('models', 'explain', alert.id);
    expect(explained.stdout).toMatch(/how rare +one in [\d,.]+ such hours; said from/);
    expect(explained.stdout).toMatch(/unusual +.*for the first time in \d days/);
    expect(explained.stdout).toMatch(/baseline +one in/);
    const shown = await run('alerts', 'show', alert.id);
    expect(shown.stdout).toMatch(/models agreed +baseline/);
    expect(`${explained.stdout}${shown.stdout}`).not.toContain('\u001b');
    const json = JSON.parse((await run('alerts', 'show', alert.id, '--output', 'json')).stdout);
    expect(json.model.features[0]).toMatchObject({ sentence: expect.any(String), surprise: expect.any(Number) });
  });

  it.each([
    [['models', 'show', 'isolaton-forest'], 4, /there is no a? ?model/],
    [['models', 'show', 'isolation-forest', '9'], 4, /no version 9 of isolation-forest/],
    [['models', 'show', 'isolation-forest', 'two'], 2, /must be a whole number/],
    [['models', 'train', 'autoencodr'], 4, /did you mean "?autoencoder/],
    [['models', 'rollback', 'autoencoder'], 4, /there is no/],
    [['models', 'explain', 'zzzz'], 4, /no alert/],
  ])('%j is refused in words', async (args, code, message) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('train ends at Ctrl-C, and what was in use still is', async () => {
    await using training = new RunningConsole(['models', 'train', 'autoencoder'], { THREATGUARD_HOME: collector.home });
    await until(() => training.notes.length > 0, { limitMs: 10_000, what: 'the training to begin' });
    expect(await training.stop()).toBe(1);
    expect(training.notes.at(-1)).toMatch(/the training was ended; the models in use are as they were/);
    const listed = await run('models', 'list');
    expect(listed.stdout).toMatch(/isolation-forest +2 +active/);
    expect(listed.stdout).not.toMatch(/autoencoder/);
  });

  it('activate refuses a version whose file was changed', async () => {
    const file = join(collector.home, 'collector', 'models', 'isolation-forest-1.tgmodel');
    const bytes = readFileSync(file);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(file, bytes);
    const { code, stderr } = await run('models', 'activate', 'isolation-forest', '1');
    expect(stderr).toMatch(/not what its card describes/);
    expect(code).not.toBe(0);
  });
});
