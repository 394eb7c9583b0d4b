-- What the sessions of each agent were protected with: a row for every combination it ever had, so that one that becomes
-- weaker is seen, and shown with the time it began.
create table agent_sessions (
  agent_id uuid not null,
  tls_protocol text not null,
  tls_group text not null,
  signature_algorithm text not null,
  key_id text not null,
  provider text not null,
  certificate_expires_at timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  sessions bigint not null,
  primary key (agent_id, tls_protocol, tls_group, signature_algorithm, key_id, provider)
);
