import type { Cache } from '../../cache/cache.ts';
import type { CollectorMetrics } from './collector-metrics.ts';

/** What is remembered beside the store, and the Redis it is in; of that nothing where none is configured. */
export function describeCache(
  metrics: Pick<CollectorMetrics, 'gauge' | 'mirror'>,
  { link, layers }: Pick<Cache, 'link' | 'layers'>,
): void {
  const kinds = Object.entries(layers);
  metrics.mirror('threatguard_cache_lookups_total', 'Look-ups by layer and result', ['layer', 'result'], (set) => {
    for (const [layer, { hits, misses }] of kinds) {
      set({ layer, result: 'hit' }, hits);
      set({ layer, result: 'miss' }, misses);
    }
  });
  metrics.mirror(
    'threatguard_cache_memory_evictions_total',
    'Entries of this process forgotten for lack of room',
    ['layer'],
    (set) => {
      for (const [layer, { memory }] of kinds) set({ layer }, memory.evictions);
    },
  );
  metrics.gauge('threatguard_cache_memory_bytes', 'Remembered by this process itself', ['layer'], (gauge) => {
    for (const [layer, { memory }] of kinds) gauge.set({ layer }, memory.bytes);
  });
  metrics.gauge('threatguard_cache_redis_up', '1 while Redis answers, 0 while it is away', [], (gauge) => {
    // Without Redis there is no figure, rather than one that looks like a failure.
    if (link) gauge.set(link.isUp ? 1 : 0);
    else gauge.remove();
  });
  metrics.mirror('threatguard_cache_redis_operations_total', 'Commands sent to Redis by result', ['result'], (set) => {
    if (!link) return;
    const { answered, refused, timeouts, skipped } = link.figures;
    for (const [result, value] of Object.entries({ answered, refused, timed_out: timeouts, skipped })) {
      set({ result }, value);
    }
  });
  metrics.mirror('threatguard_cache_redis_connection_errors_total', 'Connections to Redis that failed', [], (set) =>
    set({}, link?.figures.connectionErrors ?? 0),
  );
  metrics.gauge('threatguard_cache_redis_latency_seconds', 'Time of answered commands, on average', [], (gauge) =>
    gauge.set((link?.figures.latencyMsAverage ?? 0) / 1000),
  );
  metrics.gauge('threatguard_cache_redis_memory_bytes', 'Memory Redis uses', [], (gauge) =>
    gauge.set(link?.report?.memoryBytes ?? 0),
  );
}
