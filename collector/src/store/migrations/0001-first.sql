-- Times are timestamptz at microseconds. Texts hold what a host said with NUL replaced; the truth is the encoded message
-- beside it, and columns exist to find it. What grows with events (events, evidence, losses) carries a time of its own and
-- no unique key, so that it can be cut into chunks by day; the key that makes a batch unique stands in envelopes, which is small.

create table agents (
  id uuid primary key,
  name text not null,
  machine_id text not null,
  key_id text not null,
  certificate bytea not null,
  certificate_expires_at timestamptz not null,
  enrolled_at timestamptz not null,
  revoked_at timestamptz,
  last_seen_at timestamptz,
  version text not null default '',
  os text not null default '',
  kernel text not null default ''
);

create table tokens (
  id text primary key,
  secret_hash bytea not null,
  label text not null,
  uses_left integer not null check (uses_left >= 0),
  expires_at timestamptz not null
);

create table envelopes (
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  header_digest bytea not null,
  received_at timestamptz not null,
  first_event_at timestamptz not null,
  last_event_at timestamptz not null,
  event_count integer not null,
  quarantined boolean not null,
  primary key (agent_id, stream_id, sequence)
);

create table evidence (
  received_at timestamptz not null,
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  header bytea not null,
  signature bytea not null,
  payload bytea not null
);
create index evidence_by_envelope on evidence (agent_id, stream_id, sequence);
-- Payloads are zstd already: compressing them again only costs time.
alter table evidence alter column payload set storage external;
alter table evidence alter column signature set storage external;

create table stream_positions (
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  header_digest bytea not null,
  envelopes bigint not null,
  events bigint not null,
  lost bigint not null,
  primary key (agent_id, stream_id)
);

create table events (
  event_at timestamptz not null,
  observed_at timestamptz not null,
  received_at timestamptz not null,
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  event_index integer not null,
  class smallint not null,
  activity smallint not null,
  outcome smallint not null,
  sensor text,
  service_name text,
  user_name text,
  user_id bigint,
  target_user_name text,
  process_pid bigint,
  process_name text,
  process_executable text,
  process_command_line text,
  process_parent_pid bigint,
  process_parent_name text,
  process_parent_executable text,
  source_ip inet,
  source_port bigint,
  destination_ip inet,
  destination_port bigint,
  file_path text,
  event bytea not null
);
create index events_by_time on events (event_at);
create index events_by_agent on events (agent_id, event_at);
-- A name may be as long as a field, an index entry may not (2704 bytes): the index holds its beginning.
create index events_by_user on events (left(user_name, 64), event_at) where user_name is not null;
create index events_by_source on events (source_ip, event_at) where source_ip is not null;

create table losses (
  received_at timestamptz not null,
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  sensor text not null,
  reason text not null,
  count bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null
);
create index losses_by_agent on losses (agent_id, last_at);

create table detections (
  digest bytea primary key,
  rule_id text not null,
  severity smallint not null,
  agent_id uuid,
  entity text not null,
  reason text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  detection bytea not null
);
create index detections_by_time on detections using brin (last_at);

create table alerts (
  id text primary key,
  revision bigint not null,
  rule_id text not null,
  title text not null,
  severity smallint not null,
  state smallint not null,
  techniques text[] not null,
  user_names text[] not null,
  agent_id uuid,
  agent_name text not null,
  entity text not null,
  count bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  raised_at timestamptz not null,
  updated_at timestamptz not null,
  alert bytea not null
);
create index alerts_by_time on alerts (updated_at, id);
create index alerts_by_id_prefix on alerts (id text_pattern_ops);

create table alert_history (
  alert_id text not null,
  revision bigint not null,
  updated_at timestamptz not null,
  alert bytea not null,
  primary key (alert_id, revision)
);

create table outbox (
  id bigint generated always as identity primary key,
  alert_id text not null,
  revision bigint not null,
  alert bytea not null,
  unique (alert_id, revision)
);

create table refusals (
  agent_id text not null,
  code text not null,
  count bigint not null,
  last_at timestamptz not null,
  last_message text not null,
  primary key (agent_id, code)
);

create table quarantine (
  id bigint generated always as identity primary key,
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  received_at timestamptz not null,
  reason text not null,
  header bytea not null,
  signature bytea not null,
  payload bytea not null
);
