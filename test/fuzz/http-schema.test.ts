// Requests made from the OpenAPI document, right and almost right: whatever comes, it is answered, and never with a 500. Each route
// begins with a request that is known to be answered well, and a part of what follows is that one with something changed: a route
// that only ever refuses is not tested.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOGIN_ROWS } from '../support/api-rows/login.ts';
import type { Asked, Row } from '../support/api-rows/row.ts';
import { THREAT_ROWS } from '../support/api-rows/threat.ts';
import { ApiWorld } from '../support/api-world.ts';
import { ask as askService } from '../support/http.ts';
import { leavesOf, replaced } from '../support/json-leaves.ts';
import { type Schema, SchemaValues } from '../support/schema-values.ts';

/** Beside the other files; a longer run is asked for by name. */
const SECONDS = Number(process.env.THREATGUARD_FUZZ_SECONDS ?? 30);
/** Requests at once. */
const AT_ONCE = 12;
/** Of such groups before the next route has its turn. */
const RUNS = 4;

const ROWS: Record<string, Row> = { ...LOGIN_ROWS, ...THREAT_ROWS };
/** What each asks of the machine is mostly the hash of a password: fewer at once, and what is right to begin with is made once. */
const SLOW = [
  'POST /api/auth/first-admin',
  'POST /api/auth/login',
  'POST /api/auth/logout',
  'POST /api/auth/password',
  'POST /api/auth/second-factor',
  'POST /api/auth/second-factor/confirm',
  'DELETE /api/auth/second-factor',
  'POST /api/users',
  'PATCH /api/users/{name}',
  'DELETE /api/users/{name}',
];
/** What nobody guesses, and what is for WebSocket. */
const NEVER_WELL = ['POST /api/auth/first-admin', 'GET /api/stream'];

/** An operation as the document has it. */
interface Described {
  parameters?: Operation['parameters'];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: object;
}

interface Operation {
  name: string;
  method: string;
  path: string;
  parameters: { name: string; in: string; schema: Schema; required?: boolean }[];
  body: Schema | undefined;
  statuses: string[];
  /** Made from the document alone. */
  requests: fc.Arbitrary<Request>;
}

interface Request {
  body: unknown;
  /** In place of a body: not always JSON. */
  text?: string | undefined;
  /** As the operation has them. */
  parameters: unknown[];
  headers?: Record<string, string>;
  token?: string | null | undefined;
}

let world: ApiWorld;
let operations: Operation[];
let values: SchemaValues;

beforeAll(async () => {
  world = await ApiWorld.start();
  const ids = [await world.idOf('alerts'), await world.idOf('incidents')];
  values = new SchemaValues([...ids, 'ana', 'web-1', '192.0.2.77', 'lab-2']);
  const { body } = await world.admin.ask('/openapi.json');
  operations = Object.entries(body.paths as Record<string, Record<string, Described>>).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody, responses }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        parameters,
        body: schema,
        statuses: Object.keys(responses),
        requests: requestsFor({ parameters, body: schema }),
      };
    }),
  );
});
afterAll(() => world?.[Symbol.asyncDispose]());

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

/** Nothing so many times as often as something. */
const seldom = <T>(something: fc.Arbitrary<T>, nothing: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: nothing, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: something });

/** Half of them are what the document asks for, as far as it says so. */
function requestsFor({ parameters, body }: Pick<Operation, 'parameters' | 'body'>): fc.Arbitrary<Request> {
  const one = (wild: boolean) => {
    const given = parameters.map(({ schema, required }) => {
      const value = values.of(schema, wild);
      return required ? value : seldom(value, 3);
    });
    return fc.record({
      body: body ? values.of(body, wild) : fc.constant(undefined),
      text: body && wild ? seldom(broken, 9) : fc.constant(undefined),
      parameters: fc.tuple(...given),
      headers: wild ? seldom(headers, 3).map((each) => each ?? {}) : fc.constant({}),
    });
  };
  return fc.oneof(one(false), one(true)) as fc.Arbitrary<Request>;
}

/** What is known to be right, with one value of it changed. */
function changedFrom(right: Request): fc.Arbitrary<Request> {
  const { token, ...rest } = right;
  const leaves = leavesOf(rest);
  if (leaves.length === 0) return fc.constant(right);
  return fc
    .tuple(fc.nat({ max: leaves.length - 1 }), values.anything)
    .map(([at, value]) => ({ ...replaced(rest, leaves[at]!, value), token }));
}

/** As the rows of http-client.test.ts have it. */
async function rightFor({ name, parameters }: Operation): Promise<Request | undefined> {
  const row = ROWS[name];
  if (!row) return undefined;
  const { token, body, path, query }: Asked = await row.ask(world);
  return {
    body,
    parameters: parameters.map((each) => (each.in === 'path' ? path?.[each.name] : query?.[each.name])),
    token,
  };
}

/** Of a script, which may neither log out nor change a password: what is asked ends no login of this test. */
const caller = (path: string) => (path.startsWith('/api/auth') ? world.script : world.admin.accessToken);

async function ask(operation: Operation, request: Request): Promise<number> {
  const { body, text, parameters, headers } = request;
  const query = new URLSearchParams();
  let { path } = operation;
  operation.parameters.forEach((parameter, index) => {
    const value = parameters[index];
    const given = typeof value === 'string' ? value : JSON.stringify(value ?? '');
    if (parameter.in === 'path')
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(given.toWellFormed()) || 'x');
    else if (parameter.in === 'query' && value !== undefined) query.append(parameter.name, given);
  });
  const token = request.token === undefined ? caller(operation.path) : request.token;
  const answer = await askService(`${world.collector.httpUrl}${path}${query.size > 0 ? `?${query}` : ''}`, {
    method: operation.method,
    ...(token !== null && { token }),
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
  const answered = new Map(operations.map(({ name }) => [name, { asked: 0, well: 0 }]));
  const put = async (operation: Operation, request: Request) => {
    const status = await ask(operation, request);
    const count = answered.get(operation.name)!;
    count.asked++;
    if (status < 300) count.well++;
  };
  const deadline = performance.now() + SECONDS * 1000;
  const right = new Map<string, Request>();
  const begin = async (operation: Operation) => {
    const request = await rightFor(operation);
    if (!request) return;
    right.set(operation.name, request);
    await put(operation, request);
  };
  for (const operation of operations) await begin(operation);
  for (let round = 0; performance.now() < deadline; round++) {
    for (const operation of operations) {
      // Each has its turn at least once, however slow the machine is.
      if (round > 0 && performance.now() > deadline) break;
      const slow = SLOW.includes(operation.name);
      if (round > 0 && !slow) await begin(operation);
      const known = right.get(operation.name);
      const mixed = known ? fc.oneof(operation.requests, changedFrom(known)) : operation.requests;
      const group = fc.array(mixed, slow ? { minLength: 1, maxLength: 4 } : { minLength: 6, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(group, async (requests) => {
          await Promise.all(requests.map((request) => put(operation, request)));
        }),
        { numRuns: slow ? 1 : RUNS, seed: 7 + round, endOnFailure: true },
      );
    }
  }
  const asked = [...answered.values()].reduce((sum, each) => sum + each.asked, 0);
  console.log(`${asked} requests in ${SECONDS} s`);
  const never = [...answered].flatMap(([name, { well }]) => (well === 0 ? [name] : []));
  expect(never.sort()).toEqual([...NEVER_WELL].sort());
});
