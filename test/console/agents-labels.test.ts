import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLabelChange, readLabelFilter } from '../../console/src/model/agent-labels.ts';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { hasTmux, TmuxConsole } from '../support/tmux.ts';
import { agent } from './samples.ts';

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });
const asked = (method: string) => server.calls.filter((call) => call.method === method).map(({ request }) => request);
beforeAll(async () => {
  server = await FakeConsoleServer.start();
  server.agents = [agent({ labels: { env: 'prod', role: 'web' } }), agent({ name: 'db-1', labels: { env: 'test' } })];
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.calls.length = 0;
  server.refusals.clear();
});

describe('labels of agents', () => {
  it('stand in the list, and choose from it', async () => {
    const columns = ['--fields', 'name', '--output', 'csv'];
    expect(JSON.parse((await run('agents', 'list', '--output', 'json')).stdout)[0].labels).toEqual({
      env: 'prod',
      role: 'web',
    });
    expect((await run('agents', 'show', 'web-1')).stdout).toMatch(/labels +env=prod role=web/);
    expect((await run('agents', 'list', '--label', 'env=test', ...columns)).stdout).toBe('name\ndb-1\n');
    expect((await run('agents', 'list', '--label', 'env', '--label', 'role=web', ...columns)).stdout).toBe(
      'name\nweb-1\n',
    );
    for (const [words, names] of [
      [['env!=prod'], 'db-1'],
      [['env=t*t'], 'db-1'],
      [['env=*', 'role!=*b'], 'db-1'],
      [['role!=db'], 'web-1\ndb-1'],
    ] as const) {
      const asked = words.flatMap((word) => ['--label', word]);
      expect((await run('agents', 'list', ...asked, ...columns)).stdout).toBe(`name\n${names}\n`);
    }
    expect((await run('agents', 'list', '--label', 'env=x')).stderr).toBe('no agents have these labels\n');
  });

  it('choose alerts, which is asked of the collector', async () => {
    await run('alerts', 'list', '--label', 'env=prod', '--label', 'role!=d*', '--label', 'owner');
    expect(asked('listAlerts')).toMatchObject([
      {
        filter: {
          labels: [
            { field: 'labels.env', value: 'prod', negated: false },
            { field: 'labels.role', value: 'd*', negated: true },
            { field: 'labels.owner', value: '*', negated: false },
          ],
        },
      },
    ]);
  });

  it('are set and taken away by one command', async () => {
    const labelled = await run('agents', 'label', 'web-1', 'env=prod=x', 'role-', 'note=');
    expect(labelled).toMatchObject({ code: 0, stdout: 'labels  web-1: env=prod=x note=\n' });
    expect(asked('labelAgent')).toEqual([{ agent: 'web-1', set: { env: 'prod=x', note: '' }, remove: ['role'] }]);
  });

  it.each([[['env']], [['=x']], [['-']], [['']], [['env=x', 'env-']]])('%j is wrong use', (words) => {
    expect(() => readLabelChange(words)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it.each(['', '=x', '!=x', 'env!x', 'Env=x', 'a b'])('--label "%s" is wrong use', (word) => {
    expect(() => readLabelFilter([word])).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('agents remove', () => {
  it('asks nobody where nobody is, and removes with --yes', async () => {
    expect(await run('agents', 'remove', 'web-1')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(asked('removeAgent')).toEqual([]);
    const removed = await run('agents', 'remove', 'web-1', '--yes', '--force', '--output', 'json');
    expect(JSON.parse(removed.stdout)).toMatchObject({ name: 'web-1', revoked: true });
    expect(asked('removeAgent')).toEqual([{ agent: agent().id, force: true }]);
  });

  it('says why it was refused', async () => {
    const details = 'web-1 is connected; --force revokes and removes it';
    server.refusals.set('removeAgent', { code: status.FAILED_PRECONDITION, details });
    expect(await run('agents', 'remove', 'web-1', '--yes')).toMatchObject({ code: 1, stderr: `error: ${details}\n` });
  });

  it.skipIf(!hasTmux)('takes only a plain yes', async () => {
    const env = { THREATGUARD_HOME: server.home };
    for (const [answer, removed] of [
      ['no', 0],
      ['y', 1],
    ] as const) {
      using terminal = new TmuxConsole(['agents', 'remove', 'web-1'], { columns: 110, rows: 10, env });
      await terminal.shows('Remove web-1 (connected) from the list, and revoke it?');
      terminal.type(answer);
      terminal.press('Enter');
      await terminal.shows(removed ? 'ended with 0' : 'ended with 1');
      expect(asked('removeAgent')).toHaveLength(removed);
    }
  });
});
