-- Series: events counted per minute, hour and day, added to by the transaction that stores them, so that a batch counts
-- once wherever it counts at all, and a late one reaches its own minute. What was stored before is not counted.
-- user_name is '' where an event names nobody. Not a primary key but a unique index: it moves to a parent of partitions.

create table series_minute (
  bucket timestamptz not null,
  agent_id uuid not null,
  class smallint not null,
  outcome smallint not null,
  user_name text not null,
  events bigint not null,
  bytes bigint not null
);
create unique index series_minute_key on series_minute (bucket, agent_id, class, outcome, user_name);

-- The newest rows change with every commit; room in their page lets them change in place.
create table series_hour (like series_minute including all) with (fillfactor = 70);
create table series_day (like series_minute including all) with (fillfactor = 70);

-- Retention looks for old alerts by time already (alerts_by_time), and for old detections (detections_by_time).
