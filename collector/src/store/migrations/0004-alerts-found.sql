-- What `alerts list` filters by comes from an index, in order of time where the filter leaves many. Techniques stand with
-- their parents (T1110.001 and T1110), so that one question finds both.
update alerts set techniques = array(
  select distinct name from unnest(techniques) as t, unnest(array[t, split_part(t, '.', 1)]) as name)
where exists (select from unnest(techniques) as t where t like '%.%');

-- An entry of an index is limited, a name that somebody tried is not.
update alerts set user_names = array(select left(name, 256) from unnest(user_names) as name)
where exists (select from unnest(user_names) as name where length(name) > 256);

create index alerts_by_agent on alerts (agent_id, updated_at, id) where agent_id is not null;
create index alerts_by_agent_name on alerts (left(agent_name, 64), updated_at, id);
create index alerts_by_state on alerts (state, updated_at, id);
create index alerts_by_user on alerts using gin (user_names);
create index alerts_by_technique on alerts using gin (techniques);
