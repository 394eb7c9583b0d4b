-- What an agent belongs to, who took its place, and since when a new signing key is asked of it.
alter table agents add column group_name text not null default '';
alter table agents add column superseded_by uuid;
alter table agents add column key_ordered_at timestamptz;
-- The CA of the certificate it last connected with (SHA-256 of its key): what it holds, not what it was sent.
alter table agents add column presented_ca text;
alter table tokens add column group_name text not null default '';
-- Whether the agents it enrols take the place of those of the same host name.
alter table tokens add column replaces boolean not null default false;
-- A key is found whoever had it: none that was ever certified is certified for another agent.
create index agent_certificates_by_key on agent_certificates (key_id);

-- Certificates of consoles, as they were seen: what else chains to a CA that is to be retired.
create table console_certificates (
  name text not null,
  key_id text not null,
  certificate bytea not null,
  not_after timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (name, key_id)
);
