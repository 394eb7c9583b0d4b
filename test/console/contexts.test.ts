import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from '../../console/src/services/contexts.ts';
import { runCommand } from '../support/console-commands.ts';
import { runConsole } from '../support/console-process.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { agent } from './samples.ts';

let near: FakeConsoleServer;
let far: FakeConsoleServer;
let directory: string;
beforeAll(async () => {
  [near, far] = await Promise.all([FakeConsoleServer.start(), FakeConsoleServer.start()]);
  near.agents = [agent({ name: 'near-1' })];
  far.agents = [agent({ name: 'far-1' })];
});
afterAll(() => Promise.all([near[Symbol.asyncDispose](), far[Symbol.asyncDispose]()]));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-contexts-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

// Without THREATGUARD_HOME, so that `local` is where a person's own deployment would be; as root that is a place of the system.
const environment = () => ({
  THREATGUARD_HOME: undefined,
  THREATGUARD_CONTEXT: undefined,
  XDG_STATE_HOME: join(directory, 'state'),
  XDG_CONFIG_HOME: join(directory, 'config'),
});
const run = (words: string, env: Record<string, string | undefined> = {}) =>
  runCommand(words.split(' '), { ...environment(), ...env });
const agents = async (words = '', env: Record<string, string | undefined> = {}) =>
  (await run(`agents list --fields name --output csv${words}`, env)).stdout.split('\n')[1];
const files = (server: FakeConsoleServer) => {
  const path = (name: string) => join(server.home, 'console', name);
  return `--ca ${path('ca.crt')} --certificate ${path('console.crt')} --key ${path('console.key')}`;
};

describe('contexts', () => {
  it('are chosen by flag, by environment, and by what was used last, in this order', async () => {
    expect((await run(`context add near --home ${near.home}`)).code).toBe(0);
    expect((await run(`context add far --collector 127.0.0.1:${far.port} ${files(far)}`)).code).toBe(0);
    const used = await run('context use far');
    expect(used).toMatchObject({ code: 0, stdout: `commands speak to far: 127.0.0.1:${far.port}\n`, stderr: '' });

    expect(await agents()).toBe('far-1');
    expect(await agents('', { THREATGUARD_HOME: near.home })).toBe('near-1');
    expect(await agents('', { THREATGUARD_HOME: near.home, THREATGUARD_CONTEXT: 'far' })).toBe('far-1');
    expect(await agents(' --context near', { THREATGUARD_CONTEXT: 'far' })).toBe('near-1');
    expect(await agents(` --home ${near.home}`, { THREATGUARD_CONTEXT: 'far' })).toBe('near-1');

    const listed = JSON.parse((await run('context list --output json')).stdout);
    expect(listed.map(({ name, current }: Record<string, unknown>) => [name, current])).toEqual([
      ['local', false],
      ['far', true],
      ['near', false],
    ]);
    expect((await run('context show')).stdout).toMatch(/name +far \(in use\)\ncollector +127/);
    expect((await run('complete -- context use f')).stdout).toBe('far\n');
  });

  it('keep copies for their owner alone, and take them away again', async () => {
    await run(`context add far --collector 127.0.0.1:${far.port} ${files(far)}`);
    await run('context use far');
    const copies = join(directory, 'state', 'threatguard', 'contexts', 'far', 'console');
    expect(readdirSync(copies).sort()).toEqual(['ca.crt', 'console.crt', 'console.json', 'console.key']);
    const modes = readdirSync(copies).map((name) => statSync(join(copies, name)).mode & 0o777);
    expect(new Set([...modes, statSync(join(directory, 'config/threatguard/contexts.json')).mode & 0o777])).toEqual(
      new Set([0o600]),
    );
    expect(await run('context remove far')).toMatchObject({ code: 0, stdout: 'forgot far and its copied key\n' });
    expect(existsSync(copies)).toBe(false);
    expect(JSON.parse(readFileSync(join(directory, 'config/threatguard/contexts.json'), 'utf8'))).toEqual({
      current: 'local',
      homes: {},
    });
  });

  it('leave a home alone that was only named', async () => {
    const home = join(directory, 'copy');
    cpSync(near.home, home, { recursive: true });
    await run(`context add near --home ${home}`);
    await run('context remove near');
    expect(existsSync(join(home, 'console', 'console.key'))).toBe(true);
  });

  it('that cannot be are refused, and leave nothing', async () => {
    const path = (name: string) => join(near.home, 'console', name);
    const [crt, key, ca] = [path('console.crt'), path('console.key'), path('ca.crt')];
    const [otherKey, otherCa] = [join(far.home, 'console/console.key'), join(far.home, 'console/ca.crt')];
    const add = 'context add x --collector';
    const table: [string, string][] = [
      [`context add local --home ${near.home}`, 'there is a context "local" already'],
      [`context add near --home ${near.home}`, 'there is a context "near" already'],
      [`context add ../x --home ${near.home}`, 'is no name of a context'],
      ['context add x --home /nonexistent', 'no deployment there'],
      ['context add x', 'a context is of a --home, or of all of --collector, --ca, --certificate, --key'],
      [`${add} 127.0.0.1:1`, 'or of all of'],
      [`${add} nowhere --ca ${ca} --certificate ${crt} --key ${key}`, 'must be HOST:PORT'],
      [`${add} h:1 --ca ${ca} --certificate ${crt} --key ${otherKey}`, 'is not the certificate of'],
      [`${add} h:1 --ca ${otherCa} --certificate ${crt} --key ${key}`, 'was not issued by'],
      [`${add} h:1 --ca ${ca} --certificate ${key} --key ${key}`, 'is no certificate in PEM'],
      [`${add} h:1 --ca ${ca} --certificate ${crt} --key ${crt}`, 'is no private key in PEM'],
      [`${add} h:1 --ca /nonexistent --certificate ${crt} --key ${key}`, 'cannot be read'],
      ['context use naer', 'did you mean "near"?'],
      ['context remove local', 'is always there'],
      ['agents list --context naer', 'did you mean "near"?'],
      [`agents list --context near --home ${near.home}`, 'cannot also be provided'],
      ['up --context near', 'up runs the deployment of this host'],
    ];
    await run(`context add near --home ${near.home}`);
    const lines = table.map(([line]) => line).join('\n');
    const { code, stdout, stderr } = await runConsole(['shell'], environment(), lines);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const said = stderr.trim().split('\n');
    expect(said).toEqual(table.map(([, why]) => expect.stringContaining(why)));
    expect(existsSync(join(directory, 'state', 'threatguard', 'contexts'))).toBe(false);
  });

  it.each(['{', '[]', '{"current":1,"homes":{}}', '{"current":"a","homes":{"a":"relative"}}'])(
    'in a file that says %s are refused, and it is left as it is',
    (text) => {
      const contexts = new Contexts({ configDirectory: directory, localHome: '/srv' });
      const path = join(directory, 'contexts.json');
      writeFileSync(path, text);
      for (const act of [
        () => contexts.list(),
        () => contexts.use('local'),
        () => contexts.add({ name: 'x', home: '/' }),
        () => contexts.remove('x'),
      ]) {
        expect(act).toThrow(/contexts\.json (is not JSON|must be)/);
      }
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );
});
