-- What users and hosts did one after the other, in pieces of one hour, in blocks: what the model of sequences is trained from.
-- Stored with the checkpoint that no longer has them.
create table behaviour_sequences (
  number bigint generated always as identity primary key,
  family smallint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  sequences integer not null,
  bytes bytea not null
);
alter table behaviour_sequences alter column bytes set storage external;
create index behaviour_sequences_by_time on behaviour_sequences (family, last_at);
