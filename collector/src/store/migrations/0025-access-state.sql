-- Counts the changes of users, their sessions and their tokens, in the transaction of each: a collector that knows the number
-- it read last knows whether another one has changed anything since.
create table access_state (
  only_row boolean primary key default true check (only_row),
  version bigint not null
);
insert into access_state (version) values (0);
