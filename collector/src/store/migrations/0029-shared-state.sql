-- Counts the changes of what collectors of this store hold in memory, by topic and in the transaction of each: one that knows the
-- numbers it read last knows what another one has changed. Who changes a topic holds its row to the end of the transaction, so a
-- number that can be read has all those below it.
create table shared_state (
  topic text primary key,
  version bigint not null
);
insert into shared_state (topic, version) values
  ('agents', 0), ('alert acts', 0), ('alert budget', 0), ('exceptions', 0), ('indicators', 0), ('models', 0), ('rules', 0);

create function count_change() returns trigger language plpgsql as $$
begin
  update shared_state set version = version + 1 where topic = tg_argv[0];
  return null;
end $$;

-- Of tables whose rows are read one by one: the number stands in the row as well.
create function number_change() returns trigger language plpgsql as $$
begin
  update shared_state set version = version + 1 where topic = tg_argv[0] returning version into new.change;
  return new;
end $$;

create trigger changed after update on rule_book
  for each statement execute function count_change('rules');
-- Not of what it has hidden, which commits count.
create trigger changed after insert or delete or update of removed_at, expires_at on exceptions
  for each statement execute function count_change('exceptions');
create trigger changed after insert or update or delete on alert_budget
  for each statement execute function count_change('alert budget');
create trigger sources_changed after insert or update or delete on intel_sources
  for each statement execute function count_change('indicators');
create trigger withdrawn_changed after insert or update or delete on intel_withdrawn
  for each statement execute function count_change('indicators');
create trigger changed after insert or update or delete on models
  for each statement execute function count_change('models');

alter table agents add column change bigint not null default 0;
-- Not of when it was seen, which every connection says anew.
create trigger changed before insert or update of name, machine_id, key_id, certificate, revoked_at, group_name, superseded_by,
    key_ordered_at, presented_ca, labels, removed_at on agents
  for each row execute function number_change('agents');

alter table alert_acts add column change bigint not null default 0;
create trigger changed before insert on alert_acts
  for each row execute function number_change('alert acts');
create index alert_acts_by_change on alert_acts (change);

-- A trained model as its file has it, signed: for collectors that did not train it. Those of an embedded store have files alone.
create table model_files (
  name text not null,
  version integer not null,
  bytes bytea not null,
  primary key (name, version),
  foreign key (name, version) references models on delete cascade
);
alter table model_files alter column bytes set storage external;
