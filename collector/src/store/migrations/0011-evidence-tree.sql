-- A Merkle tree over the digests of everything received (RFC 9162), whose heads the collector signs. Rows are only added
-- here; what grows with envelopes is not: a leaf is an agent and an hour.

-- One row. Its lock makes writers queue.
create table tree (
  single boolean primary key default true check (single),
  size bigint not null,
  recorded_at timestamptz not null,
  head_number bigint not null,
  head_digest bytea not null,
  head_size bigint not null
);
insert into tree values (true, 0, 'epoch', 0, decode(repeat('00', 32), 'hex'), 0);

-- Roots of perfect subtrees, leaves included: what proofs are made of, and what the tree goes on from.
create table tree_nodes (
  level smallint not null,
  position bigint not null,
  hash bytea not null,
  primary key (level, position)
);

-- Leaves: encoded TreeEntry messages. Event times are NULL where nothing had come.
create table tree_entries (
  leaf bigint primary key,
  agent_id uuid not null,
  number bigint not null,
  recorded_at timestamptz not null,
  first_event_at timestamptz,
  last_event_at timestamptz,
  entry bytea not null
);
create unique index tree_entries_by_agent on tree_entries (agent_id, number);

-- In which leaf an envelope is.
create table tree_runs (
  agent_id uuid not null,
  stream_id bytea not null,
  first_sequence bigint not null,
  last_sequence bigint not null,
  leaf bigint not null,
  run integer not null,
  primary key (agent_id, stream_id, last_sequence)
);

-- Up to where each stream is in the tree. Apart from stream_positions, whose rows every commit changes.
create table tree_streams (
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  primary key (agent_id, stream_id)
);

-- The newest entry of each agent; `idle` where it says that nothing came, `continued` where it says that there is more.
create table tree_agents (
  agent_id uuid primary key,
  number bigint not null,
  digest bytea not null,
  recorded_at timestamptz not null,
  idle boolean not null,
  continued boolean not null
);

create table tree_heads (
  number bigint primary key,
  tree_size bigint not null,
  digest bytea not null,
  signed_at timestamptz not null,
  head bytea not null,
  signature bytea not null,
  certificate_digest bytea not null
);
create unique index tree_heads_by_digest on tree_heads (digest);
create index tree_heads_by_time on tree_heads (signed_at);

-- Heads are many and signed under few certificates.
create table tree_certificates (
  digest bytea primary key,
  certificate bytea not null
);
