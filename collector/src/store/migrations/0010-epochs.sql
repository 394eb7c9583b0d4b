-- Rotation of the fleet's ML-KEM key: what a collector that was interrupted goes on with.
alter table keys drop constraint keys_state_check;
alter table keys add constraint keys_state_check
  check (state in ('announced', 'draining', 'refused', 'destroying', 'destroyed'));

create table rotations (
  epoch integer primary key,
  from_epoch integer not null,
  phase text not null check (phase in ('canary', 'announced', 'draining', 'done', 'aborted')),
  paused boolean not null,
  compromised boolean not null,
  -- Ids of the agents that are told first, a JSON list; empty where all are told at once.
  canary_agents text not null,
  started_by text not null,
  started_at timestamptz not null,
  -- To all of the fleet.
  announced_at timestamptz,
  ended_at timestamptz
);

-- What each agent proved last: the signed confirmation as it came, and what it holds since.
create table agent_epochs (
  agent_id uuid primary key,
  epoch integer not null,
  confirmed_at timestamptz not null,
  received_at timestamptz not null,
  confirmation_sha256 bytea not null,
  body bytea not null,
  signature bytea not null,
  -- 0 where nothing waits in its spool.
  oldest_spooled_epoch integer not null,
  -- It said later that it seals for an older epoch, or holds older envelopes, than it had proved.
  contradicted boolean not null
);

create table rotation_schedule (
  single boolean primary key default true check (single),
  every_seconds bigint not null,
  next_at timestamptz not null
);
