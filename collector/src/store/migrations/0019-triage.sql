-- What people decide about alerts: every act once, and what closed alerts were found to be.

alter table alerts add column assignee text not null default '';
create index alerts_by_assignee on alerts (left(assignee, 64), updated_at, id) where assignee <> '';

-- `version` counts the acts on one alert from 1; state, assignee and verdict are those after the act.
create table alert_acts (
  alert_id text not null,
  version bigint not null,
  at timestamptz not null,
  actor_kind text not null,
  actor_id text not null,
  action text not null check (action in ('acknowledge', 'assign', 'note', 'close', 'reopen')),
  text text not null,
  state smallint not null,
  assignee text not null,
  verdict smallint not null,
  primary key (alert_id, version)
);

-- What triage learns from: one row for an alert that is closed with a verdict, none once it is open again. `alert` is the
-- alert as it was closed. Verdicts outlive their alerts: 1 true positive, 2 false positive, 3 benign.
create table verdicts (
  alert_id text primary key,
  rule_id text not null,
  agent_id uuid,
  entity text not null,
  severity smallint not null,
  verdict smallint not null check (verdict in (1, 2, 3)),
  reason text not null,
  actor_id text not null,
  at timestamptz not null,
  alert bytea not null
);
create index verdicts_by_rule on verdicts (rule_id, at);
create index verdicts_by_time on verdicts (at);
