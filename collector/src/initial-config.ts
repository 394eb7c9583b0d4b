// The text of collector.yaml as it is first written. What may stand there is decided in config.ts.
import type { ProfileName } from '@threatguard/proto';

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
  # PUBLIC_URL/admin/oidc/callback, after a logout to PUBLIC_URL/admin/login; "threatguard login" needs the device flow of the
  # client instead.
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
