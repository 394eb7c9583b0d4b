// Requests made from the OpenAPI document, right and almost right: whatever comes, it is answered, and never with a 500.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUser } from '../support/api-user.ts';
import { TestCollector } from '../support/collector.ts';

/** CI has little time; a longer run is asked for by name. */
const SECONDS = Number(process.env.THREATGUARD_FUZZ_SECONDS ?? 5);

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

let collector: TestCollector;
let user: ApiUser;
let operations: Operation[];

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
  user = await ApiUser.first(collector);
  const { body } = await user.ask('/openapi.json');
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
afterAll(() => collector?.[Symbol.asyncDispose]());

const texts = fc.oneof(
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
  if (schema.type === 'array') return fc.array(valueFor(schema.items, depth + 1), { maxLength: 4 });
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
  if (schema.format === 'date-time')
    return fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      texts,
    );
  return texts;
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/** What would lock the user of this test out, or wait for seconds at each call. */
const SPARED = ['/api/auth/logout', '/api/auth/password', '/api/auth/login', '/api/auth/first-admin', '/api/stream'];

it('every route answers what comes, with a status it says it has', async () => {
  const tried = operations.filter(({ path }) => !SPARED.includes(path));
  const deadline = Date.now() + SECONDS * 1000;
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...tried).chain((operation) =>
        fc.record({
          operation: fc.constant(operation),
          body: operation.body ? valueFor(operation.body) : fc.constant(undefined),
          parameters: fc.tuple(...operation.parameters.map(({ schema }) => valueFor(schema))),
        }),
      ),
      async ({ operation, body, parameters }) => {
        if (Date.now() > deadline) return;
        const query = new URLSearchParams();
        let { path } = operation;
        operation.parameters.forEach((parameter, index) => {
          const value = parameters[index];
          const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
          if (parameter.in === 'path')
            path = path.replace(`{${parameter.name}}`, encodeURIComponent(text.toWellFormed()) || 'x');
          else if (parameter.in === 'query' && value !== undefined) query.append(parameter.name, text);
        });
        const init = { method: operation.method, ...(body !== undefined && { json: body }) };
        const answer = await user.ask(`${path}${query.size > 0 ? `?${query}` : ''}`, init);
        asked++;
        const what = `${operation.method} ${path} ${JSON.stringify(body)?.slice(0, 500)}: ${JSON.stringify(answer.body).slice(0, 300)}`;
        expect(answer.status, what).not.toBe(500);
        // A path that was made anew may be another route's, or none.
        const expected = [...operation.statuses, '404', '405', '413'];
        expect(expected, what).toContain(String(answer.status));
        if (answer.status >= 400 && answer.status !== 503)
          expect(answer.body.correlation_id, what).toMatch(/^[0-9a-f]{32}$/);
      },
    ),
    {
      numRuns: 1_000_000,
      interruptAfterTimeLimit: SECONDS * 1000,
      markInterruptAsFailure: false,
      seed: 7,
      endOnFailure: true,
    },
  );
  expect(asked).toBeGreaterThan(20);
});
