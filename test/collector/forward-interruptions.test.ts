// A real collector, a syslog receiver over TLS and a webhook: all of them go away and come back, the collector by kill -9,
// while alerts are raised. Each revision arrives at each of them, and what arrives twice has the same key.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { caOf, consoleIdentityOf, enrolTestAgent } from '../support/agent-identity.ts';
import { freePort } from '../support/child-server.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from '../support/collector.ts';
import { runConsole } from '../support/console-process.ts';
import { SyslogReceiver, WebhookReceiver } from '../support/forward-receivers.ts';
import { ResendingAgent } from '../support/resending-agent.ts';
import { makeCertificates, type TestCertificates } from '../support/test-certificates.ts';
import { until } from '../support/until.ts';

const RULE = `
title: ran
id: ran
logsource: {category: process_creation, product: linux}
detection: {selection: {Image|startswith: /opt/}, condition: selection}
level: high
threatguard: {reason: "{process.executable}", entity: [process.executable]}
`;

let certificates: TestCertificates;
let home: string;
let syslog: SyslogReceiver;
let webhook: WebhookReceiver;
let collector: CollectorProcess;
let listen: string;
/** What was executed: each raises an alert of its own. */
const raised: string[] = [];

const exec = (executable: string): HostEvent => ({
  observedAtUs: Date.now() * 1000,
  class: EventClass.PROCESS,
  activity: Activity.EXEC,
  outcome: Outcome.SUCCESS,
  sensor: 'process.ebpf',
  user: { name: 'root' },
  process: { pid: 1, name: 'x', executable, args: [executable] },
});

const start = async () => {
  collector = await CollectorProcess.start(home, { THREATGUARD_LISTEN: listen });
};

beforeAll(async () => {
  certificates = await makeCertificates();
  syslog = await SyslogReceiver.start(certificates);
  webhook = await WebhookReceiver.start(certificates);
  home = await initTestHome();
  listen = `127.0.0.1:${await freePort()}`;
  mkdirSync(join(home, 'rules'));
  writeFileSync(join(home, 'rules', 'ran.yml'), RULE);
  writeFileSync(join(certificates.directory, 'secret'), 'a secret of thirty-two characters');
  const { ca, client } = certificates;
  const forward = [
    {
      name: 'siem',
      kind: 'syslog',
      address: `127.0.0.1:${syslog.port}`,
      tls: { ca_file: ca, certificate_file: client.certificate, key_file: client.key },
      format: 'cef',
      what: ['alerts', 'audit'],
    },
    {
      name: 'soar',
      kind: 'webhook',
      url: `https://127.0.0.1:${webhook.port}/`,
      secret_file: join(certificates.directory, 'secret'),
      tls: { ca_file: ca },
      allow_private: true,
      format: 'ocsf',
    },
  ];
  const config = { rules: { directory: join(home, 'rules') }, forward };
  writeFileSync(join(home, 'collector', 'collector.yaml'), JSON.stringify(config));
  await start();
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
});
afterAll(async () => {
  await collector?.stop('SIGKILL');
  await syslog?.[Symbol.asyncDispose]();
  await webhook?.[Symbol.asyncDispose]();
  certificates?.[Symbol.dispose]();
  if (home) rmSync(home, { recursive: true, force: true });
});

it('loses nothing and names repeats the same, whoever of them is killed', async () => {
  const stop = new AbortController();
  using console = new ConsoleClient(collector.address, consoleIdentityOf(home));
  const { token } = await console.createToken();
  const identity = await enrolTestAgent({
    address: collector.address,
    ca: caOf(home),
    token: token!,
    hostName: 'web-1',
  });
  const agent = new ResendingAgent(collector.address, identity);
  const next = () => {
    const executable = `/opt/${raised.length}`;
    raised.push(executable);
    return [exec(executable)];
  };
  const running = agent.run(next, stop.signal, stop.signal).catch(() => undefined);
  const more = async (count: number) => {
    const goal = agent.acknowledged + count;
    await until(() => agent.acknowledged >= goal, { limitMs: 30_000, what: `${count} more acknowledged` });
  };

  await more(5);
  await until(() => syslog.keys.length > 0 && webhook.keys.length > 0, { limitMs: 10_000, what: 'the first ones' });
  await syslog.stop();
  await more(5);
  const state = await runConsole(['status'], { THREATGUARD_HOME: home });
  expect(state.stdout).toMatch(/to siem +syslog: (retrying: .*ECONNREFUSED|delivering)/);
  await collector.stop('SIGKILL');
  await start();
  await more(5);
  webhook.answer = () => undefined;
  await syslog.restart();
  await more(5);
  await collector.stop('SIGKILL');
  webhook.answer = () => ({ status: 200 });
  await webhook.stop();
  await start();
  await webhook.restart();
  await more(5);
  stop.abort();
  await running;

  using after = new ConsoleClient(collector.address, consoleIdentityOf(home));
  const settled = async () => {
    const { forwards } = await after.status();
    return forwards?.every(({ waiting, delivering }) => !waiting && delivering);
  };
  await until(settled, { limitMs: 40_000, what: 'nothing to wait for anybody' });
  const { alerts } = await after.alerts({ limit: 1_000 });
  const keys = new Set((alerts ?? []).map(({ id, revision }) => `${id}:${revision}`));
  expect(keys.size).toBeGreaterThanOrEqual(25);
  expect([...keys].filter((key) => !syslog.keys.includes(key))).toEqual([]);
  expect([...keys].filter((key) => !webhook.keys.includes(key))).toEqual([]);
  // What was sent to both is the same, however often.
  expect(new Set(webhook.keys)).toEqual(new Set(syslog.keys.filter((key) => !key.startsWith('audit:'))));
  const bodies = new Map<string, string>();
  for (const { key, record } of webhook.requests.flatMap(({ items }) => items)) {
    const text = JSON.stringify(record);
    expect(bodies.get(key) ?? text).toBe(text);
    bodies.set(key, text);
  }
  // The audit log has no gap either.
  const { entries } = await after.audit({ limit: 1_000 });
  const newest = Math.max(...(entries ?? []).map(({ sequence }) => sequence ?? 0));
  const audit = () =>
    [...new Set(syslog.keys.filter((key) => key.startsWith('audit:')))].map((key) => Number(key.slice(6)));
  // That the alerts were listed a moment ago is an entry of its own.
  await until(() => audit().includes(newest), { limitMs: 10_000, what: 'the newest entry to arrive' });
  const from = Math.min(...audit());
  expect(audit().toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: newest - from + 1 }, (_, index) => from + index),
  );
  const { forwards } = await after.status();
  expect(forwards).toMatchObject([
    { name: 'siem', stream: 'alerts', missed: 0, refused: 0 },
    { name: 'siem', stream: 'audit', missed: 0, refused: 0 },
    { name: 'soar', stream: 'alerts', missed: 0, refused: 0 },
  ]);
});

it('stops within seconds while nobody takes anything', async () => {
  await syslog.stop();
  webhook.answer = () => undefined;
  expect(await collector.stop()).toBe(0);
});
