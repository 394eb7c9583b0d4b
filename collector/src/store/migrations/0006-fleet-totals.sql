-- What the whole fleet did, counted beside what each host and user did: dashboards ask for it most, and adding it up from
-- the series takes as long as there are hosts and users. Commits run beside each other and all add to the same minute:
-- each connection has a `slot`, a row of its own, or each commit would wait for the one before it. Reads add slots up.
create table fleet_minute (
  bucket timestamptz not null,
  class smallint not null,
  outcome smallint not null,
  slot smallint not null,
  events bigint not null,
  bytes bigint not null
) with (fillfactor = 70);
create unique index fleet_minute_key on fleet_minute (bucket, class, outcome, slot);
create table fleet_hour (like fleet_minute including all) with (fillfactor = 70);
create table fleet_day (like fleet_minute including all) with (fillfactor = 70);

do $$
declare
  resolution text;
begin
  -- Continuous aggregates have indexes of their own, and the totals are made of them (timescale-series.ts).
  if (select relkind from pg_class where oid = 'series_minute'::regclass) = 'v' then
    return;
  end if;
  foreach resolution in array array['minute', 'hour', 'day'] loop
    execute format(
      'insert into fleet_%1$s
       select bucket, class, outcome, 0, least(sum(events), 9007199254740991)::bigint, least(sum(bytes), 9007199254740991)::bigint
       from series_%1$s group by 1, 2, 3', resolution);
    -- Without the fleet, what is asked for is one host or one user over a time.
    execute format('create unique index series_%1$s_by_agent on series_%1$s (agent_id, bucket, class, outcome, user_name)',
                   resolution);
    execute format($sql$create index series_%1$s_by_user on series_%1$s (user_name, bucket) where user_name <> ''$sql$,
                   resolution);
  end loop;
  drop index series_minute_key, series_hour_bucket_agent_id_class_outcome_user_name_idx,
    series_day_bucket_agent_id_class_outcome_user_name_idx;
  -- By which hours and days age out; minutes go with their day.
  create index series_hour_by_time on series_hour (bucket);
  create index series_day_by_time on series_day (bucket);
end $$;
