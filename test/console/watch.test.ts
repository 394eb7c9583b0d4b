import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { ALERT_STREAM, ALERT_SUBJECTS, type Alert, alertSubject, Severity, SignedAlert } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NatsDeployment, writeNatsConfig } from '../../console/src/services/up/nats-settings.ts';
import { endChild, startChild } from '../support/child-server.ts';
import { RunningConsole, runConsole } from '../support/console-process.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { serverPath } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { alert } from './samples.ts';

const LIMIT_MS = 20_000;

/** A nats-server under the configuration that `threatguard up` writes: the console may only read. */
class TestNats implements AsyncDisposable {
  readonly #home = mkdtempSync(join(tmpdir(), 'threatguard-nats-'));
  readonly #signAlert: (alert: Alert) => SignedAlert;
  deployment!: NatsDeployment;
  #server: ReturnType<typeof startChild> | undefined;
  #connection: NatsConnection | undefined;

  constructor(sign: (alert: Alert) => SignedAlert) {
    this.#signAlert = sign;
  }

  async start(): Promise<void> {
    this.deployment = await writeNatsConfig(this.#home);
    const server = startChild(serverPath('nats-server')!, ['--config', this.deployment.configFile]);
    this.#server = server;
    await until(() => server.output().includes('Server is ready'), { limitMs: LIMIT_MS, what: server.output });
    const url = new URL(this.deployment.collectorUrl);
    this.#connection = await connect({ servers: url.host, user: url.username, pass: url.password, reconnect: false });
    const manager = await jetstreamManager(this.#connection);
    await manager.streams.add({ name: ALERT_STREAM, subjects: [ALERT_SUBJECTS] });
  }

  async kill(): Promise<void> {
    if (this.#server) await endChild(this.#server.child, 'SIGKILL');
  }

  publish(found: Alert): Promise<void> {
    return this.publishBytes(SignedAlert.encode(this.#signAlert(found)).finish());
  }

  async publishBytes(bytes: Uint8Array): Promise<void> {
    await jetstream(this.#connection!).publish(alertSubject(Severity.HIGH, 'agent-1'), bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

let server: FakeConsoleServer;
beforeEach(async () => {
  server = await FakeConsoleServer.start();
});
afterEach(() => server[Symbol.asyncDispose]());

const fresh = (id: string, change: Alert = {}) => {
  const nowUs = Date.now() * 1000;
  return alert({ id, raisedAtUs: nowUs, lastAtUs: nowUs, firstAtUs: nowUs, updatedAtUs: nowUs, ...change });
};
const watch = (...args: string[]) =>
  new RunningConsole(['alerts', 'watch', ...args], { THREATGUARD_HOME: server.home });
const noted = (console: RunningConsole, text: string) =>
  until(() => console.notes.some((note) => note.includes(text)), {
    limitMs: LIMIT_MS,
    what: () => `a note with "${text}"; there were:\n${console.notes.join('\n')}`,
  });
const ids = (console: RunningConsole) => console.lines.map((line) => JSON.parse(line).id as string);
const shown = (console: RunningConsole, count: number) =>
  until(() => console.lines.length >= count, {
    limitMs: LIMIT_MS,
    what: () => `${count} lines; there were:\n${[...console.lines, ...console.notes].join('\n')}`,
  });

describe('alerts watch without NATS', () => {
  it("prints the collector's own stream: new alerts and rises, not every change", async () => {
    await using console = watch('--output', 'json');
    await noted(console, "watching alerts on the collector's own stream");
    server.raise(fresh('a'));
    server.raise(fresh('a', { revision: 2, count: 9 }));
    server.raise(fresh('a', { revision: 3, severity: Severity.CRITICAL }));
    server.raise(fresh('a', { revision: 2, severity: Severity.CRITICAL }));
    server.raise(fresh('old', { revision: 7, raisedAtUs: 1 }));
    server.raise(fresh('b'));
    await shown(console, 3);
    expect(console.lines.map((line) => JSON.parse(line)).map(({ id, revision }) => [id, revision])).toEqual([
      ['a', 1],
      ['a', 3],
      ['b', 1],
    ]);
    expect(await console.stop()).toBe(0);
  });

  it('prints every change with --updates, as text that is safe to show', async () => {
    await using console = watch('--updates');
    await noted(console, 'watching');
    server.raise(fresh('a', { title: HOSTILE, reason: HOSTILE, agentName: HOSTILE, values: { 'user.name': HOSTILE } }));
    server.raise(fresh('a', { revision: 2 }));
    await shown(console, 2);
    expect(console.lines).toHaveLength(2);
    expect(console.lines.join('\n')).not.toMatch(RAW);
    expect(console.lines[1]).toMatch(
      /high +SSH brute force {2}host=web-1 user=root address=192.0.2.1 process=\/usr\/sbin\/sshd technique=T1110.001 observed=97\.2 % {2}10 failed/,
    );
  });

  it('drops what the collector did not sign, and says so', async () => {
    await using console = watch('--output', 'json');
    await noted(console, 'watching');
    const signed = server.sign(fresh('forged'));
    signed.alert![signed.alert!.length - 1]! ^= 1;
    server.send(signed);
    server.raise(fresh('honest'));
    await shown(console, 1);
    expect(ids(console)).toEqual(['honest']);
    await noted(console, '1 message(s) not signed by the collector were dropped');
  });

  it('refuses a signing certificate that the CA of this fleet did not issue', async () => {
    await using other = await FakeConsoleServer.start();
    server.status.signingCertificate = other.certificate.raw;
    const result = await runConsole(['alerts', 'watch'], { THREATGUARD_HOME: server.home });
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(result.stderr).toContain('was not issued by the CA of this fleet');
  });

  it('comes back after the collector was away, with what was raised meanwhile and nothing twice', async () => {
    await using console = watch('--output', 'json');
    await noted(console, 'watching');
    server.raise(fresh('before'));
    await shown(console, 1);
    await server.stop();
    await noted(console, 'trying again');
    server.alerts = [fresh('meanwhile'), fresh('before')];
    await server.listen();
    await shown(console, 2);
    await until(() => server.watchers > 0, { limitMs: LIMIT_MS, what: 'the watcher' });
    server.raise(fresh('after'));
    await shown(console, 3);
    expect(ids(console)).toEqual(['before', 'meanwhile', 'after']);
  });

  it('says how to start a collector where none answers', async () => {
    await server.stop();
    const result = await runConsole(['alerts', 'watch'], { THREATGUARD_HOME: server.home });
    expect(result.code).toBe(3);
    await server.listen();
  });
});

describe.skipIf(!serverPath('nats-server'))('alerts watch on NATS (needs nats-server)', () => {
  let nats: TestNats;
  beforeEach(async () => {
    nats = new TestNats((found) => server.sign(found));
    await nats.start();
    const url = new URL(nats.deployment.consoleUrl);
    server.status.natsUrl = `nats://${url.host}`;
    server.status.natsCredentials = `${url.username}:${url.password}`;
  });
  afterEach(() => nats[Symbol.asyncDispose]());

  it('prints what the collector signed and nothing else', async () => {
    await using console = watch('--output', 'json', '--severity', 'high', '--technique', 'T1110');
    await noted(console, 'watching alerts on NATS');
    const forged = server.sign(fresh('forged'));
    forged.signature![0]! ^= 1;
    await nats.publishBytes(SignedAlert.encode(forged).finish());
    await nats.publishBytes(Buffer.from('not a message at all'));
    await nats.publish(fresh('low', { severity: Severity.LOW }));
    await nats.publish(fresh('other', { techniques: ['T1059.004'] }));
    await nats.publish(fresh('honest'));
    await shown(console, 1);
    expect(ids(console)).toEqual(['honest']);
    await noted(console, '2 message(s) not signed by the collector were dropped');
  });

  it('catches up with --since on what was published while nobody watched', async () => {
    await nats.publish(fresh('earlier'));
    await using console = watch('--output', 'json', '--since', '1h');
    await shown(console, 1);
    await nats.publish(fresh('later'));
    await shown(console, 2);
    expect(ids(console)).toEqual(['earlier', 'later']);
  });

  it("falls back to the collector's stream when NATS is lost, comes back, and shows nothing twice", async () => {
    await using console = watch('--output', 'json');
    await noted(console, 'watching alerts on NATS');
    await nats.publish(fresh('one'));
    await shown(console, 1);
    await nats.kill();
    await noted(console, 'lost NATS');
    await noted(console, "watching alerts on the collector's own stream");
    server.raise(fresh('two'));
    await shown(console, 2);
    await nats.start();
    server.status.natsUrl = `nats://${new URL(nats.deployment.consoleUrl).host}`;
    await nats.publish(fresh('two'));
    await nats.publish(fresh('three'));
    await noted(console, 'NATS is back');
    await shown(console, 3);
    await nats.publish(fresh('four'));
    await shown(console, 4);
    expect(ids(console)).toEqual(['one', 'two', 'three', 'four']);
  });

  it('cannot publish or delete with the credentials a console gets', async () => {
    const url = new URL(nats.deployment.consoleUrl);
    const connection = await connect({ servers: url.host, user: url.username, pass: url.password, reconnect: false });
    try {
      await expect(jetstream(connection).publish(alertSubject(Severity.HIGH, 'x'), 'x')).rejects.toThrow(/ermission/);
      const manager = await jetstreamManager(connection);
      await expect(manager.streams.purge(ALERT_STREAM)).rejects.toThrow(/ermission/);
      await expect(manager.streams.delete(ALERT_STREAM)).rejects.toThrow(/ermission/);
    } finally {
      await connection.close();
    }
  });
});
