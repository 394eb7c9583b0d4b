import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { percentText } from '../../console/src/model/percent.ts';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { agent, alert, NOW_US } from './samples.ts';

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });

function fill(text: (plain: string) => string): void {
  server.agents = [agent({ name: text('web-1'), os: text('Debian 12'), spooledEnvelopes: 2 })];
  server.agentDetail = {
    machineId: text('0123'),
    signingKeyId: 'ab'.repeat(32),
    losses: [
      { sensor: text('process.ebpf'), reason: 'kernel_overrun', count: 41, firstAtUs: NOW_US - 9e6, lastAtUs: NOW_US },
      { sensor: 'spool', reason: text('spool_overflow'), count: 2, firstAtUs: NOW_US - 9e7, lastAtUs: NOW_US - 9e7 },
    ],
    observedHour: 0.972,
    observedDay: 0.99999,
    newestEventAtUs: NOW_US,
    newestEventStoredAtUs: NOW_US + 1_250_000,
  };
  server.alerts = [alert({ observedRatio: 0.972 })];
}

beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.refusals.clear();
  fill((plain) => plain);
});

describe('agents show', () => {
  it('says who it is, how far behind, what was observed, and each loss with its times', async () => {
    const { code, stdout } = await run('agents', 'show', 'web-1', '--utc');
    expect(code).toBe(0);
    expect(server.calls.at(-1)).toMatchObject({ method: 'getAgent', request: { agent: 'web-1' } });
    expect(stdout).toMatch(/^signing key +(ab){32}$/m);
    expect(stdout).toMatch(/^lag +newest event stored 1\.25 s after it happened, 2 envelopes in its spool$/m);
    expect(stdout).toMatch(/^last hour +97\.2 % was observed$/m);
    expect(stdout).toMatch(/^last day +more than 99\.9 % was observed$/m);
    expect(stdout).toMatch(/^sensor process +degraded, by proc-scan: short-lived processes are not seen$/m);
    expect(stdout).toMatch(/^2026-11-21 10:00:00 +2026-11-21 09:59:51 +41 +process\.ebpf +kernel overrun$/m);
  });

  it('is an object as JSON, with the losses in it', async () => {
    const { stdout } = await run('agents', 'show', 'web-1', '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'web-1',
      lag_us: 1_250_000,
      observed_hour: 0.972,
      losses: [{ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 41 }, { count: 2 }],
    });
  });

  it('says so where nothing was lost', async () => {
    server.agentDetail = { observedHour: 1, observedDay: 1 };
    const { stdout } = await run('agents', 'show', 'web-1');
    expect(stdout).toContain('it lost nothing that it knows of');
    expect(stdout).toMatch(/^last day +100\.0 % was observed$/m);
    expect(stdout).toMatch(/^lag +no event yet/m);
  });

  it('of an agent nobody knows ends with 4', async () => {
    server.refusals.set('getAgent', { code: status.NOT_FOUND, details: 'no agent has this name or id' });
    expect(await run('agents', 'show', 'nobody')).toMatchObject({ code: 4 });
  });

  it('lets no hostile text through to the terminal', async () => {
    fill(() => HOSTILE);
    const { code, stdout } = await run('agents', 'show', 'web-1');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(RAW);
  });
});

it('an alert says what share of its window was observed', async () => {
  const { stdout } = await run('alerts', 'show', '01kb');
  expect(stdout).toMatch(/^observed +97\.2 % of this window was observed$/m);
});

it.each([
  [1, '100.0 %'],
  [0.9999, 'more than 99.9 %'],
  [0.972, '97.2 %'],
  [0.0001, 'less than 0.1 %'],
  [0, '0.0 %'],
])('a share of %d reads %s: only what is whole is 100 %%', (share, text) => {
  expect(percentText(share)).toBe(text);
});
