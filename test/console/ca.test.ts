// The CAs and the keys of agents as an administrator handles them: the console as a process, a real collector.

import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCertificates } from '@threatguard/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';

let collector: TestCollector;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: collector.home, TZ: 'UTC' });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout);
const file = (name: string) => readFileSync(join(collector.home, 'console', name), 'utf8');
const states = async () => (await json('ca', 'status')).map(({ state }: { state: string }) => state);

beforeAll(async () => {
  collector = await TestCollector.start();
  writeFileSync(join(collector.home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  await collector.enrol('web-1');
});
afterAll(() => collector?.[Symbol.asyncDispose]());

it('agents rotate-key asks one agent, or all, and says who will hear of it later', async () => {
  const one = await run('agents', 'rotate-key', 'web-1');
  expect(one).toMatchObject({ code: 0, stderr: '' });
  expect(one.stdout).toMatch(/agents asked +1\nconnected now +0, the others when they come/);
  expect(await json('agents', 'rotate-key', '--all')).toEqual({ ordered: 1, connected: 0 });
});

it.each([
  [[], 2, 'name one agent, or all of them with --all'],
  [['web-1', '--all'], 2, 'name one agent, or all of them with --all'],
  [['web-2'], 4, 'no agent has this name or id'],
])('agents rotate-key %j ends with %i: %s', async (args, code, message) => {
  const result = await run('agents', 'rotate-key', ...args);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(message);
});

it('ca rotate, status and retire go from one CA to the next; the console follows by itself', async () => {
  expect(await states()).toEqual(['newest']);
  const early = await run('ca', 'retire');
  expect(early).toMatchObject({ code: 1, stdout: '' });
  expect(early.stderr).toContain('only one CA is trusted; "threatguard ca rotate" makes the next');

  const formerConsole = file('console.crt');
  const made = await json('ca', 'rotate');
  expect(made).toMatchObject({ former_sha256: expect.stringMatching(/^[0-9a-f]{64}$/), agents_told: 0 });
  const twice = await run('ca', 'rotate');
  expect(twice.code).toBe(1);
  expect(twice.stderr).toContain('a former CA is still trusted');

  // The next command brought a certificate of the new CA, and the trust in it; with those the console goes on.
  const shown = await run('ca', 'status');
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/newest .*\n.* trusted /);
  expect(shown.stdout).toMatch(
    new RegExp(`still with a certificate of ${made.former_sha256.slice(0, 16)}:\n.*\n *agent +web-1`),
  );
  const [newest, former] = readCertificates(file('ca.crt'));
  const renewed = new X509Certificate(file('console.crt'));
  expect(renewed.checkIssued(newest!) && renewed.verify(newest!.publicKey)).toBe(true);
  expect(new X509Certificate(formerConsole).checkIssued(former!)).toBe(true);

  const refused = await run('ca', 'retire');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('1 certificates still chain to it, of web-1');
  expect(await json('ca', 'retire', '--force')).toEqual({ retired: [made.former_sha256], locked_out: 1 });
  expect(await states()).toEqual(['newest', 'retired']);
  expect((await json('status')).ca.sha256).toBe(made.sha256);
});
