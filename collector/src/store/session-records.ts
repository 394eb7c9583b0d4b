import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import type { AgentSession } from './fleet-record.ts';
import { storableText, timestamp } from './values.ts';

/** Ten times the fleet one collector is made for. */
const AGENTS_MAX = 100_000;

const COLUMNS = `agent_id::text as agent_id, tls_protocol, tls_group, signature_algorithm, key_id, provider,
  certificate_expires_at, first_at, last_at`;

/** Counts a session among those with the same properties; gives the newest the agent had before, of any properties. */
export async function recordAgentSession(
  session: Session,
  { agentId, ...opened }: Omit<AgentSession, 'firstAtUs' | 'lastAtUs'> & { atUs: number },
): Promise<AgentSession | undefined> {
  if (!uuidBytes(agentId)) return undefined;
  const [before] = await session.query(
    `select ${COLUMNS} from agent_sessions where agent_id = $1 order by last_at desc limit 1`,
    [agentId],
  );
  await session.query(
    `insert into agent_sessions as s (agent_id, tls_protocol, tls_group, signature_algorithm, key_id, provider,
       certificate_expires_at, first_at, last_at, sessions)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1)
     on conflict (agent_id, tls_protocol, tls_group, signature_algorithm, key_id, provider) do update
       set certificate_expires_at = excluded.certificate_expires_at, last_at = greatest(s.last_at, excluded.last_at),
         sessions = s.sessions + 1`,
    [
      agentId,
      storableText(opened.tlsProtocol),
      storableText(opened.tlsGroup),
      storableText(opened.signatureAlgorithm),
      opened.keyId,
      storableText(opened.provider),
      timestamp(opened.certificateExpiresAtUs),
      timestamp(opened.atUs),
    ],
  );
  return before && agentSession(before);
}

/** The newest of each agent. */
export async function newestAgentSessions(session: Session): Promise<AgentSession[]> {
  const rows = await session.query(
    `select distinct on (agent_id) ${COLUMNS} from agent_sessions order by agent_id, last_at desc limit $1`,
    [AGENTS_MAX],
  );
  return rows.map(agentSession);
}

function agentSession(row: Row): AgentSession {
  return {
    agentId: row.agent_id,
    tlsProtocol: row.tls_protocol,
    tlsGroup: row.tls_group,
    signatureAlgorithm: row.signature_algorithm,
    keyId: row.key_id,
    provider: row.provider,
    certificateExpiresAtUs: row.certificate_expires_at,
    firstAtUs: row.first_at,
    lastAtUs: row.last_at,
  };
}
