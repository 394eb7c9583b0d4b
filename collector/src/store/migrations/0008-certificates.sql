-- Every certificate an agent ever had: what it signed stays provable after renewal and after its key was replaced.
create table agent_certificates (
  agent_id uuid not null,
  key_id text not null,
  not_before timestamptz not null,
  not_after timestamptz not null,
  certificate bytea not null,
  -- Where the key replaced another: an encoded KeySuccession and the old key's signature over it.
  succession bytea,
  succession_signature bytea,
  primary key (agent_id, key_id, not_before)
);
insert into agent_certificates (agent_id, key_id, not_before, not_after, certificate)
select id, key_id, enrolled_at, certificate_expires_at, certificate from agents;
