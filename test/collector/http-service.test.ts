import { Agent, request as tlsRequest } from 'node:https';
import { connect, createServer } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { isDeeperThan } from '../../collector/src/http/json-body.ts';
import { MemoryRateStore } from '../../collector/src/http/rate-limits.ts';
import { TestCollector } from '../support/collector.ts';
import { ask, askRaw } from '../support/http.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n', log });
});

afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
});

const get = (path: string, init?: Parameters<typeof ask>[1]) => ask(collector.httpUrl + path, init);

describe('health', () => {
  it('is up where everything needed is, and says so to anybody', async () => {
    const { status, body } = await get('/health');
    expect([status, body.status]).toEqual([200, 'up']);
    expect((await get('/health/ready')).body).toEqual({ ready: true, because: [] });
  });

  it('names each component, and says of what is not configured that it is not', async () => {
    const { body } = await get('/health/detailed');
    expect(body.components.map(({ name, status }: Record<string, string>) => [name, status])).toEqual([
      ['store', 'up'],
      ['nats', 'not_configured'],
      ['redis', 'not_configured'],
      ['rules', 'up'],
    ]);
    expect(body.agents).toEqual({ enrolled: 0, connected: 0 });
    const redis = await get('/health/redis');
    expect(redis.status).toBe(200);
    expect(redis.body).toMatchObject({ status: 'not_configured', cache: { hits: 0, hit_rate: null } });
  });

  it.each([
    ['another name for this host', { host: 'attacker.example' }],
    ['a proxy', { 'x-forwarded-for': '192.0.2.1' }],
    ['a proxy of the newer kind', { forwarded: 'for=192.0.2.1' }],
  ])('tells no details through %s without a token', async (_, headers) => {
    const { status } = await askRaw(`${collector.httpUrl}/health/detailed`, headers);
    expect(status).toBe(401);
    expect((await askRaw(`${collector.httpUrl}/metrics`, headers)).status).toBe(401);
    expect((await askRaw(`${collector.httpUrl}/health`, headers)).status).toBe(200);
  });
});

describe('a refusal', () => {
  it.each([
    ['a path there is not', '/api/threat/nothing', {}, 404, 'not_found'],
    ['a method a path does not have', '/health', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['a token that is none', '/health/detailed', { token: 'x.y.z' }, 401, 'unauthenticated'],
    ['credentials of another kind', '/metrics', { headers: { authorization: 'Basic eDp5' } }, 401, 'unauthenticated'],
    ['an address that cannot be decoded', '/%zz', {}, 400, 'invalid'],
  ])('is a problem in the form of RFC 9457: %s', async (_, path, init, status, code) => {
    const answer = await get(path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ type: `urn:threatguard:problem:${code}`, status, instance: path });
    expect(answer.body.correlation_id).toBe(answer.headers.get('x-correlation-id'));
  });

  it.each(['PUT', 'OPTIONS'])('of a method names those there are: %s', async (method) => {
    const answer = await get('/health', { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([method === 'PUT' ? 405 : 204, 'GET, HEAD']);
  });

  it('of a token says how to show one', async () => {
    expect((await get('/metrics', { token: 'x' })).headers.get('www-authenticate')).toMatch(/^Bearer/);
  });
});

describe('a correlation id', () => {
  const sound = 'soar-run.2026-11-21_7';
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

  it('of the caller comes back, and stands in the log beside the trace', async () => {
    const headers = { 'x-correlation-id': sound, traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    const answer = await get('/nothing', { headers });
    expect(answer.headers.get('x-correlation-id')).toBe(sound);
    expect(answer.body.correlation_id).toBe(sound);
    expect(answer.headers.get('traceresponse')).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    const line = await until(() => lines.find((each) => each.correlation_id === sound), {
      limitMs: 5_000,
      what: 'the line in the log',
    });
    expect(line).toMatchObject({ trace_id: trace, parent_span_id: '00f067aa0ba902b7', status: 404 });
  });

  it('is that of the trace where there is no other', async () => {
    const answer = await get('/health', { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-00` } });
    expect(answer.headers.get('x-correlation-id')).toBe(trace);
  });

  it.each([
    ['one with a space', 'a b c d e f g h'],
    ['one that is too short', 'short'],
    ['one that is too long', 'x'.repeat(65)],
    ['one that begins like an option', '--help--help'],
    ['markup', '<script>alert(1)</script>'],
  ])('is not taken from %s', async (_, given) => {
    const answer = await get('/health', { headers: { 'x-correlation-id': given } });
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['of another version', `01-${trace}-00f067aa0ba902b7-00`],
    ['of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-00`],
    ['in capitals', `00-${trace.toUpperCase()}-00f067aa0ba902b7-00`],
    ['cut off', `00-${trace}`],
  ])('begins anew with a traceparent %s', async (_, traceparent) => {
    const answer = await get('/health', { headers: { traceparent } });
    expect(answer.headers.get('x-correlation-id')).not.toBe(trace);
    expect(answer.headers.get('traceresponse')).not.toContain(trace);
  });
});

describe('a route', () => {
  it.each(['/health', '/metrics', '/openapi.json'])('answers HEAD as GET, without the body: %s', async (path) => {
    const [head, whole] = [await get(path, { method: 'HEAD' }), await get(path)];
    expect([head.status, head.body, head.headers.get('content-type')]).toEqual([
      200,
      '',
      whole.headers.get('content-type'),
    ]);
  });

  it('is the same with a slash behind it', async () => {
    expect((await get('/health/')).body).toMatchObject({ status: 'up' });
    expect((await get('/health/', { method: 'PUT' })).status).toBe(405);
    expect((await get('/api/threat/alerts/')).status).toBe(401);
  });

  it('for people is where nothing is asked for', async () => {
    const { status, headers } = await get('/', { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([303, '/admin']);
  });

  it.each([
    ['of another type', { 'content-type': 'application/x-www-form-urlencoded' }, /Content-Type: application\/json/],
    ['that is compressed', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, /Content-Encoding/],
    ['in another alphabet', { 'content-type': 'application/json; charset=utf-16le' }, /UTF-8/],
  ])('says of a body %s how to send it', async (_, headers, detail) => {
    const answer = await get('/api/auth/login', { method: 'POST', headers, body: '{"name":"x","password":"y"}' });
    expect([answer.status, answer.body.detail]).toEqual([415, expect.stringMatching(detail)]);
  });
});

describe('every answer', () => {
  it.each(['/health', '/docs', '/nothing', '/metrics'])('has the headers that bind a browser: %s', async (path) => {
    const { headers } = await get(path);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|script-src|https?:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
  });

  it('is for no page of another origin', async () => {
    const { headers } = await get('/health', { headers: { origin: 'https://elsewhere.example' } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is for pages of origins that are configured, and no others', async () => {
    await using other = await TestCollector.start({
      config: 'http:\n  listen: 127.0.0.1:0\n  origins: [https://soc.example]\n',
    });
    const from = async (origin: string) =>
      (await ask(`${other.httpUrl}/health`, { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await from('https://soc.example')).toBe('https://soc.example');
    expect(await from('https://elsewhere.example')).toBeNull();
  });
});

describe('limits', () => {
  it('hold of headers: more is answered, and the connection ends', async () => {
    const answer = await askRaw(`${collector.httpUrl}/health`, { 'x-much': 'x'.repeat(20_000) });
    expect(answer.status).toBe(431);
  });

  it('hold of how deep values nest, without following them', () => {
    expect(isDeeperThan('['.repeat(33), 32)).toBe(true);
    expect(isDeeperThan('['.repeat(32) + ']'.repeat(32), 32)).toBe(false);
    expect(isDeeperThan('{"a":"[[[[\\"[[[["}', 2)).toBe(false);
    expect(isDeeperThan('[],'.repeat(1_000), 2)).toBe(false);
  });

  it('hold of requests: a burst, then so many a second, each key for itself', async () => {
    let nowMs = 1_000;
    const store = new MemoryRateStore(() => nowMs);
    const allowance = { burst: 3, perSecond: 2 };
    const take = () => store.take('a', 1, allowance);
    for (let count = 0; count < 3; count++) expect((await take()).allowed).toBe(true);
    expect(await take()).toEqual({ allowed: false, retryAfterMs: 500 });
    expect((await store.take('b', 1, allowance)).allowed).toBe(true);
    nowMs += 500;
    expect((await take()).allowed).toBe(true);
    expect((await take()).allowed).toBe(false);
  });

  it('hold of wrong tokens: who goes on guessing is told to wait', async () => {
    await using other = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
    const guess = () => ask(`${other.httpUrl}/health/detailed`, { token: 'guess' });
    const answers = await Promise.all(Array.from({ length: 40 }, guess));
    const refused = answers.find(({ status }) => status === 429)!;
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(21);
  });
});

describe('the API', () => {
  it('is described in OpenAPI 3.1, every route with who may ask it and how it refuses', async () => {
    const { body } = await get('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    for (const [path, item] of Object.entries(body.paths as Record<string, Record<string, Record<string, object>>>)) {
      for (const [method, operation] of Object.entries(item)) {
        expect(operation, `${method} ${path}`).toMatchObject({
          summary: expect.any(String),
          security: expect.any(Array),
        });
        expect(Object.keys(operation.responses!), `${method} ${path}`).toContain('500');
      }
    }
  });

  it('is described for people on one page, which loads nothing from elsewhere and runs nothing', async () => {
    const { body, headers } = await get('/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(body).toContain('<code>/health/ready</code>');
    expect(body).not.toMatch(/<script|\sstyle=|\son\w+=|(src|href)="(?![/#])/);
    expect((await get('/assets/threatguard.css')).headers.get('content-type')).toMatch(/^text\/css/);
  });
});

describe('metrics', () => {
  it('are in the form of Prometheus, with what passed the pipeline', async () => {
    const { body, headers } = await get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain('# TYPE threatguard_ingest_events_total counter');
    expect(body).toContain('threatguard_component_up{component="store"} 1');
    expect(body).not.toContain('component="nats"');
  });

  it('keep the conventions of names: what ends with _total is a counter', async () => {
    const { body } = await get('/metrics');
    const types = Array.from((body as string).matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [name!, type]);
    expect(types.length).toBeGreaterThan(50);
    expect(types.filter(([name, type]) => name!.endsWith('_total') !== (type === 'counter'))).toEqual([]);
  });
});

describe('the service', () => {
  it('goes on trying where its port is taken, and listens when it is free', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    await using other = await TestCollector.start({ config: `http:\n  listen: 127.0.0.1:${port}\n` });
    expect(other.httpUrl).toBeUndefined();
    expect((await other.console.status()).storeState).toBe('ready');
    await new Promise((resolve) => holder.close(resolve));
    await until(() => other.httpUrl, { limitMs: 20_000, what: 'the service to listen' });
    expect((await ask(`${other.httpUrl}/health`)).status).toBe(200);
  });

  it('speaks TLS 1.3 with the certificate of the collector where it is told to, and nothing less', async () => {
    await using other = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n  tls: on\n' });
    const url = new URL(`${other.httpUrl}/health`);
    expect(url.protocol).toBe('https:');
    const agent = new Agent({ ca: other.ca, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined });
    const answer = await new Promise<{ status: number; hsts: unknown }>((resolve, reject) => {
      tlsRequest(url, { agent }, (response) => {
        response.resume();
        resolve({ status: response.statusCode!, hsts: response.headers['strict-transport-security'] });
      })
        .once('error', reject)
        .end();
    });
    expect(answer).toEqual({ status: 200, hsts: expect.stringContaining('max-age=') });
    const older = new Agent({ ca: other.ca, maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined });
    const refused = new Promise((_, reject) => tlsRequest(url, { agent: older }).once('error', reject).end());
    await expect(refused).rejects.toThrow();
  });

  it('answers what was asked and takes nothing more when the collector stops', async () => {
    const other = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
    const { hostname, port } = new URL(other.httpUrl);
    const idle = connect(Number(port), hostname);
    await new Promise((resolve) => idle.once('connect', resolve));
    const closed = new Promise((resolve) => idle.once('close', resolve));
    idle.on('error', () => undefined);
    await other[Symbol.asyncDispose]();
    await closed;
    await expect(ask(`http://${hostname}:${port}/health`)).rejects.toThrow();
  });
});

describe('its configuration', () => {
  const read = (text: string) => readCollectorConfig({ file: 'collector.yaml', text, environment: {} }).http;

  it('is on this host alone by default, and off where it says off', () => {
    expect(read('')).toMatchObject({ listen: '127.0.0.1:3002', monitoring: 'local', tls: 'auto' });
    expect(read('http: off\n').listen).toBe('off');
    expect(read('http:\n  listen: off\n').listen).toBe('off');
  });

  it.each([
    [
      'a key there is not',
      'http:\n  monitorin: local\n',
      /collector.yaml:2: http.monitorin: .*did you mean "monitoring"/,
    ],
    ['an address that is none', 'http:\n  listen: here\n', /http.listen/],
    ['a certificate without its key', 'http:\n  certificate: a.pem\n', /certificate and key go together/],
    ['an origin with a path', 'http:\n  origins: [https://a.example/x]\n', /http.origins.0.*write an origin/],
  ])('is refused with %s', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
