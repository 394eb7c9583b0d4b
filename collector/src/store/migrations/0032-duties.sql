-- What one collector of this store does for all of them (hunts that are due, a training, a delivery), held by the one that does it
-- now: renewed for as long as that takes, given back after it, and free again a moment after its collector died. The names are few:
-- one for each kind of work, and one for each target of forwarding and each agent.
create table duties (
  name text primary key,
  holder uuid not null,
  held_until timestamptz not null
);
