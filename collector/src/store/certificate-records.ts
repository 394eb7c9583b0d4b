// Every certificate an agent ever had, and those consoles were seen with.
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import type { AgentCertificate, ConsoleCertificate } from './fleet-record.ts';
import { storableText, timestamp } from './values.ts';

/** Of all agents: a fleet of 10,000 that renews every 20 days for five years and more. */
const CERTIFICATES_MAX = 1_000_000;
const CONSOLES_MAX = 10_000;

/** Adds a certificate; one that is there stays as it is. */
export async function addCertificate(session: Session, added: AgentCertificate): Promise<void> {
  await session.query(
    `insert into agent_certificates (agent_id, key_id, not_before, not_after, certificate, succession, succession_signature)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [
      added.agentId,
      added.keyId,
      timestamp(added.notBeforeUs),
      timestamp(added.notAfterUs),
      added.certificate,
      added.succession?.succession ?? null,
      added.succession?.signature ?? null,
    ],
  );
}

/** Of one agent, the oldest first. */
export async function certificatesOf(session: Session, agentId: string): Promise<AgentCertificate[]> {
  if (!uuidBytes(agentId)) return [];
  const rows = await session.query(
    `select agent_id::text as agent_id, key_id, not_before, not_after, certificate, succession, succession_signature
     from agent_certificates where agent_id = $1 order by not_before, not_after limit $2`,
    [agentId, CERTIFICATES_MAX],
  );
  return rows.map(agentCertificate);
}

/** The newest certificate of every key of every agent, the keys of an agent in the order they came. */
export async function agentKeys(session: Session): Promise<AgentCertificate[]> {
  const rows = await session.query(
    `select agent_id::text as agent_id, key_id, not_before, not_after, certificate, succession, succession_signature from (
       select distinct on (agent_id, key_id) *, min(not_before) over (partition by agent_id, key_id) as first_at
       from agent_certificates order by agent_id, key_id, not_before desc
     ) keys order by agent_id, first_at limit $1`,
    [CERTIFICATES_MAX],
  );
  return rows.map(agentCertificate);
}

export async function recordConsole(session: Session, seen: ConsoleCertificate): Promise<void> {
  await session.query(
    `insert into console_certificates values ($1, $2, $3, $4, $5)
     on conflict (name, key_id) do update set certificate = excluded.certificate, not_after = excluded.not_after,
       last_seen_at = excluded.last_seen_at`,
    [storableText(seen.name), seen.keyId, seen.certificate, timestamp(seen.expiresAtUs), timestamp(seen.lastSeenAtUs)],
  );
}

export async function consoleCertificates(session: Session): Promise<ConsoleCertificate[]> {
  const rows = await session.query(
    'select name, key_id, certificate, not_after, last_seen_at from console_certificates order by name limit $1',
    [CONSOLES_MAX],
  );
  return rows.map((row) => ({
    name: row.name,
    keyId: row.key_id,
    certificate: row.certificate,
    expiresAtUs: row.not_after,
    lastSeenAtUs: row.last_seen_at,
  }));
}

function agentCertificate(row: Row): AgentCertificate {
  return {
    agentId: row.agent_id,
    keyId: row.key_id,
    notBeforeUs: row.not_before,
    notAfterUs: row.not_after,
    certificate: row.certificate,
    succession: row.succession ? { succession: row.succession, signature: row.succession_signature } : undefined,
  };
}
