// What may stand in collector.yaml. Larger sections are beside what they are about, in settings.ts.
import { PROFILES, PROVIDER_NAMES, type ProfileName } from '@threatguard/proto';
import { readConfig } from '@threatguard/proto/config';
import { z } from 'zod';
import { redisSettings } from './cache/settings.ts';
import { BUDGET_MAX } from './correlate/alert-budget.ts';
import { intelSettings } from './detect/intel/settings.ts';
import { readSuppression, SUPPRESSION_FORM } from './detect/rules/suppression-span.ts';
import { httpSettings } from './http/settings.ts';
import { listenAddress } from './listen-address.ts';
import { forwardSettings } from './publish/forward/settings.ts';
import type { Retention } from './store/retention.ts';

const natsUrl = z
  .string()
  .refine((text) => /^(nats|tls):\/\/[^\s/]+$/.test(text), 'write nats://USER:PASSWORD@HOST:PORT');
const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//, 'write postgres://USER:PASSWORD@HOST:PORT/DATABASE');

const days = z.coerce.number().int().min(1).max(36_600);

const schema = z.strictObject({
  listen: listenAddress.default('127.0.0.1:7443'),
  /** Serves invented hosts and nothing else: `threatguard up --demo`. Decided by `init`. */
  demo: z.boolean().default(false),
  database: z.strictObject({ url: databaseUrl.optional() }).prefault({}),
  nats: z.strictObject({ url: natsUrl.optional(), console_url: natsUrl.optional() }).prefault({}),
  /** What several collectors share, and what is remembered beside the store; memory of this process without it. */
  redis: redisSettings,
  agents: z
    .strictObject({
      silent_after_seconds: z.coerce.number().int().min(5).max(86_400).default(60),
      expired_grace_days: z.coerce.number().int().min(0).max(3_650).default(365),
    })
    .prefault({}),
  retention: z
    .strictObject({
      events_days: days.default(90),
      evidence_days: days.default(365),
      losses_days: days.default(365),
      alerts_days: days.default(365),
      risk_days: days.default(365),
      audit_days: days.default(2557),
      series_minute_days: days.default(30),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      budget_per_day: z.coerce.number().int().min(0).max(BUDGET_MAX).default(0),
      suppress: z
        .record(
          z.string().min(1).max(256),
          z.string().refine((span) => readSuppression(span) !== undefined, SUPPRESSION_FORM),
        )
        .default({}),
    })
    .prefault({}),
  forward: forwardSettings,
  console: z.strictObject({ access: z.enum(['certificate', 'user']).default('certificate') }).prefault({}),
  fleet: z.strictObject({ name: z.string().trim().min(1).max(64).optional() }).prefault({}),
  shards: z.coerce.number().int().min(1).max(64).optional(),
  rules: z.strictObject({ directory: z.string().min(1).optional() }).prefault({}),
  models: z
    .strictObject({
      enabled: z.stringbool().or(z.boolean()).default(true),
      learning_days: z.coerce.number().int().min(1).max(90).default(14),
      alerts_per_host_day: z.coerce.number().min(0.0001).max(10).default(0.1),
      train_every_hours: z.coerce.number().int().min(1).max(8_760).default(24),
    })
    .prefault({}),
  intel: intelSettings,
  crypto: z
    .strictObject({
      provider: z.enum(PROVIDER_NAMES).default('openssl'),
      /** The fleet's, decided by `init`; stated here for people, and held against the CA. */
      profile: z.enum(Object.keys(PROFILES) as ProfileName[]).optional(),
    })
    .prefault({}),
  http: httpSettings,
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});

export type CollectorConfig = z.output<typeof schema>;

/** Environment variables that go before the file. */
const OVERRIDES = {
  THREATGUARD_LISTEN: 'listen',
  THREATGUARD_DATABASE_URL: 'database.url',
  THREATGUARD_NATS_URL: 'nats.url',
  THREATGUARD_NATS_CONSOLE_URL: 'nats.console_url',
  THREATGUARD_REDIS_URL: 'redis.url',
  THREATGUARD_SHARDS: 'shards',
  THREATGUARD_CRYPTO_PROVIDER: 'crypto.provider',
  THREATGUARD_HTTP_LISTEN: 'http.listen',
  THREATGUARD_LOG_LEVEL: 'log.level',
};

/** Throws ConfigError naming file, line and what is valid there. */
export function readCollectorConfig(source: {
  file: string;
  text: string;
  environment: Record<string, string | undefined>;
}): CollectorConfig {
  return readConfig(schema, { ...source, overrides: OVERRIDES });
}

/** How many days each kind is kept, as the store asks it. */
export function retentionDays({ retention }: CollectorConfig): Retention {
  return {
    events: retention.events_days,
    evidence: retention.evidence_days,
    losses: retention.losses_days,
    alerts: retention.alerts_days,
    risk: retention.risk_days,
    audit: retention.audit_days,
    seriesMinute: retention.series_minute_days,
  };
}
