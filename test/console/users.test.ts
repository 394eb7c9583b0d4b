// Users of the HTTP service as an administrator handles them: the console as a process, a real collector.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { ask } from '../support/http.ts';

let collector: TestCollector;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: collector.home, TZ: 'UTC' });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout);

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
  writeFileSync(join(collector.home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
});
afterAll(() => collector?.[Symbol.asyncDispose]());

it('users are added with a password that is shown once, listed, given another role and removed', async () => {
  const made = await json('users', 'add', 'Ana', '--role', 'analyst');
  expect(made).toMatchObject({ name: 'ana', role: 'analyst' });
  const login = () => ask(`${collector.httpUrl}/api/auth/login`, { json: { name: 'ana', password: made.password } });
  const { body } = await login();
  expect(body.user.role).toBe('analyst');
  const listed = await run('users', 'list');
  expect(listed.stdout).toMatch(/ana +analyst +no/);
  expect(listed.stdout).not.toContain(made.password);
  expect(await json('users', 'role', 'ana', 'viewer')).toEqual({ name: 'ana', role: 'viewer' });
  expect((await ask(`${collector.httpUrl}/api/auth/me`, { token: body.access_token })).body.user.role).toBe('viewer');
  expect(await json('users', 'remove', 'ana')).toEqual({ removed: 'ana', sessions: 1, tokens: 0 });
  expect((await login()).status).toBe(401);
});

it('tokens for scripts are made, listed without themselves, and refused once they are removed', async () => {
  await run('users', 'add', 'soar', '--role', 'viewer');
  const made = await json(
    'users',
    'token',
    'create',
    'soar',
    '--scope',
    'rules:read',
    '--label',
    'nightly',
    '--valid',
    '1d',
  );
  const rules = () => ask(`${collector.httpUrl}/api/threat/rules`, { token: made.token });
  expect((await rules()).status).toBe(200);
  const listed = await run('users', 'token', 'list');
  expect(listed.stdout).toMatch(/nightly/);
  expect(listed.stdout).not.toContain(made.token);
  expect((await run('users', 'token', 'remove', made.id)).code).toBe(0);
  expect((await rules()).status).toBe(401);
});

it.each([
  [['role', 'nobody', 'viewer'], 4, 'no user has this name'],
  [['role', 'soar', 'analist'], 2, 'did you mean "analyst"?'],
  [['add', '-x-'], 2, ''],
  [['add', 'a/b'], 2, 'a name has 2 to 64'],
  [['token', 'create', 'soar', '--scope', 'alert:read'], 2, 'did you mean "alerts:read"?'],
  [['token', 'create', 'soar', '--scope', 'users:write'], 2, 'does not have the scope users:write'],
  [['token', 'create', 'soar', '--scope', 'rules:read', '--valid', '10y'], 2, '--valid "10y" must be a duration'],
  [['token', 'remove', '0123456789abcdef'], 4, 'no token has this id'],
])('users %j ends with %i: %s', async (args, code, message) => {
  const result = await run('users', ...args);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(message);
});
