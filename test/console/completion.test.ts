import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../console/src/commands/index.ts';
import { completionOf } from '../../console/src/model/completion.ts';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE } from '../support/hostile.ts';
import { agent, alert } from './samples.ts';

const OPTION = { type: 'option' };
const commands = Object.keys(COMMANDS).map((id) => ({
  id,
  flags: { output: OPTION, utc: {}, verdict: OPTION, agent: OPTION, label: OPTION },
}));

describe('a word', () => {
  it.each([
    [['al'], 'alerts'],
    [['alerts', ''], 'close'],
    [['agents', 'token', 'c'], 'create'],
    [['alerts', 'close', '01', '--v'], '--verdict'],
    [['alerts', 'close', '01', '--verdict', ''], 'false-positive'],
    [['alerts', 'list', '--output', 'j'], 'json'],
    [['events', 'search', 'user'], 'user.name:'],
    [['hunt', 'run', ''], 'process.command_line:'],
    [['entities', 'show', ''], 'address'],
  ])('%j could become %s', (words, expected) => {
    expect(completionOf(words, commands).words).toContain(expected);
  });

  it.each([
    [['alerts', 'show', ''], 'alerts'],
    [['alerts', 'close', '01', ''], 'alerts'],
    [['agents', 'show', ''], 'agents'],
    [['alerts', 'list', '--agent', ''], 'agents'],
    [['incidents', 'show', ''], 'incidents'],
    [['hunt', 'remove', ''], 'hunts'],
    [['hunt', 'run', 'lab'], 'label-fields'],
    [['events', 'tail', 'labels.env:'], 'label-fields'],
    [['alerts', 'list', '--label', ''], 'label-filters'],
  ])('%j is asked of the collector: %s', (words, live) => {
    expect(completionOf(words, commands).live).toContain(live);
  });

  it('that becomes no label does not ask for labels', () => {
    expect(completionOf(['events', 'search', 'user'], commands).live).toEqual([]);
  });

  it('after what begins no command could become nothing', () => {
    expect(completionOf(['nonsense', 'x'], commands)).toEqual({ words: [], live: [] });
  });
});

describe('completion', () => {
  let server: FakeConsoleServer;
  beforeAll(async () => {
    server = await FakeConsoleServer.start();
    server.agents = [
      agent({ labels: { env: 'prod', note: '$(reboot)' } }),
      agent({ name: `web-$(reboot)`, labels: { env: 'prod' } }),
      agent({ name: HOSTILE }),
    ];
    server.alerts = [alert()];
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('offers what is there, and no name that a shell would act on', async () => {
    const env = { THREATGUARD_HOME: server.home };
    const run = (...words: string[]) => runCommand(['complete', '--', ...words], env);
    expect(await run('agents', 'show', 'we')).toMatchObject({ code: 0, stdout: 'web-1\n' });
    expect((await run('alerts', 'show', '01k')).stdout).toBe(`${alert().id}\n`);
    expect((await run('alerts', 'cl')).stdout).toBe('close\n');
    expect((await run('hunt', 'run', 'labels.e')).stdout).toBe('labels.env:\n');
    expect((await run('hunt', 'run', 'labels.env:')).stdout).toBe('labels.env:\nlabels.env:prod\n');
    expect((await run('alerts', 'list', '--label', 'env')).stdout).toBe('env\nenv=prod\n');
    const nowhere = await runCommand(['complete', '--', 'agents', 'show', ''], { THREATGUARD_HOME: '/nonexistent' });
    expect(nowhere).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it.each(['bash', 'zsh', 'fish'])('has a script for %s', async (shell) => {
    const { code, stdout } = await runCommand(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('threatguard complete --');
  });
});

describe('--fields', () => {
  let server: FakeConsoleServer;
  beforeAll(async () => {
    server = await FakeConsoleServer.start();
    server.alerts = [alert()];
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });

  it('chooses what is printed, in every form', async () => {
    const fields = ['--fields', 'severity,rule.id,techniques'];
    const table = await run('alerts', 'list', ...fields);
    expect(table.stdout).toBe('severity  rule.id          techniques\nhigh      ssh-brute-force  T1110.001\n');
    const json = await run('alerts', 'list', ...fields, '--output', 'json');
    expect(JSON.parse(json.stdout)).toEqual([
      { severity: 'high', rule: { id: 'ssh-brute-force' }, techniques: ['T1110.001'] },
    ]);
    const csv = await run('alerts', 'list', ...fields, '--output', 'csv');
    expect(csv.stdout).toBe('severity,rule.id,techniques\nhigh,ssh-brute-force,"[""T1110.001""]"\n');
    expect((await run('status', '--fields', 'store.state')).stdout).toBe('store.state  ready\n');
  });

  it('refuses a key that is not there, and names the nearest', async () => {
    const refused = await run('alerts', 'list', '--fields', 'severty');
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('did you mean "severity"') });
  });
});
