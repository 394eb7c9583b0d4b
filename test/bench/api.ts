// The HTTP service under load, beside a fastify route with nothing around it in the same run: latencies and requests per second
// of each route, what a token check costs, how fast the live stream is.
//
//   npm run bench:api [-- --seconds 2 --connections 1,50,200 --routes /health,/api/threat/alerts]
import { existsSync } from 'node:fs';
import type { BareOrders } from './api-bare.ts';
import type { Driven, LoadOrders } from './api-load.ts';
import { type BenchRoute, benchRoutes } from './api-routes.ts';
import { startService } from './api-service.ts';
import { measureDelivery } from './api-stream.ts';
import { measureTokenChecks } from './api-token.ts';
import { positive, positiveIntegers, readBenchArguments } from './bench-arguments.ts';
import { BenchChild } from './bench-child.ts';
import { printLatency } from './report.ts';
import { runBench, type Scope } from './scope.ts';

/** With a bench of its own (Redis beside redis-benchmark) it is part of this one. */
const REDIS = new URL('./api-redis.ts', import.meta.url);

/** Of one processor; from here on it is the clients that are measured. */
const CLIENT_BUSY_MAX = 0.9;

interface Line extends Omit<Driven, 'clientBusy'> {
  route: string;
  connections: number;
  baseRequestsPerSecond: number;
}

const values = readBenchArguments(
  {
    seconds: { value: '2', help: 'of load, for each route and number of connections; the bare route has half' },
    connections: { value: '1,50,200', help: 'at once' },
    routes: { value: '', help: 'those whose path holds one of these, by commas; all where nothing stands here' },
    clients: { value: '100,1000', help: 'of the live stream; 0 leaves it out' },
  },
  {
    summary: 'Measures the HTTP service of a collector on this machine, beside a bare fastify route.',
    examples: ['npm run bench:api -- --seconds 1 --connections 50 --routes /health,detect --clients 0'],
  },
);

if (values) await runBench('bench:api', (scope) => bench(scope, values));

async function bench(
  scope: Scope,
  values: Record<'seconds' | 'connections' | 'routes' | 'clients', string>,
): Promise<void> {
  const seconds = positive('seconds', values.seconds);
  const connections = positiveIntegers('connections', values.connections);
  const clients = values.clients === '0' ? [] : positiveIntegers('clients', values.clients);
  const load = await scope.hold(new BenchChild<LoadOrders>('api-load.ts'));
  const bare = await scope.hold(new BenchChild<BareOrders>('api-bare.ts'));
  const bareUrl = await bare.ask('listen', null);
  const service = await startService(scope);
  const routes = chooseRoutes(benchRoutes(service), values.routes);

  for (const mode of ['ml-dsa', 'hybrid'] as const) {
    const { first, again } = await measureTokenChecks(mode);
    printLatency(`token check, ${mode}, first seen`, first);
    printLatency(`token check, ${mode}, seen before`, again);
  }
  for (const [round, count] of clients.entries()) {
    const samples = await measureDelivery(load, service, { clients: count, round });
    printLatency(`live stream, ${count} clients, from the request that raises the alert`, samples);
  }
  if (existsSync(REDIS)) await ((await import(REDIS.href)) as { printRedis: () => Promise<void> }).printRedis();

  console.log(`\n${'route'.padEnd(44)} conn    p50 ms    p95 ms    p99 ms     req/s  bare/s  errors`);
  const lines: Line[] = [];
  for (const route of routes) {
    for (const count of connections) {
      const { line, limit } = await measureRoute(route, count);
      lines.push(line);
      const figures = [line.p50Ms, line.p95Ms, line.p99Ms].map((ms) => ms.toFixed(2).padStart(9)).join(' ');
      const rates = `${String(line.requestsPerSecond).padStart(9)} ${String(line.baseRequestsPerSecond).padStart(7)}`;
      console.log(
        `${line.route.padEnd(44)} ${String(count).padStart(4)} ${figures} ${rates} ${String(line.errors).padStart(7)}${limit}`,
      );
    }
  }
  console.log(JSON.stringify(lines));

  async function measureRoute(
    { route, path, body }: BenchRoute,
    count: number,
  ): Promise<{ line: Line; limit: string }> {
    const method = route.split(' ')[0]!;
    const asked = { method, body: body === undefined ? undefined : JSON.stringify(body), connections: count };
    const base = await load.ask('drive', { ...asked, url: `${bareUrl}/`, tokens: [], seconds: seconds / 2 });
    const own = await load.ask('drive', { ...asked, url: service.url + path, tokens: service.tokens, seconds });
    const { p50Ms, p95Ms, p99Ms, requestsPerSecond, errors } = own;
    const baseRequestsPerSecond = base.requestsPerSecond;
    const limited = [base.clientBusy > CLIENT_BUSY_MAX && 'base', own.clientBusy > CLIENT_BUSY_MAX && 'route'];
    const by = limited.filter(Boolean).join(' and ');
    return {
      line: { route, connections: count, p50Ms, p95Ms, p99Ms, requestsPerSecond, baseRequestsPerSecond, errors },
      limit: by && `  ${by}: limited by these clients`,
    };
  }
}

function chooseRoutes(all: readonly BenchRoute[], text: string): BenchRoute[] {
  const parts = text.split(',').filter(Boolean);
  if (parts.length === 0) return [...all];
  const chosen = all.filter(({ route }) => parts.some((part) => route.includes(part)));
  if (chosen.length === 0)
    throw new Error(`--routes ${text}: no such route; there are ${all.map(({ route }) => route).join(', ')}`);
  return chosen;
}
