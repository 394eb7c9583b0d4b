-- Hunts that were saved by name, and when those that run by themselves last did.
create table saved_hunts (
  name text primary key,
  query text not null,
  every_seconds bigint not null,
  severity smallint not null,
  saved_by text not null,
  saved_at timestamptz not null,
  ran_until timestamptz,
  problem text not null default ''
);
