// Legal holds: what retention leaves alone, said as conditions over the tables it removes from.
//
// Envelopes cannot be cut by person: a hold on a user keeps all evidence of its agents and its time. Counts (series) are of
// nobody's conduct in particular and are not held.

import type { AuditActor } from './audit-entry.ts';
import type { Session } from './database.ts';
import { StoreError } from './store-error.ts';
import { isChunked } from './timescale.ts';
import { indexableText, storableText, timestamp } from './values.ts';

export const ACTIVE_HOLDS = '(select * from holds where removed_at is null) active';
/** In force at once: every removal by age looks at each. */
const HOLDS_MAX = 256;

export interface HoldRecord {
  /** ULID, lower case. */
  id: string;
  /** Undefined for all. */
  agentId: string | undefined;
  user: string | undefined;
  fromUs: number;
  /** Number.MAX_SAFE_INTEGER for no end. */
  toUs: number;
  reason: string;
  madeBy: string;
  madeAtUs: number;
  removedBy: string;
  removedAtUs: number | undefined;
}

const AGENT = '(held_agent is null or held_agent = agent_id)';
const spans = (first: string, last: string) => `${first} <= held_to and ${last} >= held_from`;
const held = (condition: string) => `exists (select from ${ACTIVE_HOLDS} where ${condition})`;
/** Of what has no times of its events: those of its envelope count. */
const ENVELOPES = `(agent_id, stream_id, sequence) in (
  select v.agent_id, v.stream_id, v.sequence from envelopes v
  join ${ACTIVE_HOLDS} on (held_agent is null or held_agent = v.agent_id)
    and v.first_event_at <= held_to and v.last_event_at >= held_from)`;

/** Whether a row of a table is under a hold. */
export const HELD = {
  events: held(
    `${AGENT} and (held_user is null or held_user in (user_name, target_user_name)) and ${spans('event_at', 'event_at')}`,
  ),
  batch_terms: held(`${AGENT} and ${spans('first_event_at', 'last_event_at')}`),
  evidence: ENVELOPES,
  quarantine: ENVELOPES,
  losses: held(`${AGENT} and ${spans('first_at', 'last_at')}`),
  envelopes: held(`${AGENT} and ${spans('first_event_at', 'last_event_at')}`),
  alerts: held(
    `(agent_id is null or ${AGENT}) and (held_user is null or held_user = any(user_names) or position(held_user in entity) > 0)
     and ${spans('first_at', 'last_at')}`,
  ),
  detections: held(`(agent_id is null or ${AGENT}) and ${spans('first_at', 'last_at')}`),
  incidents: held(spans('first_at', 'last_at')),
  entities: held(spans('first_seen_at', 'last_seen_at')),
  risk_points: held(spans('at', 'at')),
} as const;

/** The relations TimescaleDB removes by its own clock, and which it must not while anything is held. */
export const HELD_RELATIONS: readonly string[] = ['events', 'batch_terms', 'evidence', 'losses'];

export function heldCondition(table: string): string | undefined {
  return Object.hasOwn(HELD, table) ? HELD[table as keyof typeof HELD] : undefined;
}

export async function hasHolds(session: Session): Promise<boolean> {
  return (await session.query('select 1 from holds where removed_at is null limit 1')).length > 0;
}

/** From now until the transaction ends nobody adds a hold: what is judged to be free of them stays so. */
export async function keepHoldsAsTheyAre(session: Session): Promise<void> {
  await session.script('lock table holds in share mode');
}

const COLUMNS = `id, held_agent::text as agent_id, held_user, held_from, held_to, reason, made_by, made_at, removed_by, removed_at`;

/** Newest first; those in force, or all. */
export async function listHolds(session: Session, removed: boolean): Promise<HoldRecord[]> {
  const rows = await session.query(
    `select ${COLUMNS} from holds where $1 or removed_at is null order by made_at desc, id desc limit 1000`,
    [removed],
  );
  return rows.map((row) => ({
    id: row.id,
    agentId: row.agent_id ?? undefined,
    user: row.held_user ?? undefined,
    fromUs: row.held_from,
    toUs: row.held_to,
    reason: row.reason,
    madeBy: row.made_by,
    madeAtUs: row.made_at,
    removedBy: row.removed_by,
    removedAtUs: row.removed_at ?? undefined,
  }));
}

/** Throws StoreError `rejected` where there are as many as there may be. */
export async function insertHold(session: Session, hold: HoldRecord): Promise<void> {
  await session.script('lock table holds in share row exclusive mode');
  const [count] = await session.query('select count(*) as holds from holds where removed_at is null');
  if (count?.holds >= HOLDS_MAX) throw new StoreError('rejected', `${HOLDS_MAX} holds are in force already: join some`);
  await session.query(
    `insert into holds(id, held_agent, held_user, held_from, held_to, reason, made_by, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      hold.id,
      hold.agentId ?? null,
      hold.user === undefined ? null : indexableText(hold.user),
      timestamp(hold.fromUs),
      timestamp(hold.toUs),
      storableText(hold.reason),
      storableText(hold.madeBy),
      timestamp(hold.madeAtUs),
    ],
  );
  // From here on the collector removes chunks itself, those that nothing holds (upkeep.ts).
  for (const relation of HELD_RELATIONS) {
    if (!(await isChunked(session, relation))) continue;
    // The Apache edition has none, and refuses even to take none away.
    const policies = await session.query(
      `select 1 from timescaledb_information.jobs where proc_name = 'policy_retention'
         and hypertable_schema = current_schema() and hypertable_name = $1`,
      [relation],
    );
    if (policies.length > 0) await session.script(`select remove_retention_policy('${relation}')`);
  }
}

/** False where it was removed before. */
export async function endHold(session: Session, id: string, atUs: number, by: AuditActor): Promise<boolean> {
  const rows = await session.query(
    'update holds set removed_at = $2, removed_by = $3 where id = $1 and removed_at is null returning 1',
    [id, timestamp(atUs), storableText(by.id)],
  );
  return rows.length > 0;
}
