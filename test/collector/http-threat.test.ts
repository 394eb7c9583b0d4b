// The routes of /api/threat, over what an agent really sent.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { judgeBehaviour } from '../../collector/src/http/analysis/behaviour.ts';
import { AlertStream, type StreamSocket } from '../../collector/src/http/stream/alert-stream.ts';
import { StreamTickets } from '../../collector/src/http/stream/tickets.ts';
import type { FeedListener } from '../../collector/src/publish/alert-feed.ts';
import { ApiUser } from '../support/api-user.ts';
import { sentLogin } from '../support/api-world.ts';
import { TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { bruteForce, failedLogin } from '../support/envelopes.ts';
import { ask } from '../support/http.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { makeAlert } from '../support/stores.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let agent: SealingAgent;
let admin: ApiUser;
let analyst: ApiUser;
let viewer: ApiUser;

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
  admin = await ApiUser.first(collector);
  analyst = await admin.withRole('ana', 'analyst');
  viewer = await admin.withRole('vic', 'viewer');
  await attack('192.0.2.77');
  await agent.send([connection('10.0.0.9', 443), connection('10.0.0.9', 443), connection('198.51.100.4', 4444)]);
});

afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});

function connection(destinationAddress: string, destinationPort: number): HostEvent {
  return {
    observedAtUs: Date.now() * 1000,
    class: EventClass.NETWORK,
    activity: Activity.CONNECTION_OPENED,
    outcome: Outcome.SUCCESS,
    sensor: 'network.diag',
    process: { pid: 7, name: 'curl', executable: '/usr/bin/curl' },
    network: {
      transport: 'tcp',
      direction: 2,
      sourceAddress: '10.0.0.5',
      sourcePort: 40_000,
      destinationAddress,
      destinationPort,
    },
  };
}

async function attack(source: string): Promise<void> {
  await agent.send(bruteForce(source));
}

const HOUR_MS = 3_600_000;

describe('detect-realtime', () => {
  const detect = (user: ApiUser, body: object) => user.ask('/api/threat/detect-realtime', { json: body });

  it('says of events what the rules say of those of agents, and keeps nothing', async () => {
    const before = (await admin.ask('/api/threat/alerts')).body.alerts.length;
    const events = Array.from({ length: 20 }, () => sentLogin('203.0.113.50'));
    const { status, body } = await detect(analyst, { events, host: 'lab-1' });
    expect(status).toBe(200);
    const [found] = body.detections.filter(({ techniques }: { techniques: string[] }) =>
      techniques.some((each) => each.startsWith('T1110')),
    );
    expect(found).toMatchObject({
      reason: expect.stringContaining('203.0.113.50'),
      values: { 'source.ip': '203.0.113.50' },
    });
    expect(found.events.every((index: number) => index >= 0 && index < 20)).toBe(true);
    expect(body).toMatchObject({ events: 20, rules_failed: 0, stored: false });
    // Windows of one question are not those of the next.
    expect((await detect(analyst, { events: events.slice(0, 1) })).body.detections).toEqual([]);
    expect((await detect(analyst, { events, host: 'lab-1' })).body.detections).toMatchObject(
      body.detections.map(({ rule_id, events }: { rule_id: string; events: number[] }) => ({ rule_id, events })),
    );
    expect((await admin.ask('/api/threat/alerts')).body.alerts).toHaveLength(before);
  });

  it('raises alerts of what it finds where that is asked for', async () => {
    const events = Array.from({ length: 20 }, () => sentLogin('203.0.113.60'));
    expect((await detect(analyst, { events, host: 'lab-2', store: true })).body.stored).toBe(true);
    const { alerts } = (await analyst.ask('/api/threat/alerts?technique=T1110')).body;
    const raised = alerts.find(
      ({ values }: { values: Record<string, string> }) => values['source.ip'] === '203.0.113.60',
    );
    expect(raised.values).toMatchObject({ 'host.name': 'lab-2', 'threatguard.reported': 'api' });
    expect(raised.agent_id).toBe('');
  });

  it.each([
    ['no events', { events: [] }, '/body/events'],
    ['too many events', { events: Array.from({ length: 1_001 }, () => ({ class: 'host' })) }, '/body/events'],
    ['a class there is not', { events: [{ class: 'weather' }] }, '/body/events/0/class'],
    ['a field there is not', { events: [{ class: 'process', process: { pidd: 1 } }] }, '/body/events/0/process/pidd'],
    [
      'a port beyond ports',
      { events: [{ class: 'network', network: { source_port: 70_000 } }] },
      '/body/events/0/network/source_port',
    ],
    ['a time that is none', { events: [{ class: 'host', observed_at: 'yesterday' }] }, '/body/events/0/observed_at'],
    ['a time far ahead', { events: [{ class: 'host', observed_at: '2099-01-01T00:00:00Z' }] }, '/body/events'],
    ['a text beyond the limits of agents', { events: [{ class: 'host', sensor: 'x'.repeat(30_000) }] }, '/body/events'],
    ['a host that is a path', { events: [{ class: 'host' }], host: '../x' }, '/body/host'],
  ])('refuses %s and says where', async (_, body, path) => {
    const answer = await detect(analyst, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
  });
});

describe('analyses of what is stored', () => {
  it('say how unusual a host is by its own past, and how little they know where there is none', async () => {
    const { status, body } = await analyst.ask('/api/threat/analyze-behavior', {
      json: { entity: { kind: 'host', name: 'web-1' } },
    });
    expect(status).toBe(200);
    expect(body.baseline.measures.map(({ measure }: { measure: string }) => measure)).toEqual([
      'events',
      'failed_logons',
      'programs',
      'network_bytes',
    ]);
    expect(body.baseline.measures[1].observed_total).toBe(20);
    expect(body.confidence).toBe(0);
    expect(body.reasons.join(' ')).toContain('only 0 hours');
  });

  it('remembers the past it compares with, and reads the window itself each time', async () => {
    const layer = async () => {
      const { cache } = (await ask(`${collector.httpUrl}/health/redis`)).body;
      return cache.layers.find(({ name }: { name: string }) => name === 'baselines');
    };
    const to = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
    const window = { from: new Date(to.getTime() - 2 * HOUR_MS).toISOString(), to: to.toISOString() };
    const failed = async () => {
      const json = { entity: { kind: 'host', name: 'web-1' }, window };
      const { body } = await analyst.ask('/api/threat/analyze-behavior', { json });
      return body.baseline.measures[1].observed_total;
    };
    const first = await failed();
    const before = await layer();
    await agent.send([failedLogin('192.0.2.78')]);
    expect(await failed()).toBe(first + 1);
    expect(await layer()).toMatchObject({ hits: before.hits + 1, misses: before.misses });
  });

  it('find the hour that is unlike four weeks before it, and leave an ordinary one', () => {
    const HOUR_US = HOUR_MS * 1000;
    const hours = 28 * 24;
    const from = Date.UTC(2026, 0, 1) * 1000;
    const usual = (hour: number) => 100 + 40 * Math.sin((hour / 24) * 2 * Math.PI) + ((hour * 7919) % 13);
    const judge = (last: number) => {
      const points = Array.from({ length: hours + 24 }, (_, hour) => ({
        atUs: from + hour * HOUR_US,
        class: EventClass.AUTHENTICATION,
        outcome: Outcome.FAILURE,
        events: Math.round(hour === hours + 12 ? last : usual(hour)),
        bytes: 0,
      }));
      const windowFromUs = from + hours * HOUR_US;
      return judgeBehaviour(points, { fromUs: from, windowFromUs, toUs: windowFromUs + 24 * HOUR_US, observed: 1 });
    };
    const odd = judge(5_000);
    const ordinary = judge(usual(hours + 12));
    expect(odd.anomalyScore).toBeGreaterThan(0.5);
    expect(odd.reasons[0]).toMatch(/5000 .* in the hour from 2026-01-29 12:00 UTC/);
    expect(odd.confidence).toBe(1);
    expect(ordinary.anomalyScore).toBeLessThan(odd.anomalyScore);
    expect(ordinary.reasons[0]).toMatch(/nothing in the window is unusual/);
  });

  it('draw what passed the network', async () => {
    const { status, body } = await analyst.ask('/api/threat/monitor-network', { json: { host: 'web-1' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ connections: 3, hosts: 1, complete: true });
    expect(body.destinations[0]).toMatchObject({ name: '10.0.0.9', connections: 2 });
    expect(body.ports.map(({ name }: { name: string }) => name)).toEqual(['tcp/443', 'tcp/4444']);
    expect(body.programs).toEqual([{ name: '/usr/bin/curl', connections: 3, bytes: 0 }]);
    const one = await analyst.ask('/api/threat/monitor-network', { json: { address: '198.51.100.0/24' } });
    expect(one.body.connections).toBe(1);
  });

  it('tell the alerts of an entity as one story', async () => {
    await attack('192.0.2.90');
    await agent.send([{ ...failedLogin('192.0.2.90'), outcome: Outcome.SUCCESS }]);
    const entity = { kind: 'address', name: '192.0.2.90' };
    const { status, body } = await analyst.ask('/api/threat/correlate-threats', { json: { entity } });
    expect(status).toBe(200);
    expect(body.alerts).toBeGreaterThan(1);
    expect(body.incidents[0].entities).toContainEqual(entity);
    expect(body.tactics).toContain('credential-access');
    const profile = await viewer.ask('/api/threat/risk-profile/address/192.0.2.90');
    expect(profile.body.risk).toBeGreaterThan(0);
    expect(profile.body.reasons.length).toBeGreaterThan(1);
    expect(profile.body.history.length).toBeGreaterThan(0);
  });

  it('find an address however it is written', async () => {
    const events = Array.from({ length: 12 }, () => sentLogin('2001:db8::7'));
    await analyst.ask('/api/threat/detect-realtime', { json: { events, store: true } });
    for (const name of ['2001:db8::7', '2001:DB8:0:0::7', '[2001:db8::7]', '2001%3Adb8%3A%3A7']) {
      const { status, body } = await viewer.ask(`/api/threat/risk-profile/address/${name}`);
      expect([status, body.entity], name).toEqual([200, { kind: 'address', name: '2001:db8::7' }]);
    }
    const entity = { kind: 'address', name: '2001:DB8::7' };
    expect((await analyst.ask('/api/threat/correlate-threats', { json: { entity } })).body.alerts).toBe(1);
    expect((await viewer.ask('/api/threat/risk-profile/address/2001:db8::8')).status).toBe(404);
  });

  it.each([
    ['a host nobody knows', '/api/threat/analyze-behavior', { entity: { kind: 'host', name: 'nowhere' } }, 404],
    ['a user nobody saw', '/api/threat/analyze-behavior', { entity: { kind: 'user', name: 'nobody-at-all' } }, 404],
    [
      'an entity of a kind there is not',
      '/api/threat/analyze-behavior',
      { entity: { kind: 'planet', name: 'x' } },
      400,
    ],
    [
      'a window that ends before it begins',
      '/api/threat/monitor-network',
      { window: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } },
      400,
    ],
    [
      'a window of a month',
      '/api/threat/monitor-network',
      { window: { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' } },
      400,
    ],
    ['an address that is none', '/api/threat/monitor-network', { address: '300.1.1.1' }, 400],
    ['a network of nobody', '/api/threat/monitor-network', { host: 'nowhere' }, 404],
    [
      'alerts and an entity',
      '/api/threat/correlate-threats',
      { alerts: ['0'], entity: { kind: 'host', name: 'x' } },
      400,
    ],
    ['an alert nobody has', '/api/threat/correlate-threats', { alerts: ['7zzzzzzzzzzzzzzzzzzzzzzzzz'] }, 404],
    ['alerts that are ambiguous', '/api/threat/correlate-threats', { alerts: ['0'] }, 409],
    ['a field there is not', '/api/threat/events/search', { filters: [{ field: 'usr.name', value: 'x' }] }, 400],
    ['a foreign cursor', '/api/threat/events/search', { after: "'" }, 400],
  ])('refuse %s', async (_, path, body, status) => {
    const answer = await analyst.ask(path, { json: body });
    expect([answer.status, answer.body.status]).toEqual([status, status]);
    expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
  });
});

describe('indicators', () => {
  it('are asked for by value, defanged too, and listed with who says so', async () => {
    const file = join(collector.home, 'blocklist.txt');
    writeFileSync(file, '203.0.113.9\nevil.example\n');
    writeFileSync(join(collector.home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
    const imported = await runCommand(['intel', 'import', file, '--source', 'blocklist'], {
      THREATGUARD_HOME: collector.home,
    });
    expect(imported).toMatchObject({ code: 0 });
    const asked = { indicators: ['203.0.113[.]9', 'hxxp://www.evil.example/x', '192.0.2.200'] };
    const { status, body } = await viewer.ask('/api/threat/query-intelligence', { json: asked });
    expect(status).toBe(200);
    expect(body.results.map(({ known }: { known: boolean }) => known)[0]).toBe(true);
    expect(body.results[0].indicators[0].claims[0].source).toBe('blocklist');
    expect(body.results[2]).toMatchObject({ kind: 'address', value: '192.0.2.200', known: false });
    const listed = await viewer.ask('/api/threat/indicators?source=blocklist&kind=address');
    expect(listed.body.indicators).toMatchObject([{ value: '203.0.113.9' }]);
  });

  it('are remembered by what there is, so a removal and an import show at once', async () => {
    const asked = ['203.0.113.9', ...Array.from({ length: 11 }, (_, index) => `198.51.100.${index}`)];
    const known = async () => {
      const { body } = await viewer.ask('/api/threat/query-intelligence', { json: { indicators: asked } });
      return body.results[0].known;
    };
    const layer = async () => {
      const { cache } = (await ask(`${collector.httpUrl}/health/redis`)).body;
      return cache.layers.find(({ name }: { name: string }) => name === 'indicators');
    };
    const before = await layer();
    expect([await known(), await known(), await known()]).toEqual([true, true, true]);
    expect(await layer()).toMatchObject({ hits: before.hits + 2, misses: before.misses + 1 });
    const intel = (...words: string[]) => runCommand(['intel', ...words], { THREATGUARD_HOME: collector.home });
    expect(await intel('remove', '203.0.113.9')).toMatchObject({ code: 0 });
    expect(await known()).toBe(false);
    expect(await intel('remove', '203.0.113.9', '--undo')).toMatchObject({ code: 0 });
    expect(await known()).toBe(true);
  });

  it('are answered where one of those asked for can be none, and say so of that one', async () => {
    const nothing = 'd41d8cd98f00b204e9800998ecf8427e';
    const { status, body } = await viewer.ask('/api/threat/query-intelligence', {
      json: { indicators: [nothing, '127.0.0.1', 'localhost', '0.0.0.0/0', '203.0.113.9'] },
    });
    expect(status).toBe(200);
    expect(body.results.map(({ known, note }: { known: boolean; note?: string }) => [known, note])).toEqual([
      [false, 'this is the digest of nothing'],
      [false, 'this is an address that is no host of a network'],
      [false, 'this is a domain of one label'],
      [false, 'this is a network too wide'],
      [true, undefined],
    ]);
  });

  it.each([
    ['what is none', { indicators: ['192.0.2.1', 'not an indicator'] }, '/body/indicators/1'],
    ['nothing', { indicators: [] }, '/body/indicators'],
    ['too many', { indicators: Array.from({ length: 101 }, () => '192.0.2.1') }, '/body/indicators'],
  ])('refuse %s and say where', async (_, body, path) => {
    const answer = await viewer.ask('/api/threat/query-intelligence', { json: body });
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, path]);
  });

  it('of a source there is not are not listed', async () => {
    expect((await viewer.ask('/api/threat/indicators?source=nobody')).status).toBe(404);
  });
});

describe('what was found', () => {
  it('is listed and shown; the events of an alert to those who may see events', async () => {
    const { alerts, next } = (await viewer.ask('/api/threat/alerts?limit=1&severity=low')).body;
    expect(alerts).toHaveLength(1);
    expect(next).not.toBe('');
    const second = await viewer.ask(`/api/threat/alerts?limit=1&severity=low&after=${encodeURIComponent(next)}`);
    expect(second.body.alerts[0].id).not.toBe(alerts[0].id);
    const path = `/api/threat/alerts/${(await analyst.ask('/api/threat/alerts?technique=T1110&agent=web-1')).body.alerts[0].id}`;
    expect((await viewer.ask(path)).body.events).toEqual([]);
    expect((await analyst.ask(path)).body.events[0]).toMatchObject({
      'event.module': 'auth.file',
      'host.name': 'web-1',
    });
  });

  it('comes with agents, incidents, rules and events', async () => {
    expect((await viewer.ask('/api/threat/agents')).body.agents[0]).toMatchObject({
      name: 'web-1',
      state: 'connected',
    });
    expect((await viewer.ask('/api/threat/agents/web-1')).body).toMatchObject({ observed_hour: 1, losses: [] });
    const { incidents } = (await viewer.ask('/api/threat/incidents?state=open')).body;
    expect((await viewer.ask(`/api/threat/incidents/${incidents[0].id}`)).body.incident.id).toBe(incidents[0].id);
    expect((await viewer.ask('/api/threat/rules')).body.rules.length).toBeGreaterThan(100);
    const search = { filters: [{ field: 'source.ip', value: '192.0.2.0/24' }], limit: 5 };
    expect((await analyst.ask('/api/threat/events/search', { json: search })).body.events).toHaveLength(5);
    expect((await viewer.ask('/api/threat/health')).body).toMatchObject({ status: 'up', agents: { connected: 1 } });
  });

  it('is counted for Prometheus', async () => {
    const { body } = await ask(`${collector.httpUrl}/metrics`);
    expect(body).toMatch(/threatguard_ingest_events_total (?!0\b)\d+/);
    expect(body).toMatch(/threatguard_alerts_raised_total\{severity="(high|medium)"\} \d+/);
    expect(body).toContain('threatguard_agents{state="connected"} 1');
    expect(body).toMatch(/threatguard_stage_seconds_count\{stage="store"\} \d+/);
    expect(body).toMatch(
      /threatguard_http_requests_total\{route="\/api\/threat\/alerts\/:id",method="GET",status="200"\} \d+/,
    );
  });
});

describe('who may ask what', () => {
  const routes: [string, string, object | undefined][] = [
    ['GET', '/api/threat/health', undefined],
    ['POST', '/api/threat/detect-realtime', { events: [{ class: 'host' }] }],
    ['POST', '/api/threat/analyze-behavior', { entity: { kind: 'host', name: 'web-1' } }],
    ['POST', '/api/threat/monitor-network', {}],
    ['POST', '/api/threat/correlate-threats', {}],
    ['GET', '/api/threat/risk-profile/host/web-1', undefined],
    ['GET', '/api/threat/alerts', undefined],
    ['GET', '/api/threat/incidents', undefined],
    ['GET', '/api/threat/agents', undefined],
    ['POST', '/api/threat/events/search', {}],
    ['GET', '/api/threat/rules', undefined],
    ['GET', '/api/threat/indicators', undefined],
    ['POST', '/api/threat/query-intelligence', { indicators: ['192.0.2.1'] }],
    ['GET', '/api/users', undefined],
    ['POST', '/api/stream/tickets', undefined],
  ];
  const forViewers = [
    '/api/threat/health',
    '/api/threat/risk-profile/host/web-1',
    '/api/threat/alerts',
    '/api/threat/incidents',
    '/api/threat/agents',
    '/api/threat/rules',
    '/api/stream/tickets',
    '/api/threat/indicators',
    '/api/threat/query-intelligence',
  ];

  it.each(routes)(
    '%s %s: nobody without a token, viewers where nothing personal is, no token without its scope',
    async (method, path, json) => {
      const init = { method, ...(json && { json }) };
      expect((await ask(collector.httpUrl + path, init)).status).toBe(401);
      const status = (await viewer.ask(path, init)).status;
      expect(status === 403).toBe(!forViewers.includes(path));
      const { token } = (await admin.ask('/api/tokens', { json: { scopes: ['audit:read'] } })).body;
      expect((await admin.ask(path, { ...init, token })).status).toBe(path === '/api/threat/health' ? 200 : 403);
    },
  );

  it('names every route of the description', async () => {
    const { body } = await ask(`${collector.httpUrl}/openapi.json`);
    const guarded = Object.entries(
      body.paths as Record<string, Record<string, { security: { bearer: string[] }[] }>>,
    ).filter(
      ([path, item]) =>
        path.startsWith('/api/threat') && Object.values(item).some(({ security }) => security.length === 0),
    );
    expect(guarded).toEqual([]);
  });
});

describe('the live stream', () => {
  const open = (path: string, options: object = {}) =>
    new WebSocket(collector.httpUrl.replace('http', 'ws') + path, options);
  const withToken = (user: ApiUser, more: object = {}) => ({
    headers: { authorization: `Bearer ${user.accessToken}`, ...more },
  });

  /** Messages so far; resolves when the stream is ready. */
  async function follow(socket: WebSocket): Promise<{ type: string; alert?: { values: Record<string, string> } }[]> {
    const seen: { type: string }[] = [];
    socket.on('message', (data) => seen.push(JSON.parse(String(data))));
    await until(() => seen.length > 0, { limitMs: 10_000, what: 'the stream to be ready' });
    return seen;
  }

  const refusedWith = (socket: WebSocket) =>
    new Promise<number>((resolve) => {
      socket.on('error', () => undefined);
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode!));
    });

  it('has alerts as they are raised, for those whose filter they pass', async () => {
    const all = open('/api/stream', withToken(viewer));
    const others = open('/api/stream?agent=another', withToken(viewer));
    const [seen, none] = await Promise.all([follow(all), follow(others)]);
    await attack('192.0.2.120');
    await until(() => seen.find(({ alert }) => alert?.values['source.ip'] === '192.0.2.120'), {
      limitMs: 10_000,
      what: 'the alert',
    });
    expect(none).toEqual([{ type: 'ready' }]);
    for (const socket of [all, others]) socket.close();
    // Who was cut meanwhile has it when he comes again, where he asks for it.
    const again = open('/api/stream?replay=300', withToken(viewer));
    const replayed = await follow(again);
    await until(() => replayed.find(({ alert }) => alert?.values['source.ip'] === '192.0.2.120'), {
      limitMs: 10_000,
      what: 'the alert again',
    });
    expect(replayed.slice(1).every((message) => 'replayed' in message)).toBe(true);
    again.close();
  });

  it('opens for a ticket, once', async () => {
    const { body } = await viewer.ask('/api/stream/tickets', { method: 'POST' });
    const socket = open(`/api/stream?ticket=${body.ticket}`);
    await follow(socket);
    socket.close();
    expect(await refusedWith(open(`/api/stream?ticket=${body.ticket}`))).toBe(401);
  });

  it.each([
    ['nobody', () => open('/api/stream'), 401],
    ['a token of nobody', () => open('/api/stream', { headers: { authorization: 'Bearer x' } }), 401],
    [
      'a page of somebody else',
      () => open('/api/stream', withToken(viewer, { origin: 'https://elsewhere.example' })),
      403,
    ],
    ['a filter there is not', () => open('/api/stream?sverity=high', withToken(viewer)), 400],
  ])('does not open for %s', async (_, connect, status) => {
    expect(await refusedWith(connect())).toBe(status);
  });

  it('answers who does not speak WebSocket', async () => {
    expect((await viewer.ask('/api/stream')).status).toBe(400);
  });

  it('ends with the login it was opened with', async () => {
    const leaving = await admin.withRole('leaving', 'viewer');
    const socket = open('/api/stream', withToken(leaving));
    await follow(socket);
    const closed = new Promise<[number, string]>((resolve) =>
      socket.once('close', (code, why) => resolve([code, String(why)])),
    );
    await leaving.ask('/api/auth/logout', { method: 'POST' });
    expect(await closed).toEqual([4401, expect.stringContaining('not valid any more')]);
  });

  it('cuts who is too slow, tells him why, and goes on with the others', async () => {
    let publish: FeedListener = () => undefined;
    const feed = {
      subscribe: (listener: FeedListener) => {
        publish = listener;
        return () => undefined;
      },
    };
    using stream = new AlertStream({ feed, holds: () => true });
    const [slow, quick] = [new RecordingSocket(2 * 1024 * 1024), new RecordingSocket(0)];
    const caller = {
      kind: 'user' as const,
      id: 's',
      userId: 'u',
      name: 'n',
      scopes: new Set<never>(),
      expiresAtUs: Number.MAX_VALUE,
    };
    stream.add(slow, { filter: {}, caller });
    stream.add(quick, { filter: {}, caller });
    const alert = makeAlert();
    await publish({ kind: 'alert', alert, signed: {} });
    expect(slow.closed).toEqual([1013, expect.stringMatching(/too slow: .*connect again/)]);
    expect(quick.texts).toHaveLength(2);
    expect(stream.clients).toBe(1);
  });

  it('sells tickets that are good for half a minute', () => {
    let nowMs = 0;
    const tickets = new StreamTickets(() => nowMs);
    const caller = { kind: 'user' as const, id: 's', userId: 'u', name: 'n', scopes: new Set<never>(), expiresAtUs: 0 };
    const [first, second] = [tickets.sell(caller), tickets.sell(caller)];
    nowMs = 29_999;
    expect(tickets.redeem(first)).toBe(caller);
    nowMs = 30_000;
    expect(tickets.redeem(second)).toBeUndefined();
  });
});

/** A WebSocket that writes down what is done with it. */
class RecordingSocket implements StreamSocket {
  readonly bufferedAmount: number;
  readonly texts: string[] = [];
  closed: [number, string] | undefined;

  constructor(bufferedAmount: number) {
    this.bufferedAmount = bufferedAmount;
  }

  send(bytes: Buffer): void {
    this.texts.push(String(bytes));
  }

  close(code: number, reason: string): void {
    this.closed = [code, reason];
  }

  ping(): void {}
  terminate(): void {}
  on(): void {}
}

describe('what is read of persons', () => {
  it('stands in the audit log with who asked and the correlation id, once however often it is asked', async () => {
    const json = { filters: [{ field: 'user.name', value: 'nobody-else' }] };
    const headers = { 'x-correlation-id': 'case-4711-abcdefgh' };
    for (let poll = 0; poll < 3; poll++) {
      const since = new Date(Date.now() - 1000 * (poll + 1)).toISOString();
      const answer = await analyst.ask('/api/threat/events/search', { json: { ...json, since }, headers });
      expect(answer.status).toBe(200);
    }
    const { entries } = await collector.console.audit({ limit: 500 });
    const own = entries!.filter(({ subject }) => subject?.includes('nobody-else'));
    expect(own).toMatchObject([{ action: 'api.read', actorKind: 'user' }]);
    expect(own[0]!.from).toMatch(/^127\.0\.0\.1:\d+ \(correlation .+\)$/);
  });
});
