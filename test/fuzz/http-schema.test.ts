// Requests made from the OpenAPI document, right and almost right: whatever comes, it is answered, and never with a 500. Every
// route has its turn, many are asked at once, and what they ask for is often there: a route that only ever refuses is not tested.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiWorld } from '../support/api-world.ts';

/** Beside the other files; a longer run is asked for by name. */
const SECONDS = Number(process.env.THREATGUARD_FUZZ_SECONDS ?? 30);
/** Requests at once. */
const AT_ONCE = 6;
/** Of such groups before the next route has its turn. */
const RUNS = 4;
/** Routes that may answer nothing but refusals: what they need is not all in the document. */
const REFUSING_MAX = 6;

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
  minItems?: number;
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
  there = [await world.idOf('alerts'), await world.idOf('incidents'), name, 'web-1', '192.0.2.77', 'lab-2'];
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

/** Of what is there. */
const known = fc.nat({ max: 5 }).map((at) => there[at]!);
const texts = fc.oneof(
  known,
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

/** A value a schema takes; where `wild`, now and then anything at all in its place. */
function valueFor(schema: Schema | undefined, wild: boolean, depth = 0): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.anything({ maxDepth: 2 }).filter(isJson), texts, fc.constant(null), fc.integer());
  if (!schema || depth > 6) return anything;
  const right = fitting(schema, wild, depth);
  return wild ? fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: anything }) : right;
}

function fitting(schema: Schema, wild: boolean, depth: number): fc.Arbitrary<unknown> {
  const inner = (each: Schema | undefined) => valueFor(each, wild, depth + 1);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(inner));
  if (schema.type === 'array') return listOf(schema, inner(schema.items), wild);
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') {
    const min = Math.max(schema.minimum ?? -100, -(2 ** 31));
    const right = fc.integer({ min, max: Math.max(min, Math.min(schema.maximum ?? 1000, 2 ** 31)) });
    return wild ? fc.oneof(right, fc.double()) : right;
  }
  if (schema.type === 'object' && schema.properties) {
    const shape = Object.fromEntries(Object.entries(schema.properties).map(([key, each]) => [key, inner(each)]));
    const requiredKeys = (schema.required ?? []).filter((key) => key in shape);
    return fc.record(shape, { requiredKeys: requiredKeys as never[] });
  }
  return textFor(schema, wild);
}

/** Where `wild`, now and then as many as may be, or one more. */
function listOf(schema: Schema, items: fc.Arbitrary<unknown>, wild: boolean): fc.Arbitrary<unknown> {
  const few = fc.array(items, { minLength: schema.minItems ?? 0, maxLength: 4 });
  const most = schema.maxItems ?? 1_001;
  if (!wild || most > 1_000) return few;
  const many = fc.tuple(items, fc.constantFrom(most, most + 1)).map(([item, length]) => Array(length).fill(item));
  return fc.oneof({ weight: 30, arbitrary: few }, { weight: 1, arbitrary: many });
}

function textFor({ format, pattern, minLength = 0, maxLength }: Schema, wild: boolean): fc.Arbitrary<unknown> {
  const right = () => {
    if (format === 'date-time')
      return fc.date({ noInvalidDate: true, max: new Date() }).map((date) => date.toISOString());
    if (format && format in OF_FORMAT) return fc.constantFrom(...OF_FORMAT[format]!);
    return pattern ? fc.oneof(known, matching(pattern)) : fc.oneof(known, fc.string({ minLength, maxLength: 20 }));
  };
  if (!wild) return right();
  const edges = [minLength, ...(maxLength !== undefined && maxLength <= 4_096 ? [maxLength, maxLength + 1] : [])];
  return fc.oneof(
    right(),
    texts,
    fc.constantFrom(...edges).map((length) => 'x'.repeat(length)),
  );
}

const OF_FORMAT: Record<string, string[]> = {
  ipv4: ['192.0.2.77', '0.0.0.0'],
  ipv6: ['2001:db8::1', '::'],
  cidrv4: ['192.0.2.0/24', '0.0.0.0/0'],
  cidrv6: ['2001:db8::/32', '::/0'],
};

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

/** Nothing so many times as often as something. */
const seldom = <T>(something: fc.Arbitrary<T>, nothing: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: nothing, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: something });

/** Half of them are what the document asks for, as far as it says so. */
const requestFor = (operation: Operation): fc.Arbitrary<Request> =>
  fc.boolean().chain((wild) => {
    const parameters = operation.parameters.map(({ schema, required }) => {
      const value = valueFor(schema, wild);
      return required ? value : seldom(value, 3);
    });
    return fc.record({
      body: operation.body ? valueFor(operation.body, wild) : fc.constant(undefined),
      text: operation.body && wild ? seldom(broken, 9) : fc.constant(undefined),
      parameters: fc.tuple(...parameters),
      headers: wild
        ? fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers })
        : fc.constant({}),
    }) as fc.Arbitrary<Request>;
  });

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
      // Each has its turn at least once, however slow the machine is.
      if (round > 0 && performance.now() > deadline) break;
      const name = `${operation.method} ${operation.path}`;
      const count = answered.get(name) ?? { asked: 0, well: 0 };
      answered.set(name, count);
      await fc.assert(
        fc.asyncProperty(fc.array(requestFor(operation), { minLength: 1, maxLength: AT_ONCE }), async (requests) => {
          const statuses = await Promise.all(requests.map((request) => ask(operation, request)));
          count.asked += statuses.length;
          count.well += statuses.filter((status) => status < 300).length;
        }),
        { numRuns: RUNS, seed: 7 + round, endOnFailure: true },
      );
    }
  }
  const asked = [...answered.values()].reduce((sum, each) => sum + each.asked, 0);
  console.log(`${asked} requests in ${SECONDS} s`);
  expect([...answered].filter(([, each]) => each.asked < 5)).toEqual([]);
  expect(answered.size).toBe(operations.length);
  const never = [...answered].flatMap(([name, { well }]) => (well === 0 && !NEVER_WELL.includes(name) ? [name] : []));
  expect(never.length, never.join(', ')).toBeLessThanOrEqual(REFUSING_MAX);
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
