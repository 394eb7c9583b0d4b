-- What was decided about each detection (Verdict in alert.proto), and for those that an exception hides, which one.
alter table detections add column verdict smallint not null default 0;
alter table detections add column verdict_by text not null default '';
-- What an exception hides, newest first.
create index detections_hidden on detections (verdict_by, last_at) where verdict = 1;
-- An entity may be as long as a field, an index entry may not: the index holds its beginning.
create index detections_suppressed on detections (rule_id, left(entity, 64), last_at) where verdict = 2;

-- Detections of `rule_id` in which every condition holds raise no alert. Rows stay when an exception has ended: they say
-- what was hidden, by whom, and why.
create table exceptions (
  id text primary key,
  rule_id text not null,
  rule_title text not null,
  conditions text not null,
  reason text not null,
  alert_id text not null,
  made_by text not null,
  made_at timestamptz not null,
  expires_at timestamptz,
  removed_by text not null default '',
  removed_at timestamptz,
  hidden bigint not null default 0,
  last_hidden_at timestamptz
);

-- Not part of a revision: it changes when other alerts of the day outrank this one.
alter table alerts add column withheld_at timestamptz;
create index alerts_withheld on alerts (updated_at, id) where withheld_at is not null;

-- One row at most: the alerts a day that are shown. None where nobody has set it.
create table alert_budget (
  only_row boolean primary key default true check (only_row),
  per_day integer not null check (per_day >= 0),
  set_by text not null,
  set_at timestamptz not null
);
