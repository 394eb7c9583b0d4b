-- What is sent on to other systems, each of which is a target: the queue is filled in the transaction that stores an alert,
-- as long as there is a target for alerts. It names revisions; their bytes stand in alert_history.
--
-- `position` is given later, to one batch after another and under the lock of forward_sequence: what is committed later has a
-- higher one, which ids do not promise. So a target is one number, and what is beyond it is what it has not had.
create table forward_queue (
  id bigint generated always as identity primary key,
  alert_id text not null,
  revision bigint not null,
  queued_at timestamptz not null,
  position bigint unique
);
create index forward_queue_unplaced on forward_queue (id) where position is null;

create table forward_sequence (
  last_position bigint not null
);
insert into forward_sequence values (0);

-- `cursor`: alerts up to this position, entries of the audit log up to this sequence, were delivered, passed over or missed.
create table forward_targets (
  name text not null,
  stream text not null check (stream in ('alerts', 'audit')),
  cursor bigint not null,
  delivered bigint not null default 0,
  refused bigint not null default 0,
  missed bigint not null default 0,
  delivered_at timestamptz,
  primary key (name, stream)
);
