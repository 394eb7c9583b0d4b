import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.ts';
import { serverPath } from '../support/servers.ts';
import { hasTmux, TmuxConsole } from '../support/tmux.ts';
import { until } from '../support/until.ts';

const FACTS = 120;
const PAUSE_MS = 50;
type Part = 'agent' | 'collector' | 'nats';

function kill({ home, notes }: Deployment, part: Part): void {
  const run = join(home, 'up.json');
  if (!existsSync(run)) throw new Error(`up ended before its ${part} was killed; it said:\n${notes}`);
  const { children } = JSON.parse(readFileSync(run, 'utf8'));
  process.kill(children[part].pid, 'SIGKILL');
}

describe.skipIf(!serverPath('nats-server'))('kill -9 of each part while facts arrive (needs nats-server)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-kill-'));
  const log = join(directory, 'auth.log');
  writeFileSync(log, '');
  const deployment = new Deployment();

  beforeAll(() => deployment.start(['--auth-log', log]));
  afterAll(async () => {
    await deployment[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  async function storedUsers(): Promise<string[]> {
    const words = ['events', 'search', 'user.name:kill*', '--since', '1h', '--limit', '1000', '--output', 'json'];
    const { code, stdout } = await deployment.command(...words);
    return code === 0
      ? (JSON.parse(stdout) as { 'user.name': string }[]).map((event) => event['user.name']).sort()
      : [];
  }

  const users = Array.from({ length: FACTS }, (_, index) => `kill${String(index).padStart(4, '0')}`);

  it('loses no fact, stores none twice, and raises every alert once', async () => {
    const kills = new Map<number, Part>([
      [20, 'collector'],
      [50, 'agent'],
      [75, 'nats'],
      [95, 'collector'],
    ]);
    for (const [index, user] of users.entries()) {
      const time = new Date().toISOString();
      const line = `${time} host sudo: ${user} : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id`;
      appendFileSync(log, `${line}\n`);
      const part = kills.get(index);
      if (part) kill(deployment, part);
      await setTimeout(PAUSE_MS);
    }
    await until(async () => (await storedUsers()).length >= FACTS, {
      limitMs: 60_000,
      everyMs: 500,
      what: () => `all ${FACTS} facts to be stored; up said:\n${deployment.notes}`,
    });
    expect(await storedUsers()).toEqual(users);

    const raised = () =>
      deployment.alerts
        .filter((alert) => alert.title.startsWith('sudo refused') && alert.revision === 1)
        .map((alert) => /kill\d{4}/.exec(alert.reason)?.[0])
        .sort();
    await until(() => raised().length >= FACTS, {
      limitMs: 60_000,
      what: () => `all ${FACTS} alerts, of which ${raised().length} came; up said:\n${deployment.notes}`,
    });
    expect(raised()).toEqual(users);
  });

  it('leaves a deployment that says so and goes on', async () => {
    const { code, stdout } = await deployment.command('status', '--output', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ agents: { connected: 1 } });
    expect(deployment.notes).toMatch(/collector/);
    expect(deployment.strayOutput).toEqual([]);
  });
});

describe.skipIf(!serverPath('nats-server'))('kill -9 of the collector while up starts (needs nats-server)', () => {
  it('does not keep it from coming up: its agent is enrolled, and alerts are printed', async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'threatguard-kill-')), 'auth.log');
    writeFileSync(log, '');
    await using deployment = new Deployment();
    const started = deployment.start(['--auth-log', log]);
    started.catch(() => undefined);
    for (const moment of ['enrolling the agent', 'the collector listens']) {
      await until(() => deployment.notes.includes(moment), {
        limitMs: 30_000,
        everyMs: 1,
        what: () => `up to say "${moment}"; it said:\n${deployment.notes}`,
      });
      kill(deployment, 'collector');
    }
    await started;
    const time = new Date().toISOString();
    appendFileSync(
      log,
      `${time} host sudo: mallory : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\n`,
    );
    await deployment.alert(({ reason }) => reason.includes('mallory'), 'a refused sudo');
    expect(await deployment.stop()).toBe(0);
    rmSync(dirname(log), { recursive: true });
  });
});

describe.skipIf(!hasTmux)('a terminal that is closed (needs tmux)', () => {
  it('stops the deployment that up runs in it', async () => {
    const home = mkdtempSync(join(tmpdir(), 'threatguard-home-'));
    const words = ['up', '--home', home, '--listen', '127.0.0.1:0'];
    const terminal = new TmuxConsole(words, { columns: 100, rows: 30, env: { LANG: 'C.UTF-8' } });
    await terminal.shows(/agents 1/);
    const { children } = JSON.parse(readFileSync(join(home, 'up.json'), 'utf8'));
    const pids: number[] = Object.values<{ pid: number }>(children).map(({ pid }) => pid);
    expect(pids.filter(isAlive)).toEqual(pids);
    terminal[Symbol.dispose]();
    try {
      await until(() => !pids.some(isAlive) && !existsSync(join(home, 'up.json')), {
        limitMs: 30_000,
        what: () => `the end of ${pids.filter(isAlive)}`,
      });
    } finally {
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
      rmSync(home, { recursive: true });
    }
  });
});

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
