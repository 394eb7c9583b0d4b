-- What people decided about an alert is not undone by a detection at a collector that does not know of it yet.
alter table alerts add column triage_version bigint not null default 0;
update alerts a set triage_version = d.version
  from (select alert_id, max(version) as version from alert_acts group by alert_id) d
  where a.id = d.alert_id;

-- An act makes the next version of an alert, at one of the collectors of this store: it is claimed before, and for a moment only.
create table alert_act_claims (
  alert_id text not null,
  version bigint not null,
  claimed_at timestamptz not null default now(),
  primary key (alert_id, version)
);
