// Operations of the cache on a real Redis beside redis-benchmark on the same one: what our side of the connection costs.
//
//   node test/bench/api-redis.ts [--seconds 5]
//
// JSON, one object per operation and number of callers.
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Cache } from '../../collector/src/cache/cache.ts';
import { SharedRateStore } from '../../collector/src/http/shared-rates.ts';
import { startRedis } from '../support/redis.ts';

const CALLERS = [1, 50];
const VALUE = 'x'.repeat(512);
const KEYS = 1_000;
/** Of redis-benchmark; enough for a p99, over in a second or two. */
const BASE_REQUESTS = { 1: 10_000, 50: 100_000 } as Record<number, number>;

interface RedisFigure {
  operation: string;
  callers: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  operationsPerSecond: number;
  /** Of redis-benchmark, with as many connections. */
  baseP99Ms: number;
  baseOperationsPerSecond: number;
  errors: number;
}

/** For each operation and number of callers `seconds`; Redis is started for it and stopped. */
async function benchRedis(seconds: number): Promise<RedisFigure[]> {
  await using redis = await startRedis();
  await using cache = await Cache.open({
    settings: { url: redis.url },
    fleetName: 'bench',
    nowMs: Date.now,
    changed: () => undefined,
  });
  const { indicators } = cache.layers;
  const rates = new SharedRateStore(cache, Date.now);
  const operations = {
    set: { base: 'set', run: (turn: number) => indicators.set(`k${turn % KEYS}`, VALUE) },
    get: { base: 'get', run: (turn: number) => indicators.get(`k${turn % KEYS}`) },
    // The nearest redis-benchmark has: one key, read and written in one step.
    'rate limit': {
      base: 'incr',
      run: (turn: number) => rates.take(`k${turn % KEYS}`, 1, { burst: 1e6, perSecond: 1e6 }),
    },
  };
  const figures: RedisFigure[] = [];
  for (const [operation, { base, run }] of Object.entries(operations)) {
    for (const callers of CALLERS) {
      const baseline = baseOf(redis.port, base, callers);
      const failed = () => {
        const { refused, timeouts, skipped } = cache.link!.figures;
        return refused + timeouts + skipped;
      };
      const failedBefore = failed();
      const { times, ms } = await measure(run, callers, seconds);
      times.sort((a, b) => a - b);
      const quantile = (share: number) => round(times[Math.min(times.length - 1, Math.floor(share * times.length))]!);
      figures.push({
        ...{ operation, callers, p50Ms: quantile(0.5), p95Ms: quantile(0.95), p99Ms: quantile(0.99) },
        operationsPerSecond: Math.round((times.length / ms) * 1000),
        ...baseline,
        errors: failed() - failedBefore,
      });
    }
  }
  return figures;
}

async function measure(run: (turn: number) => Promise<unknown>, callers: number, seconds: number) {
  const times: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  let turn = 0;
  const caller = async () => {
    for (let askedMs = performance.now(); askedMs < endMs; ) {
      await run(turn++);
      const nowMs = performance.now();
      times.push(nowMs - askedMs);
      askedMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { times, ms: performance.now() - startedMs };
}

function baseOf(port: number, test: string, connections: number) {
  const requests = BASE_REQUESTS[connections]!;
  const words = [
    '-p',
    `${port}`,
    '-c',
    `${connections}`,
    '-n',
    `${requests}`,
    '-d',
    `${VALUE.length}`,
    '-t',
    test,
    '--csv',
  ];
  const [header, values] = execFileSync('redis-benchmark', words, { encoding: 'utf8', stdio: 'pipe' })
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.replaceAll('"', '')));
  const read = (name: string) => Number(values![header!.indexOf(name)]);
  return { baseP99Ms: read('p99_latency_ms'), baseOperationsPerSecond: Math.round(read('rps')) };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** For `npm run bench:api`, which it is a part of. */
export async function printRedis(seconds = 2): Promise<void> {
  for (const figure of await benchRedis(seconds)) console.log(JSON.stringify(figure));
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
  await printRedis(Number(values.seconds));
}
