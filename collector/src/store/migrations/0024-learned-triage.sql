-- Triage learns from alerts as they were raised: what became known later must not help it guess. Null where that revision had
-- aged out when this was added.
alter table verdicts add column raised bytea;
update verdicts v set raised = h.alert from alert_history h where h.alert_id = v.alert_id and h.revision = 1;

-- How likely an alert is to be real, as it was said when it was raised; below 0 where nothing was said.
alter table alerts add column triage double precision not null default -1;
create index alerts_by_triage on alerts (triage, id);
