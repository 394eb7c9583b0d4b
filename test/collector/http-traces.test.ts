// Spans of requests, as a collector of traces is sent them.
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCollector } from '../support/collector.ts';
import { ask } from '../support/http.ts';
import { until } from '../support/until.ts';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
}

let receiver: Server;
let collector: TestCollector;
let answer = 200;
let posts = 0;
const spans: Span[] = [];
const services = new Set<string>();

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    posts++;
    if (answer === 200 && request.url === '/v1/traces') {
      const { resourceSpans } = JSON.parse(String(Buffer.concat(parts)));
      for (const { resource, scopeSpans } of resourceSpans) {
        services.add(resource.attributes[0].value.stringValue);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
    }
    response.writeHead(answer).end('{}');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as { port: number };
  collector = await TestCollector.start({
    config: `http:\n  listen: 127.0.0.1:0\n  traces: http://127.0.0.1:${port}/v1/traces\n`,
  });
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
  receiver?.closeAllConnections();
  await new Promise((resolve) => receiver?.close(resolve));
});

const spanOf = (correlationId: string) =>
  until(() => spans.find(({ attributes }) => attributes.some(({ value }) => value.stringValue === correlationId)), {
    limitMs: 10_000,
    what: `the span of ${correlationId}`,
  });

it('a span has the correlation id of its request, and is in the trace of who asked', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  const headers = { 'x-correlation-id': 'soar-run-4711', traceparent };
  const { headers: answered } = await ask(`${collector.httpUrl}/health`, { headers });
  const span = await spanOf('soar-run-4711');
  expect(span).toMatchObject({ traceId: trace, parentSpanId: '00f067aa0ba902b7', name: 'GET /health' });
  expect(answered.get('traceresponse')).toBe(`00-${trace}-${span.spanId}-01`);
  expect(span.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: '200' } });
  expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
  expect([...services]).toEqual(['threatguard-collector']);
});

it('what is refused has one too, and nothing somebody asked for is in it but the route', async () => {
  await ask(`${collector.httpUrl}/api/threat/risk-profile/user/alice?x=secret`, {
    headers: { 'x-correlation-id': 'refused-4711' },
  });
  const span = await spanOf('refused-4711');
  expect(span.name).toBe('GET /api/threat/risk-profile/:kind/:id');
  expect(JSON.stringify(span)).not.toMatch(/alice|secret/);
  expect(span.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: '401' } });
});

it('what is not taken is dropped, and the next is sent', async () => {
  answer = 503;
  const before = posts;
  await ask(`${collector.httpUrl}/health`, { headers: { 'x-correlation-id': 'lost-4711' } });
  await until(() => posts > before, { limitMs: 10_000, what: 'a refused message' });
  answer = 200;
  await ask(`${collector.httpUrl}/health`, { headers: { 'x-correlation-id': 'kept-4711' } });
  await spanOf('kept-4711');
});
