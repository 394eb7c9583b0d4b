-- What one user did on all hosts, counted beside what each host did, as the totals of the fleet are (0006-fleet-totals.sql):
-- a name that every host has had a row for each of them. user_name is '' where an event names nobody.
create table user_minute (
  bucket timestamptz not null,
  user_name text not null,
  class smallint not null,
  outcome smallint not null,
  slot smallint not null,
  events bigint not null,
  bytes bigint not null
);
create unique index user_minute_key on user_minute (user_name, bucket, class, outcome, slot);
create table user_hour (like user_minute including all) with (fillfactor = 70);
create table user_day (like user_minute including all) with (fillfactor = 70);
-- By which hours and days age out; minutes go with their day.
create index user_hour_by_time on user_hour (bucket);
create index user_day_by_time on user_day (bucket);

do $$
declare
  resolution text;
begin
  -- Continuous aggregates are made of what is stored (timescale-series.ts).
  if (select relkind from pg_class where oid = 'series_minute'::regclass) = 'v' then
    return;
  end if;
  foreach resolution in array array['minute', 'hour', 'day'] loop
    execute format(
      'insert into user_%1$s
       select bucket, user_name, class, outcome, 0, least(sum(events), 9007199254740991)::bigint, least(sum(bytes), 9007199254740991)::bigint
       from series_%1$s group by 1, 2, 3, 4', resolution);
  end loop;
  -- What one user did on one host is found by the host.
  drop index series_minute_by_user, series_hour_by_user, series_day_by_user;
end $$;

-- What the events of each batch contain, so that a search for what is rare looks at few of them (batch-terms.ts). Batches
-- stored before have none, and the mark that they have is false by default, also for what an older collector stores beside
-- a newer one: a search asks whether there are such in the time it looks at.
create table batch_terms (
  first_event_at timestamptz not null,
  last_event_at timestamptz not null,
  received_at timestamptz not null,
  agent_id uuid not null,
  terms bytea not null
);
create index batch_terms_by_time on batch_terms (first_event_at);

alter table envelopes add column has_terms boolean not null default false;
create index envelopes_without_terms on envelopes (last_event_at) where not has_terms and not quarantined;
