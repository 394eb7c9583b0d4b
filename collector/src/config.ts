import { PROFILES, PROVIDER_NAMES, type ProfileName } from '@threatguard/proto';
import { readConfig } from '@threatguard/proto/config';
import { z } from 'zod';
import { oidcSettings } from './access/oidc/settings.ts';
import { CacheError } from './cache/cache-error.ts';
import { readRedisUrl } from './cache/redis-url.ts';
import { BUDGET_MAX } from './correlate/alert-budget.ts';
import { TLPS } from './detect/intel/indicator.ts';
import { FEED_FORMATS } from './detect/intel/read-feed.ts';
import { readSuppression, SUPPRESSION_FORM } from './detect/rules/suppression-span.ts';
import { forwardSettings } from './publish/forward/settings.ts';
import type { Retention } from './store/retention.ts';

const LISTEN = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<host>[^\s:[\]]+)):(?<port>[0-9]{1,5})$/;

const listen = z.string().refine((text) => parseListen(text) !== undefined, 'write HOST:PORT, such as 0.0.0.0:7443');
const natsUrl = z
  .string()
  .refine((text) => /^(nats|tls):\/\/[^\s/]+$/.test(text), 'write nats://USER:PASSWORD@HOST:PORT');
const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//, 'write postgres://USER:PASSWORD@HOST:PORT/DATABASE');

const redisUrl = z.string().superRefine((text, context) => {
  try {
    readRedisUrl(text);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    context.addIssue(error.message);
  }
});

const days = z.coerce.number().int().min(1).max(36_600);

const origin = z.string().regex(/^https?:\/\/[^\s/]+$/, 'write an origin, such as https://soc.example.org');

const http = z
  .strictObject({
    listen: listen.or(z.literal('off')).default('127.0.0.1:3002'),
    /** `auto`: the collector's own certificate, and none where only this host can connect. */
    tls: z.enum(['auto', 'on', 'off']).default('auto'),
    /** PEM files, instead of the collector's own certificate: browsers know none of ML-DSA. */
    certificate: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
    origins: z.array(origin).max(32).default([]),
    /** Who may read metrics and health in detail without a token. */
    monitoring: z.enum(['local', 'anyone', 'token']).default('local'),
    /** `hybrid`: access tokens have an RS256 signature beside that of ML-DSA, and both must be right. */
    tokens: z.enum(['ml-dsa', 'hybrid']).default('ml-dsa'),
    /** Where spans of requests are sent: OTLP over HTTP with JSON. */
    traces: z.url({ protocol: /^https?$/, error: 'write a URL such as http://127.0.0.1:4318/v1/traces' }).optional(),
    /** How browsers reach the service; a provider of single sign-on sends them back there. */
    public_url: origin.optional(),
    oidc: oidcSettings.optional(),
  })
  .refine(
    ({ certificate, key }) => (certificate === undefined) === (key === undefined),
    'certificate and key go together',
  );
/** `90s`, `15m`, `6h`, `30d`, in seconds. */
const duration = (least: number) =>
  z.string().transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds >= least) return seconds;
    context.addIssue(`write a duration such as 15m, 6h or 30d, at least ${least} s`);
    return z.NEVER;
  });

const intelSource = z.strictObject({
  name: z.string().trim().min(1).max(64),
  url: z.string().regex(/^https?:\/\/[^\s/]+/, 'write https://HOST/PATH'),
  /** Takes plain HTTP from anywhere. */
  insecure: z.boolean().default(false),
  format: z.enum(FEED_FORMATS).optional(),
  every: duration(60).prefault('6h'),
  confidence: z.coerce.number().int().min(0).max(100).optional(),
  tlp: z.enum(TLPS).optional(),
  expires: duration(60).optional(),
  columns: z.string().max(1_000).optional(),
  subdomains: z.boolean().optional(),
});

const schema = z.strictObject({
  listen: listen.default('127.0.0.1:7443'),
  /** Serves invented hosts and nothing else: `threatguard up --demo`. Decided by `init`. */
  demo: z.boolean().default(false),
  database: z.strictObject({ url: databaseUrl.optional() }).prefault({}),
  nats: z.strictObject({ url: natsUrl.optional(), console_url: natsUrl.optional() }).prefault({}),
  /** What several collectors share, and what is remembered beside the store; memory of this process without it. */
  redis: z
    .strictObject({
      url: redisUrl.optional(),
      password_file: z.string().min(1).optional(),
      sentinel_password_file: z.string().min(1).optional(),
      ca_file: z.string().min(1).optional(),
    })
    .prefault({}),
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
  intel: z
    .strictObject({
      sources: z
        .array(intelSource)
        .max(64)
        .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, 'two have the same name')
        .default([]),
      /** Days of stored events that new indicators are held against. */
      retro_days: z.coerce.number().int().min(0).max(3_650).default(30),
    })
    .prefault({}),
  crypto: z
    .strictObject({
      provider: z.enum(PROVIDER_NAMES).default('openssl'),
      /** The fleet's, decided by `init`; stated here for people, and held against the CA. */
      profile: z.enum(Object.keys(PROFILES) as ProfileName[]).optional(),
    })
    .prefault({}),
  http: z
    .preprocess((value) => (value === 'off' || value === false ? { listen: 'off' } : value), http.prefault({}))
    // What a preprocessed value looks like zod cannot know; unknown keys are answered by it.
    .meta({ properties: z.toJSONSchema(http, { io: 'input' }).properties }),
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

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  return match ? Number(match[1]) * UNIT_SECONDS[match[2]!]! : undefined;
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

/** Host and port of `HOST:PORT` or `[IPV6]:PORT`; undefined for anything else. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const match = LISTEN.exec(text)?.groups;
  const port = Number(match?.port);
  const host = match?.v6 ?? match?.host;
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

/** Whether only this host can connect there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The file `init --demo` writes. Within a replayed week models have learned enough to speak of its last days. */
export function demoConfig(listenAt: string): string {
  return `# ThreatGuard collector for demonstrations: everything in it is invented, and it takes no real host.
demo: true
listen: ${JSON.stringify(listenAt)}
fleet:
  name: DEMO
models:
  learning_days: 4
http: off
`;
}

/** The file `init` writes: every key with its default, so that nobody has to look them up; the profile once it is decided. */
export function initialConfig(listenAt: string, profile?: ProfileName): string {
  return `# ThreatGuard collector. Every key may be left out; environment variables named beside them go first.

# Where agents and consoles connect. THREATGUARD_LISTEN
listen: ${JSON.stringify(listenAt)}

# PostgreSQL or TimescaleDB; without it, PostgreSQL embedded in this process. THREATGUARD_DATABASE_URL
# database:
#   url: postgres://threatguard:password@127.0.0.1:5432/threatguard

# Where alerts are published, and where consoles may read them. THREATGUARD_NATS_URL, THREATGUARD_NATS_CONSOLE_URL
# nats:
#   url: nats://collector:password@127.0.0.1:4222
#   console_url: nats://console:password@127.0.0.1:4222

# Redis: limits, lockouts, logins and what is remembered for several collectors at once (they need the same fleet.name and keys);
# without it each has its own in memory. One server, sentinels or a cluster; rediss instead of redis is TLS. THREATGUARD_REDIS_URL
# redis:
#   url: redis://127.0.0.1:6379
#   # redis+sentinel://sentinel1:26379,sentinel2:26379/NAME
#   # redis+cluster://node1:6379,node2:6379
#   password_file: /etc/threatguard/redis.password

agents:
  silent_after_seconds: 60
  # How long after its certificate expired (30 days) an agent that slept may still get another for the same key.
  expired_grace_days: 365

# What the fleet is called, and has to be typed before a key it may still need is destroyed; without it, this host's name.
# fleet:
#   name: production

# What a console's certificate may alone: everything (certificate), or nothing but "threatguard login" (user). With a login each
# call is its user's, with what his role allows. Make an admin before you ask for users.
console:
  access: certificate

# Where alerts are sent on to, beside NATS and consoles: syslog (RFC 5424 over TCP, or TLS with "tls") and webhooks. What a target
# has not had waits for it, as long as alerts are kept. Format: ecs, ocsf, cef or json.
# forward:
#   - name: siem
#     kind: syslog
#     address: siem.example:6514
#     tls: { ca_file: /etc/threatguard/siem-ca.pem }
#     format: ecs
#     severity_min: low
#     what: [alerts, audit]
#   - name: soar
#     kind: webhook
#     url: https://soar.example/hooks/threatguard
#     secret_file: /etc/threatguard/soar.secret
#     format: ocsf

# How many alerts a day are shown, the highest first; the rest is listed apart. 0 shows all. "threatguard alerts budget set"
# goes before it. By id of a rule, how long it is silent about an entity it has alerted about, beside what rules ask for.
alerts:
  budget_per_day: 0
  # suppress:
  #   ssh_failed_logins: 6h

# How long each kind is kept, in days. Alerts include their history, detections, incidents and entities. Of the series,
# hours are kept a year and days seven years.
retention:
  events_days: 90
  evidence_days: 365
  losses_days: 365
  alerts_days: 365
  risk_days: 365
  audit_days: 2557
  series_minute_days: 30

# Models of behaviour: how many days they learn before they say anything, and how many alerts ordinary behaviour may raise
# on a host in a day; what is rare is decided by that. They are trained anew so often.
models:
  enabled: true
  learning_days: 14
  alerts_per_host_day: 0.1
  train_every_hours: 24

# Threads that open and analyse what agents send; without it, one less than there are processors, and at most 8.
# THREATGUARD_SHARDS
# shards: 2

# Indicators. Sources are fetched by the collector; "threatguard intel import" brings files. https only, unless of this host or
# with insecure: true. format is stix, misp, csv or list; columns says what columns of CSV are ("value=dst_ip,port=dst_port").
intel:
  # Stored events of so many days are held against indicators that come new; 0 for none.
  retro_days: 30
#   sources:
#     - name: example
#       url: https://intel.example/list.txt
#       every: 6h
#       confidence: 60
#       tlp: green
#       expires: 30d

# What signs, verifies and opens: openssl, or liboqs (a second implementation, in WebAssembly); keys and signatures are the
# same for both. TLS and certificates are always OpenSSL's. THREATGUARD_CRYPTO_PROVIDER
# The profile was decided when this fleet was made: standard is ML-KEM-768 with ML-DSA-65, cnsa2 is ML-KEM-1024 with ML-DSA-87.
crypto:
  provider: openssl
  ${profile ? `profile: ${profile}` : '# profile: standard'}

# The HTTP service: health, metrics, the API (/docs), the admin page; "http: off" for none. Beyond this host it speaks TLS with
# the collector's own certificate, or with one that browsers know. monitoring says who may read metrics and health in detail
# without a token: local, anyone or token. THREATGUARD_HTTP_LISTEN
http:
  listen: 127.0.0.1:3002
  monitoring: local
  # certificate: /etc/threatguard/http.crt
  # key: /etc/threatguard/http.key
  # origins: [https://soc.example.org]
  # Where spans of requests are sent: OTLP over HTTP with JSON.
  # traces: http://127.0.0.1:4318/v1/traces
  # Single sign-on by OpenID Connect; local accounts stay beside it. Of the provider, HTTPS only. The page is sent back to
  # PUBLIC_URL/admin/oidc/callback (after a logout to PUBLIC_URL/admin/login); "threatguard login" needs the device flow of the client instead.
  # public_url: https://soc.example.org:3002
  # oidc:
  #   issuer: https://id.example.org/realms/soc
  #   client_id: threatguard
  #   client_secret_file: /etc/threatguard/oidc.secret
  #   # Where its certificate is of a CA of your own.
  #   ca_file: /etc/threatguard/id-ca.pem
  #   scopes: [openid, profile, groups]
  #   groups_claim: groups
  #   roles: { soc-admins: admin, soc-analysts: analyst, soc-readers: viewer }

log:
  level: info
`;
}
