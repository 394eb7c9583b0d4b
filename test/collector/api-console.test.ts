import { createPublicKey, X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type Alert, AlertState, Outcome, Severity, verifyAlert } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchesAlert } from '../../collector/src/api/alert-filter.ts';
import { clampLimit } from '../../collector/src/api/limits.ts';
import { RateMeter } from '../../collector/src/api/rate-meter.ts';
import { splitNatsUrl } from '../../collector/src/api/status.ts';
import { TestCollector } from '../support/collector.ts';
import { bruteForce, failedLogin } from '../support/envelopes.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let agent: SealingAgent;

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'nats:\n  console_url: nats://reader:pa%3Ass@192.0.2.9:4222\n' });
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
});

afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});

async function attack(source: string): Promise<void> {
  expect((await agent.send(bruteForce(source))).acknowledgement?.sequence).toBeGreaterThan(0);
}

const isAbout = (source: string) => (alert: Alert) => alert.values?.['source.ip'] === source;

describe('alerts', () => {
  it('are streamed as they are committed, signed by the collector, to those whose filter they pass', async () => {
    const all = await collector.console.watch();
    const others = await collector.console.watch({ agent: 'another host' });
    const critical = await collector.console.watch({ technique: 'T1110', severityMin: Severity.LOW });
    await attack('192.0.2.77');
    await until(() => all.seen.find(isAbout('192.0.2.77')), { limitMs: 10_000, what: 'the alert' });
    await until(() => critical.seen.length > 0, { limitMs: 10_000, what: 'the alert by technique' });
    expect(others.seen).toEqual([]);
    const { signingCertificate } = await collector.console.status();
    const key = createPublicKey(
      new X509Certificate(signingCertificate!).publicKey.export({ type: 'spki', format: 'pem' }),
    );
    for (const signed of all.signed) expect(verifyAlert(signed, key).agentName).toBe('web-1');
    for (const watch of [all, others, critical]) watch.stop();
  });

  it('are listed newest first with a limit, and shown with their events by id or prefix', async () => {
    await attack('192.0.2.78');
    const { alerts } = await collector.console.alerts({ filter: { technique: 'T1110' }, limit: 1 });
    expect(alerts).toHaveLength(1);
    const shown = await collector.console.alert(alerts![0]!.id!.toUpperCase());
    expect(shown.alert!.id).toBe(alerts![0]!.id);
    expect(shown.events!.length).toBeGreaterThan(0);
    expect(shown.events![0]!.event!.sensor).toBe('auth.file');
  });

  it.each([
    ['an id nobody has', '7zzzzzzzzzzzzzzzzzzzzzzzzz', status.NOT_FOUND, /alerts list/],
    ['text that is no id', "'; drop table alerts", status.INVALID_ARGUMENT, /alerts list/],
    ['nothing', '', status.INVALID_ARGUMENT, /alerts list/],
  ])('show refuses %s and says what to do', async (_, id, code, details) => {
    await expect(collector.console.alert(id)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
  });

  it('show asks for more of a prefix that several alerts have', async () => {
    await attack('192.0.2.79');
    await expect(collector.console.alert('0')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

describe('stories', () => {
  it('follow from what hosts send: a risk with its reasons, and an incident in order', async () => {
    await attack('192.0.2.90');
    await agent.send([{ ...failedLogin('192.0.2.90'), outcome: Outcome.SUCCESS }]);
    const { entities } = await until(
      async () => {
        const answer = await collector.console.entities({ kind: 'address' });
        return answer.entities?.some(({ name }) => name?.name === '192.0.2.90') ? answer : undefined;
      },
      { limitMs: 10_000, what: 'the risk of the address' },
    );
    const address = entities!.find(({ name }) => name?.name === '192.0.2.90')!;
    expect(address.risk).toBeGreaterThan(0);
    const sum = address.reasons!.reduce((all, { contribution }) => all + (contribution ?? 0), 0);
    expect(address.risk).toBeCloseTo(Math.min(100, sum), 3);
    const { incidents } = await collector.console.incidents({ state: 'open' });
    const about = incidents!.find((each) => each.entities!.some(({ name }) => name === '192.0.2.90'));
    const { incident } = await collector.console.incident(about!.id!);
    const rules = new Set(incident!.alerts!.map(({ ruleId }) => ruleId));
    expect(rules.size).toBeGreaterThan(1);
    for (const { id } of incident!.alerts!) expect((await collector.console.alert(id!)).alert!.id).toBe(id);
  });

  it.each([
    ['a kind there is not', () => collector.console.entities({ kind: 'hosts' }), status.INVALID_ARGUMENT],
    ['a state there is not', () => collector.console.incidents({ state: 'x' }), status.INVALID_ARGUMENT],
    ['a foreign cursor', () => collector.console.entities({ after: "'" }), status.INVALID_ARGUMENT],
    ['a foreign cursor of the audit log', () => collector.console.audit({ after: 'x' }), status.INVALID_ARGUMENT],
    ['text that is no id', () => collector.console.incident("'"), status.INVALID_ARGUMENT],
    ['an id nobody has', () => collector.console.incident('7zzzzzzzzzzzzzzzzzzzzzzzzz'), status.NOT_FOUND],
  ])('refuse %s', async (_, ask, code) => {
    await expect(ask()).rejects.toMatchObject({ code });
  });

  it('include who did what, proven', async () => {
    const { entries } = await collector.console.audit({ limit: 100 });
    const changes = entries!.filter(({ action }) => !/\.(viewed|listed|searched|watched)$/.test(action!));
    expect(changes.slice(0, 3).map(({ action, actorKind }) => [action, actorKind])).toEqual([
      ['agent.ca_followed', 'collector'],
      ['agent.enrolled', 'token'],
      ['token.made', 'console'],
    ]);
    const found = await collector.console.verifyAudit();
    const count = entries!.length;
    expect(found).toMatchObject({ entries: count, firstSequence: 1, headSequence: count });
    const at = entries!.at(-2)!.atUs!;
    const within = await collector.console.audit({ sinceUs: at, untilUs: at + 1 });
    expect(within.entries).toContainEqual(entries!.at(-2));
    expect((await collector.console.incidents({ untilUs: at })).incidents).toEqual([]);
    expect(found.problemSequence ?? 0).toBe(0);
  });
});

describe('events', () => {
  it('are searched by field and time', async () => {
    await attack('198.51.100.7');
    const filters = [{ field: 'source.ip', value: '198.51.100.0/24' }];
    const found = await collector.console.events({ filters, sinceUs: (Date.now() - 60_000) * 1000, limit: 5 });
    expect(found.events).toHaveLength(5);
    const rest = await collector.console.events({ filters, limit: 5, after: found.next });
    expect(rest.events).toHaveLength(5);
    expect((await collector.console.events({ filters, untilUs: 1 })).events).toEqual([]);
  });

  it('of a field that does not exist are refused with the nearest name', async () => {
    const asked = collector.console.events({ filters: [{ field: 'user.nam', value: 'x' }] });
    await expect(asked).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/user\.name/),
    });
  });
});

describe('status', () => {
  it('tells everything the console shows', async () => {
    await attack('192.0.2.80');
    const report = await collector.console.status();
    expect(report).toMatchObject({
      version: '0.1.0',
      storeEngine: 'pglite',
      storeState: 'ready',
      publishState: 'off',
      agentsEnrolled: 1,
      agentsConnected: 1,
      kemEpoch: 1,
      kemAlgorithm: 'ML-KEM-768',
      signatureAlgorithm: 'ML-DSA-65',
      tlsGroup: 'X25519MLKEM768',
      natsUrl: 'nats://192.0.2.9:4222',
      natsCredentials: 'reader:pa:ss',
    });
    expect(report.caSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(report.eventsStored).toBeGreaterThan(0);
    expect(report.eventsPerSecond).toBeGreaterThan(0);
    expect(report.rulesLoaded).toBeGreaterThan(0);
    expect(report.rulesDisabled ?? []).toEqual([]);
    expect(report.alertsOpen).toBeGreaterThan(0);
  });

  it('keeps no alerts in the outbox where nothing publishes them', async () => {
    await attack('192.0.2.81');
    await until(async () => !(await collector.console.status()).outboxWaiting, {
      limitMs: 5_000,
      what: 'an empty outbox',
    });
  });
});

describe('agents', () => {
  it('that nobody knows cannot be revoked, and the answer says where to look', async () => {
    const refused = { code: status.NOT_FOUND, details: expect.stringMatching(/agents list/) };
    await expect(collector.console.revoke('nobody')).rejects.toMatchObject(refused);
  });

  it('get tokens with bounded uses and life', async () => {
    const made = await collector.console.createToken({
      uses: 4_000_000_000,
      validSeconds: 1e12,
      label: 'x'.repeat(1000),
    });
    expect(made.uses).toBe(10_000);
    expect(made.expiresAtUs).toBeLessThan((Date.now() + 91 * 86_400_000) * 1000);
  });

  it('are shown one by one, by name or id, with what was observed of the last hour', async () => {
    const shown = await collector.console.agent('web-1');
    expect(shown.agent).toMatchObject({ name: 'web-1', state: 'connected' });
    expect(shown.signingKeyId).toMatch(/^[0-9a-f]{64}$/);
    expect(shown.observedHour).toBe(1);
    expect(shown.losses).toEqual([]);
    expect(await collector.console.agent(shown.agent!.id!)).toMatchObject({ agent: { name: 'web-1' } });
    const refused = { code: status.NOT_FOUND, details: expect.stringMatching(/agents list/) };
    await expect(collector.console.agent('nobody')).rejects.toMatchObject(refused);
  });

  it('are summarised with what their heartbeats said', async () => {
    const sensors = [{ sensor: 'auth', source: 'file', state: 'running', detail: 'a\x1b[2Jb', events: 7 }];
    agent.sendFrame({ heartbeat: { sentAtUs: Date.now() * 1000, spooledEnvelopes: 9, sensors } });
    const summary = await until(
      async () => (await collector.console.agents()).find(({ spooledEnvelopes }) => spooledEnvelopes === 9),
      { limitMs: 5_000, what: 'the heartbeat' },
    );
    expect(summary).toMatchObject({ name: 'web-1', state: 'connected', version: '0.1.0', kemEpoch: 0 });
    expect(summary.sensors![0]).toMatchObject({ sensor: 'auth', detail: 'a[2Jb', events: 7 });
  });
});

describe('the alert filter', () => {
  const alert: Alert = {
    severity: Severity.HIGH,
    state: AlertState.OPEN,
    agentId: 'id-1',
    agentName: 'web-1',
    techniques: ['T1110.001'],
    values: { 'user.name': 'root' },
    firstAtUs: 100,
    lastAtUs: 200,
  };

  it.each([
    [{}, true],
    [{ severityMin: Severity.HIGH }, true],
    [{ severityMin: Severity.CRITICAL }, false],
    [{ agent: 'web-1' }, true],
    [{ agent: 'id-1' }, true],
    [{ agent: 'web' }, false],
    [{ user: 'root' }, true],
    [{ user: 'roo' }, false],
    [{ technique: 'T1110' }, true],
    [{ technique: 't1110.001' }, true],
    [{ technique: 'T111' }, false],
    [{ technique: 'T1110.002' }, false],
    [{ state: AlertState.CLOSED }, false],
    [{ sinceUs: 200 }, true],
    [{ sinceUs: 201 }, false],
    [{ untilUs: 100 }, true],
    [{ untilUs: 99 }, false],
    [{ labels: [{ field: 'labels.env', value: 'pr*' }] }, true],
    [{ labels: [{ field: 'labels.env', value: 'test' }] }, false],
    [{ labels: [{ field: 'labels.env', value: 'test', negated: true }] }, true],
    [{ labels: [{ field: 'labels.role', value: '*' }] }, false],
  ])('%j passes the alert: %s', (filter, passes) => {
    const labelsOf = (id: string) => (id === 'id-1' ? { env: 'prod' } : undefined);
    expect(matchesAlert(alert, filter, labelsOf)).toBe(passes);
  });

  it('has no other fields than labels', async () => {
    const filter = { labels: [{ field: 'user.name', value: 'x' }] };
    await expect(collector.console.alerts({ filter })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(collector.console.watch(filter)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

it.each([
  [undefined, 100],
  [0, 100],
  [7, 7],
  [5_000, 1_000],
])('a page asked for with limit %s has %i rows at most', (limit, rows) => {
  expect(clampLimit(limit)).toBe(rows);
});

it('the rate counts the last minute and forgets the one before', () => {
  const meter = new RateMeter(0);
  meter.add(600, 100_000);
  expect(meter.perSecond(100_500)).toBe(10);
  expect(meter.perSecond(159_000)).toBe(10);
  expect(meter.perSecond(160_000)).toBe(0);
});

it('an address without credentials has none, and none is none', () => {
  expect(splitNatsUrl('nats://127.0.0.1:4222')).toEqual({ url: 'nats://127.0.0.1:4222', credentials: '' });
  expect(splitNatsUrl(undefined)).toEqual({ url: '', credentials: '' });
});
