// What is told of Redis: what was asked of it as it was counted there, and what it says of itself.
import type { Cache } from '../../cache/cache.ts';
import { LAYERS, type LayerName } from '../../cache/cache-layer.ts';
import type { RedisHealth } from '../schemas/health.ts';
import { isoTime } from '../times.ts';
import type { Probe } from './board.ts';

/** Redis, by what the link knows, which has looked several times itself. Without it memory is used. */
export function redisProbe({ link }: Pick<Cache, 'link'>): Probe {
  return {
    name: 'redis',
    needed: false,
    judged: true,
    look: () => {
      if (!link) return { state: 'not_configured' };
      return link.isUp ? { state: 'up' } : { state: 'down', detail: `${link.problem}; memory is used` };
    },
  };
}

export function describeRedisHealth({ link, layers }: Pick<Cache, 'link' | 'layers'>): RedisHealth {
  const entries = Object.entries(layers) as [LayerName, (typeof layers)[LayerName]][];
  const hits = entries.reduce((sum, [, layer]) => sum + layer.hits, 0);
  const misses = entries.reduce((sum, [, layer]) => sum + layer.misses, 0);
  const figures = link?.figures;
  return {
    status: link ? (link.isUp ? 'up' : 'down') : 'not_configured',
    connection: {
      status: link ? (link.isUp ? 'connected' : 'disconnected') : 'not_configured',
      ...(link?.problem !== undefined && { detail: link.problem }),
      uptime_seconds: known(link?.uptimeMs, (ms) => Math.max(0, ms) / 1000),
      last_check: known(link?.checkedAtMs, isoTime),
      response_ms: known(link?.responseMs, thousandths),
    },
    performance: {
      latency_ms_average: known(figures?.latencyMsAverage, thousandths),
      operations_per_second: known(figures?.operationsPerSecond, thousandths),
      operations: figures?.operations ?? null,
      memory_bytes: link?.report?.memoryBytes ?? null,
      clients: link?.report?.clients ?? null,
    },
    cache: {
      hit_rate: hits + misses > 0 ? hits / (hits + misses) : null,
      hits,
      misses,
      evictions: link?.report?.evictedKeys ?? null,
      layers: entries.map(([name, layer]) => ({
        name,
        ttl_seconds: LAYERS[name].ttlMs / 1000,
        hits: layer.hits,
        misses: layer.misses,
        memory_entries: layer.memory.size,
        memory_evictions: layer.memory.evictions,
      })),
    },
    errors: {
      connection_errors: figures?.connectionErrors ?? null,
      timeouts: figures?.timeouts ?? null,
      refused: figures?.refused ?? null,
      skipped: figures?.skipped ?? null,
      last_error: figures?.lastError ?? null,
      error_rate: figures?.errorRate ?? null,
    },
  };
}

function known<T>(value: number | undefined, told: (value: number) => T): T | null {
  return value === undefined ? null : told(value);
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
