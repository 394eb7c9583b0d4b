-- What models know of behaviour. A checkpoint is all parts of one moment, replaced in one transaction; what was stored after
-- it is learned again from the events.
create table behaviour_parts (
  part integer primary key,
  saved_at timestamptz not null,
  bytes bytea not null
);
alter table behaviour_parts alter column bytes set storage external;

-- Hours of entities that are over, as rows of features in blocks: what models are trained from. Stored with the checkpoint
-- that no longer has them.
create table behaviour_hours (
  number bigint generated always as identity primary key,
  kind smallint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  hours integer not null,
  bytes bytea not null
);
alter table behaviour_hours alter column bytes set storage external;
create index behaviour_hours_by_time on behaviour_hours (kind, last_at);

-- The card of a model is signed by the collector's key; the model itself is a file, and `digest` is that of the file.
alter table models add column signature bytea not null;
alter table models add column certificate bytea not null;
alter table models add column notice text not null;
alter table models add check (state in ('active', 'ready', 'retired', 'refused'));
