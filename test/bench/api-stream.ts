// From the request that raises an alert to each client of the live stream: detection, correlation and the commit included.
import { inTime } from '../../collector/src/in-time.ts';
import type { LoadOrders } from './api-load.ts';
import type { ApiService } from './api-service.ts';
import type { BenchChild } from './bench-child.ts';

const ALERTS = 30;
const ARRIVED_MS_MAX = 10_000;

/** Milliseconds of each alert to each client. `round` is another number each time: sources are told apart by it. */
export async function measureDelivery(
  load: BenchChild<LoadOrders>,
  service: ApiService,
  { clients, round }: { clients: number; round: number },
): Promise<number[]> {
  await load.ask('follow', { url: `${service.url}/api/stream`, tokens: service.tokens, clients });
  const samples: number[] = [];
  for (let at = 0; at < ALERTS; at++) {
    const source = `198.18.${round}.${at + 1}`;
    await load.ask('expect', source);
    const sinceMs = performance.timeOrigin + performance.now();
    await service.raise(source);
    const arrived = await inTime(load.ask('arrived', null), ARRIVED_MS_MAX, undefined);
    if (!arrived) throw new Error(`the alert about ${source} did not reach all of ${clients} clients`);
    samples.push(...arrived.map((atMs) => atMs - sinceMs));
  }
  await load.ask('leave', undefined);
  return samples;
}
