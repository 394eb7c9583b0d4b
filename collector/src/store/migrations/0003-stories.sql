-- Entities with their risk, incidents, keys, models, the audit log; and what envelopes need to age out.

-- An entity as it stands. `level` is log2 of its risk plus the time in half-lives (correlate/risk.ts): it orders entities
-- by their risk at any moment, while the risk itself falls. `updated_at` is its revision: it only moves forward.
create table entities (
  kind text not null,
  name text not null,
  level double precision not null,
  reasons text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  updated_at timestamptz not null,
  point_level double precision not null,
  point_at timestamptz not null,
  primary key (kind, name)
) with (fillfactor = 80);
create index entities_by_level on entities (level, kind, name);
create index entities_by_change on entities (updated_at);

-- How a risk went: a point where it left by a step what the point before had decayed to.
create table risk_points (
  kind text not null,
  name text not null,
  at timestamptz not null,
  level double precision not null,
  primary key (kind, name, at)
);
create index risk_points_by_time on risk_points (at);

create table incidents (
  id text primary key,
  revision bigint not null,
  title text not null,
  severity smallint not null,
  state text not null check (state in ('open', 'closed')),
  tactics text[] not null,
  alerts text not null,
  entities text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  raised_at timestamptz not null,
  updated_at timestamptz not null
);
create index incidents_by_time on incidents (updated_at, id);
create index incidents_by_id_prefix on incidents (id text_pattern_ops);

create table incident_alerts (
  incident_id text not null,
  alert_id text not null,
  primary key (incident_id, alert_id)
);
create index incident_alerts_by_alert on incident_alerts (alert_id);

-- Generations of the fleet's ML-KEM key. The private key is a file of the collector's and never here.
create table keys (
  epoch integer primary key,
  algorithm text not null,
  public_key_sha256 bytea not null,
  state text not null check (state in ('announced', 'draining', 'destroyed')),
  created_at timestamptz not null,
  announced_at timestamptz,
  destroyed_at timestamptz
);

create table models (
  name text not null,
  version integer not null,
  card text not null,
  digest bytea not null,
  state text not null,
  created_at timestamptz not null,
  primary key (name, version)
);

-- Each entry holds the digest of the one before it. `before` and `after` are canonical JSON, '' for nothing.
create table audit (
  sequence bigint primary key,
  at timestamptz not null,
  actor_kind text not null,
  actor_id text not null,
  origin text not null,
  action text not null,
  subject text not null,
  before text not null,
  after text not null,
  previous_digest bytea not null,
  digest bytea not null
);
create index audit_by_time on audit (at);

-- One row. Its lock makes writers queue; the anchor is the last entry that retention removed, the head the newest one.
create table audit_chain (
  single boolean primary key default true check (single),
  anchor_sequence bigint not null,
  anchor_digest bytea not null,
  head_sequence bigint not null,
  head_digest bytea not null
);
insert into audit_chain values (true, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));

-- Up to here envelopes of a stream have aged out: what comes again with such a sequence was stored before.
alter table stream_positions add column floor bigint not null default 0;
create index envelopes_by_time on envelopes (received_at);
create index quarantine_by_time on quarantine (received_at);
