-- Who may ask the HTTP service: people with their roles, their sessions, and tokens for scripts.
create table users (
  id uuid primary key,
  name text not null unique,
  role text not null,
  -- Fewer than those of the role, as a JSON list; null for all of them.
  scopes text,
  -- Empty where somebody logs in elsewhere.
  password text not null,
  -- Sealed; null where there is no second factor.
  totp_secret bytea,
  totp_pending bytea,
  -- The time step whose code was used last: none is taken twice.
  totp_step bigint not null,
  -- OpenID Connect: who vouches, and under which name; both empty for a local account.
  issuer text not null,
  subject text not null,
  made_at timestamptz not null,
  last_login_at timestamptz
);
create unique index users_by_subject on users (issuer, subject) where issuer <> '';

-- One login. Its refresh token is exchanged for the next generation each time; an older one that comes again is a copy.
create table user_sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  generation integer not null,
  origin text not null,
  made_at timestamptz not null,
  used_at timestamptz not null,
  expires_at timestamptz not null
);

create table user_tokens (
  id text primary key,
  user_id uuid not null references users (id) on delete cascade,
  secret_hash bytea not null,
  label text not null,
  scopes text not null,
  made_at timestamptz not null,
  expires_at timestamptz not null
);
