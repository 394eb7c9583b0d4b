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
const count = z.int().min(0);

const layer = z.object({
  name: z.string(),
  ttl_seconds: z.number().min(0),
  hits: count,
  misses: count,
  memory_entries: count.describe('In memory of this process, where Redis was away'),
  memory_evictions: count,
});

/** Null stands for what is not known: nothing is configured, or it was never reached. */
export const redisAnswer = z.object({
  status: state,
  connection: z.object({
    status: z.enum(['connected', 'disconnected', 'not_configured']),
    detail: z.string().optional().describe('Why it is away'),
    uptime_seconds: amount.describe('Since it answers without a break'),
    last_check: time.nullable(),
    response_ms: amount.describe('Of the last check'),
  }),
  performance: z.object({
    latency_ms_average: amount.describe('Of commands that were answered'),
    operations_per_second: amount.describe('Over the last minute'),
    operations: amount.describe('Commands that were sent'),
    memory_bytes: amount.describe('Of the server; of a cluster, of all that hold keys'),
    clients: amount,
  }),
  cache: z.object({
    hit_rate: amount.describe('Of look-ups, 0 to 1'),
    hits: count,
    misses: count,
    evictions: amount.describe('Keys the server evicted for lack of memory since it started'),
    layers: z.array(layer),
  }),
  errors: z.object({
    connection_errors: amount,
    timeouts: amount,
    refused: amount.describe('Commands answered with an error, or cut off'),
    skipped: amount.describe('Not sent, because there was no connection or no answer; memory was used'),
    last_error: z.string().nullable(),
    error_rate: amount.describe('Of commands that were sent, 0 to 1'),
  }),
});

export type RedisHealth = z.output<typeof redisAnswer>;
