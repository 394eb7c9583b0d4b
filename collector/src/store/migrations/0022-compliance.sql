-- Legal holds, what was read of persons, and what was erased.

-- What a hold names is not removed by age. Its columns have names of their own, so that a condition over them can stand
-- beside any table (holds.ts). NULL is all.
create table holds (
  id text primary key,
  held_agent uuid,
  held_user text,
  held_from timestamptz not null,
  held_to timestamptz not null,
  reason text not null,
  made_by text not null,
  made_at timestamptz not null,
  removed_by text not null default '',
  removed_at timestamptz
);

-- Reads of personal data that came again within the window of the first, which is an entry of the audit log. What is
-- counted here becomes an entry when the window ends.
create table disclosures (
  key bytea primary key,
  actor_kind text not null,
  actor_id text not null,
  origin text not null,
  action text not null,
  subject text not null,
  repeats bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null
) with (fillfactor = 70);
create index disclosures_by_time on disclosures (first_at);

-- Envelopes whose payload was erased on request: header, signature and digests stay, or the evidence of everybody else
-- would not verify any more. Rows stay as long as the tree does.
create table erased_payloads (
  agent_id uuid not null,
  stream_id bytea not null,
  sequence bigint not null,
  erasure_id text not null,
  erased_at timestamptz not null,
  audit_sequence bigint not null,
  primary key (agent_id, stream_id, sequence)
);
