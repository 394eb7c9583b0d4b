-- What people decided about rules: states, imported rules with their text, and what simulated rules matched. The number of the
-- last change tells every collector of this store whether it runs the rules of today.
create table rule_book (
  single boolean primary key default true check (single),
  revision bigint not null
);
insert into rule_book (revision) values (0);

-- A rule without a row is on.
create table rule_states (
  rule_id text primary key,
  state text not null check (state in ('on', 'off', 'simulated')),
  changed_at timestamptz not null,
  changed_by text not null,
  reason text not null
);

create table rule_files (
  name text primary key,
  content text not null,
  -- Ids of rules of the pack in whose place its rules stand, a JSON list.
  overrides text not null,
  imported_at timestamptz not null,
  imported_by text not null
);

create table simulated_matches (
  id bigint generated always as identity primary key,
  digest bytea not null unique,
  rule_id text not null,
  agent_id uuid,
  entity text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  detection bytea not null
);
create index simulated_matches_by_rule on simulated_matches (rule_id, last_at);

-- How often a rule matched, and when last.
create index detections_by_rule on detections (rule_id, last_at);
create index alerts_by_rule on alerts (rule_id, raised_at);
