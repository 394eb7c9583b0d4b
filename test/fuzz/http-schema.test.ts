// Requests made from the OpenAPI document, right and almost right: whatever comes, it is answered, and never with a 500. Every
// route has its turn, many are asked at once, and what they ask for is often there: a route that only ever refuses is not tested.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiWorld } from '../support/api-world.ts';

/** Beside the other files; a longer run is asked for by name. */
const SECONDS = Number(process.env.THREATGUARD_FUZZ_SECONDS ?? 30);
/** Requests at once. */
const AT_ONCE = 6;

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
}

/** An operation as the document has it. */
interface Described {
  parameters?: Operation['parameters'];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: object;
}

interface Operation {
  method: string;
  path: string;
  parameters: { name: string; in: string; schema: Schema; required?: boolean }[];
  body: Schema | undefined;
  statuses: string[];
}

let world: ApiWorld;
/** Names of what is there, for texts. */
let there: string[];
let operations: Operation[];

beforeAll(async () => {
  world = await ApiWorld.start();
  const { name } = await world.person();
  there = [await world.idOf('alerts'), await world.idOf('incidents'), name, 'lab-2', '192.0.2.77', '203.0.113.60'];
  const { body } = await world.admin.ask('/openapi.json');
  operations = Object.entries(body.paths as Record<string, Record<string, Described>>).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      statuses: Object.keys(responses),
    })),
  );
});
afterAll(() => world?.[Symbol.asyncDispose]());

const texts = fc.oneof(
  fc.nat({ max: 5 }).map((at) => there[at]!),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    'root',
    'web-1',
    '10.0.0.1',
    '0'.repeat(26),
    "'; drop table users; --",
    '../../etc/passwd',
    '\0',
    '%00',
    '2026-01-01T00:00:00Z',
    'user.name',
    '-1',
    '1e400',
    '\ud800',
  ),
);

/** A value a schema takes, mostly; now and then anything at all. */
function valueFor(schema: Schema | undefined, depth = 0): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.anything({ maxDepth: 2 }).filter(isJson), texts, fc.constant(null), fc.integer());
  if (!schema || depth > 6) return anything;
  return fc.oneof({ weight: 9, arbitrary: fitting(schema, depth) }, { weight: 1, arbitrary: anything });
}

function fitting(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => valueFor(each, depth + 1)));
  if (schema.type === 'array') {
    const items = valueFor(schema.items, depth + 1);
    const most = schema.maxItems ?? 1_000;
    // Now and then one more than may be.
    const many = fc.tuple(items, fc.constantFrom(most, most + 1)).map(([item, length]) => Array(length).fill(item));
    return fc.oneof(
      { weight: 30, arbitrary: fc.array(items, { maxLength: 4 }) },
      { weight: depth < 3 && most <= 1_000 ? 1 : 0, arbitrary: many },
    );
  }
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') {
    const min = Math.max(schema.minimum ?? -100, -(2 ** 31));
    return fc.oneof(fc.integer({ min, max: Math.max(min, Math.min(schema.maximum ?? 1000, 2 ** 31)) }), fc.double());
  }
  if (schema.type === 'object' && schema.properties) {
    const shape = Object.fromEntries(
      Object.entries(schema.properties).map(([key, each]) => [key, valueFor(each, depth + 1)]),
    );
    const requiredKeys = (schema.required ?? []).filter((key) => key in shape);
    return fc.record(shape, { requiredKeys: requiredKeys as never[] });
  }
  if (schema.pattern) return fc.oneof(matching(schema.pattern), texts);
  if (schema.maxLength !== undefined && schema.maxLength <= 4_096) {
    const edges = [schema.minLength ?? 0, schema.maxLength, schema.maxLength + 1];
    const edge = fc.constantFrom(...edges).map((length) => 'x'.repeat(length));
    return fc.oneof({ weight: 8, arbitrary: texts }, { weight: 1, arbitrary: edge });
  }
  if (schema.format === 'date-time')
    return fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      texts,
    );
  return texts;
}

/** What the document asks for; of patterns fast-check cannot follow, any text. */
function matching(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern));
  } catch {
    return texts;
  }
}

const headers = fc.record(
  {
    'x-correlation-id': fc.constantFrom('case-4711-abcdefgh', 'x', '../..', '%0d%0a', 'x'.repeat(65)),
    traceparent: fc.constantFrom('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-0-0-0', 'ff'),
    'content-type': fc.constantFrom('application/json', 'application/json; charset=utf-16', 'text/plain', 'x/y', ''),
    accept: fc.constantFrom('text/html', 'application/xml', '*/*;q=0'),
    origin: fc.constantFrom('null', 'https://elsewhere.example'),
  },
  { requiredKeys: [] },
);
/** As it is sent: not always JSON. */
const broken = fc.constantFrom(
  '{',
  '[]]',
  '{"a":',
  '"\\ud800"',
  '{"__proto__":{"x":1}}',
  '{"constructor":1}',
  '1e999',
  '',
);

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/** Of a script, which may neither log out nor change a password: what is asked ends no login of this test. */
const caller = (path: string) => (path.startsWith('/api/auth') ? world.script : world.admin.accessToken);

interface Request {
  body: unknown;
  text: string | undefined;
  parameters: unknown[];
  headers: Record<string, string>;
}

const requestFor = (operation: Operation): fc.Arbitrary<Request> =>
  fc.record({
    body: operation.body ? valueFor(operation.body) : fc.constant(undefined),
    text: operation.body ? fc.option(broken, { freq: 15, nil: undefined }) : fc.constant(undefined),
    parameters: fc.tuple(...operation.parameters.map(({ schema }) => valueFor(schema))),
    headers: fc.oneof({ weight: 6, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers }),
  }) as fc.Arbitrary<Request>;

async function ask(operation: Operation, { body, text, parameters, headers }: Request): Promise<number> {
  const query = new URLSearchParams();
  let { path } = operation;
  operation.parameters.forEach((parameter, index) => {
    const value = parameters[index];
    const given = typeof value === 'string' ? value : JSON.stringify(value ?? '');
    if (parameter.in === 'path')
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(given.toWellFormed()) || 'x');
    else if (parameter.in === 'query' && value !== undefined) query.append(parameter.name, given);
  });
  const answer = await world.admin.ask(`${path}${query.size > 0 ? `?${query}` : ''}`, {
    method: operation.method,
    token: caller(operation.path),
    headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(text !== undefined ? { body: text } : body !== undefined && { json: body }),
  });
  const what = `${operation.method} ${path} ${text ?? JSON.stringify(body)?.slice(0, 500)}: ${JSON.stringify(answer.body).slice(0, 300)}`;
  expect(answer.status, what).not.toBe(500);
  // A path that was made anew may be another route's, or none.
  expect([...operation.statuses, '400', '404', '405', '413', '415'], what).toContain(String(answer.status));
  if (answer.status >= 400 && answer.status !== 503) {
    expect(answer.body.correlation_id, what).toMatch(/^([0-9a-f]{32}|case-4711-abcdefgh)$/);
    expect(answer.body.detail, what).not.toMatch(/node_modules|\.ts:|at Object\.|select .* from/);
  }
  return answer.status;
}

it('every route answers what comes, with a status it says it has', async () => {
  const answered = new Map<string, { asked: number; well: number }>();
  const deadline = performance.now() + SECONDS * 1000;
  for (let round = 0; performance.now() < deadline; round++) {
    for (const operation of operations) {
      if (performance.now() > deadline) break;
      const name = `${operation.method} ${operation.path}`;
      const count = answered.get(name) ?? { asked: 0, well: 0 };
      answered.set(name, count);
      await fc.assert(
        fc.asyncProperty(fc.array(requestFor(operation), { minLength: 1, maxLength: AT_ONCE }), async (requests) => {
          const statuses = await Promise.all(requests.map((request) => ask(operation, request)));
          count.asked += statuses.length;
          count.well += statuses.filter((status) => status < 300).length;
        }),
        { numRuns: 6, seed: 7 + round, endOnFailure: true },
      );
    }
  }
  const asked = [...answered.values()].reduce((sum, each) => sum + each.asked, 0);
  console.log(`${asked} requests in ${SECONDS} s`);
  expect([...answered].filter(([, each]) => each.asked < 5)).toEqual([]);
  expect(answered.size).toBe(operations.length);
  const never = [...answered].flatMap(([name, { well }]) => (well === 0 && !NEVER_WELL.includes(name) ? [name] : []));
  expect(never).toEqual([]);
});

/** What nobody guesses, what is for a login and not for a script, and what is for WebSocket. */
const NEVER_WELL = [
  'POST /api/auth/first-admin',
  'POST /api/auth/login',
  'POST /api/auth/refresh',
  'POST /api/auth/logout',
  'POST /api/auth/password',
  'POST /api/auth/second-factor',
  'POST /api/auth/second-factor/confirm',
  'DELETE /api/auth/second-factor',
  'DELETE /api/tokens/{id}',
  'GET /api/stream',
];
