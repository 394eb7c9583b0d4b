// Every route as a program of somebody else asks it: with a client that was generated from the document the collector serves,
// over real HTTP. The document says how each refuses, and each refusal it names is brought about here.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, type Called, type Operation } from '../support/api-client.ts';
import { LOGIN_ROWS } from '../support/api-rows/login.ts';
import type { Ask, Row } from '../support/api-rows/row.ts';
import { THREAT_ROWS } from '../support/api-rows/threat.ts';
import { PASSWORD } from '../support/api-user.ts';
import { ApiWorld } from '../support/api-world.ts';
import { TestCollector } from '../support/collector.ts';

const ROWS: Record<string, Row> = { ...LOGIN_ROWS, ...THREAT_ROWS };
/** Of a collector that has nobody yet: tested by itself. */
const FIRST_ADMIN = 'POST /api/auth/first-admin';
/** Of these it depends on what dies whether they are answered so; 500 never is. */
const OF_FAULTS = ['500', '503', '504'];

let world: ApiWorld;
let client: ApiClient;
/** Statuses that each route was seen to answer with. */
const seen = new Map<string, Set<string>>();

beforeAll(async () => {
  world = await ApiWorld.start();
  client = await ApiClient.generate(world.collector.httpUrl);
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await world?.[Symbol.asyncDispose]();
});

async function call(route: string, ask: Ask): Promise<Called> {
  const { token, ...options } = await ask(world);
  return noted(
    route,
    await client.call(route, token === null ? undefined : (token ?? world.admin.accessToken), options),
  );
}

function noted(route: string, answer: Called): Called {
  seen.set(route, (seen.get(route) ?? new Set()).add(String(answer.status)));
  return answer;
}

function expectProblem({ status, headers, body }: Called, expected: number, what: string): void {
  expect([status, body?.status], `${what}: ${JSON.stringify(body)}`).toEqual([expected, expected]);
  expect(headers.get('content-type'), what).toMatch(/^application\/problem\+json/);
  expect(body.type, what).toMatch(/^urn:threatguard:problem:[a-z_]+$/);
  expect(body.correlation_id, what).toBe(headers.get('x-correlation-id'));
}

const guarded = (operation: Operation) => operation.scopes !== undefined;
const routes = (which: (operation: Operation) => boolean) => client.operations.filter(which).map(({ route }) => route);

it('the generated client compiles under strict rules, and its answers have the types of the document', async () => {
  await client.compile(`
import { getHealth, getApiThreatAlerts, postApiThreatDetectRealtime } from './client/index.ts';
const { data, error } = await getHealth({ baseUrl: 'http://127.0.0.1:1' });
data?.status satisfies 'up' | 'degraded' | 'down' | undefined;
error?.status satisfies string | number | undefined;
const { data: page } = await getApiThreatAlerts({ query: { severity: 'high', limit: 5 } });
page?.alerts[0]?.id satisfies string | undefined;
// @ts-expect-error there is no such severity
await getApiThreatAlerts({ query: { severity: 'terrible' } });
// @ts-expect-error events are needed
await postApiThreatDetectRealtime({ body: {} });
`);
});

it('every route of the document has a row here, and every row a route', () => {
  expect([...Object.keys(ROWS), FIRST_ADMIN].sort()).toEqual(client.operations.map(({ route }) => route).sort());
});

it('every body the document shows is one its route takes, and each analysis has one', async () => {
  const shown = client.operations.filter(({ example }) => example !== undefined);
  expect(shown.length).toBe(client.operations.filter(({ route }) => /^POST \/api\/threat/.test(route)).length);
  for (const { route, example } of shown) {
    const answer = await client.call(route, world.admin.accessToken, { body: example });
    // What it is about may not be there.
    expect([200, 404], `${route}: ${JSON.stringify(answer.body)}`).toContain(answer.status);
  }
});

describe.each(Object.entries(ROWS))('%s', (route, { ask, status, has, refused }) => {
  it('answers', async () => {
    const answer = await call(route, ask);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f]{32}$/);
    if (has) expect(answer.body).toMatchObject(has);
  });

  it.each(refused.map((each) => [each.status, each.what, each] as const))(
    'refuses with %i: %s',
    async (_, what, each) => {
      const answer = await call(route, each.ask);
      expectProblem(answer, each.status, what);
      if (each.path !== undefined) expect(answer.body.errors[0].path).toBe(each.path);
    },
  );
});

it('the first admin is made once, by whoever is first, with the right secret', async () => {
  await using fresh = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
  const make = async (body: object) =>
    noted(FIRST_ADMIN, await client.call(FIRST_ADMIN, undefined, { baseUrl: fresh.httpUrl, body }));
  const right = (name: string) => ({ secret: fresh.firstAdminSecret, name, password: PASSWORD });
  expectProblem(await make({ ...right('first'), secret: 'guessed' }), 401, 'a wrong secret');
  expectProblem(await make({ ...right('first'), role: 'admin' }), 400, 'a field there is not');
  const [first, second] = await Promise.all([make(right('first')), make(right('second'))]);
  expect([first!.status, second!.status].sort()).toEqual([201, 409]);
});

describe('every route', () => {
  it('that somebody has to be known for refuses nobody', async () => {
    // This host may ask them without a token.
    const local = Object.keys(ROWS).filter((route) =>
      ROWS[route]!.refused.some(({ what }) => what === 'a token that is none'),
    );
    for (const route of routes(guarded).filter((each) => !local.includes(each))) {
      expectProblem(await call(route, async (each) => ({ ...(await someAsk(route, each)), token: null })), 401, route);
    }
  });

  it('that needs a scope refuses a token without it, whatever it asks', async () => {
    for (const { route, scopes, responses } of client.operations) {
      if (!responses.includes('403') || route === 'POST /api/tokens') continue;
      const narrow = async () => ({ ...(await someAsk(route, world)), token: world.narrow });
      const answer = await call(route, narrow);
      expectProblem(answer, 403, route);
      if (scopes?.length) expect(answer.body.detail).toContain(scopes[0]);
    }
  });

  it('that takes a body refuses one that is too large, of another kind, or no JSON', async () => {
    for (const route of routes(({ hasBody }) => hasBody)) {
      const send = (body: unknown, headers: Record<string, string> = {}) =>
        call(route, async (each) => ({ ...(await someAsk(route, each)), body, headers }));
      expectProblem(await send({ padding: 'x'.repeat(1_100_000) }), 413, route);
      expectProblem(await send('plain', { 'content-type': 'text/plain' }), 415, route);
      expectProblem(await send({ nothing: 'of this' }), 400, route);
      expectProblem(await send([[]]), 400, route);
    }
  });

  it('that costs something refuses who asks too often, and says when to come back', async () => {
    world.freeze();
    const again = async (times: number, ask: () => Promise<Called>) => {
      await Promise.all(Array.from({ length: times }, ask));
    };
    // The dearest route uses the allowance up; then an open one that of this address; then wrong tokens that of guessing.
    await again(250, () => client.call('POST /api/threat/monitor-network', world.script, { body: { x: 1 } }));
    await again(450, () => client.call('GET /.well-known/jwks.json', undefined));
    await again(25, () => client.call('GET /api/auth/me', 'wrong'));
    for (const { route, responses, scopes } of client.operations) {
      if (!responses.includes('429')) continue;
      const free = ['GET /metrics', 'GET /health/detailed', 'GET /health/redis', 'GET /api/threat/health'].includes(
        route,
      );
      const token = free ? 'wrong' : scopes ? world.script : undefined;
      const answer = noted(route, await client.call(route, token, await someAsk(route, undefined)));
      expectProblem(answer, 429, route);
      expect(Number(answer.headers.get('retry-after')), route).toBeGreaterThan(0);
    }
  });

  it('was seen to refuse in every way the document says it does', () => {
    const unseen = client.operations.flatMap(({ route, responses }) =>
      responses
        .filter((status) => !OF_FAULTS.includes(status) && !seen.get(route)?.has(status))
        .map((status) => `${route} ${status}`),
    );
    expect(unseen).toEqual([]);
  });
});

/** Something with every parameter the path needs; what is refused before it is looked at need not make sense. */
async function someAsk(route: string, _: ApiWorld | undefined) {
  const names = Array.from(route.matchAll(/\{(\w+)\}/g), ([, name]) => name!);
  return { path: Object.fromEntries(names.map((name) => [name, 'x'])) };
}
