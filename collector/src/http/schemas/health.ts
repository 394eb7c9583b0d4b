import { z } from 'zod';
import { HEALTH_STATES } from '../health/board.ts';

const time = z.iso.datetime().describe('UTC');
const state = z.enum(HEALTH_STATES);

export const healthAnswer = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  checked_at: time,
});

export const readyAnswer = z.object({
  ready: z.boolean(),
  because: z.array(z.string()).describe('What keeps it from being ready'),
});

export const detailedAnswer = healthAnswer.extend({
  version: z.string(),
  started_at: time,
  uptime_seconds: z.number().min(0),
  components: z.array(
    z.object({
      name: z.string(),
      status: state,
      needed: z.boolean().describe('Whether the collector is down without it'),
      since: time,
      checked_at: time,
      response_ms: z.number().min(0),
      detail: z.string().optional(),
    }),
  ),
  agents: z.object({ enrolled: z.int().min(0), connected: z.int().min(0) }),
  events_per_second: z.number().min(0).describe('Stored, over the last minute'),
  rules: z.object({ loaded: z.int().min(0), disabled: z.int().min(0) }),
  store: z.object({ engine: z.string(), version: z.string() }),
  crypto: z.object({ profile: z.string(), kem_epoch: z.int().min(0) }),
});

const amount = z.number().min(0).nullable();

/** Null stands for what is not known: nothing is configured, or it was never reached. */
export const redisAnswer = z.object({
  status: state,
  connection: z.object({
    status: z.string(),
    uptime_seconds: amount,
    last_check: time.nullable(),
    response_ms: amount,
  }),
  performance: z.object({
    latency_ms_average: amount,
    operations_per_second: amount,
    memory_bytes: amount,
    clients: amount,
  }),
  cache: z.object({ hit_rate: amount, hits: amount, misses: amount, evictions: amount }),
  errors: z.object({
    connection_errors: amount,
    timeouts: amount,
    last_error: z.string().nullable(),
    error_rate: amount,
  }),
});

export type RedisHealth = z.output<typeof redisAnswer>;

/** What is said where no Redis is configured. */
export const REDIS_NOT_CONFIGURED: RedisHealth = {
  status: 'not_configured',
  connection: { status: 'not_configured', uptime_seconds: null, last_check: null, response_ms: null },
  performance: { latency_ms_average: null, operations_per_second: null, memory_bytes: null, clients: null },
  cache: { hit_rate: null, hits: null, misses: null, evictions: null },
  errors: { connection_errors: null, timeouts: null, last_error: null, error_rate: null },
};
