// What is kept of ML-KEM epochs and their rotation. A step of a rotation is one transaction, its audit entries included, so
// there is no instant at which only half of a step is true.
import { appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Database, Row, Session } from './database.ts';
import type {
  AgentEpochRecord,
  AgentEpochUpdate,
  EpochChange,
  EpochState,
  EpochStore,
  KemKeyRecord,
  RotationRecord,
  RotationSchedule,
} from './epoch-store.ts';
import { listKeys } from './key-records.ts';
import { bytea, timestamp } from './values.ts';

/** Ten times the fleet one collector is made for, as in fleet-records. */
const AGENTS_MAX = 100_000;
const NOTHING = new Uint8Array();

export class EpochRecords implements EpochStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  load(): Promise<EpochState> {
    return this.#database.transaction(async (session) => ({
      keys: await listKeys(session),
      rotation: await lastRotation(session),
      schedule: await readSchedule(session),
      agents: await listAgentEpochs(session),
    }));
  }

  change(change: EpochChange, by: AuditActor): Promise<void> {
    return this.#database.transaction(async (session) => {
      const { atUs, keys = [], rotation, schedule } = change;
      // Audit entries last: who writes one holds the chain to the end of the transaction.
      const entries: (() => Promise<void>)[] = [];
      const known = new Map((await listKeys(session)).map((key) => [key.epoch, key]));
      for (const key of keys) {
        const before = known.get(key.epoch);
        await storeKey(session, key);
        entries.push(() =>
          appendAudit(session, atUs, by, {
            action: before ? `kem_key.${key.state}` : 'kem_key.made',
            subject: `epoch ${key.epoch}`,
            before: before && keyFacts(before),
            after: { ...keyFacts(key), ...change.facts },
          }),
        );
      }
      if (rotation) {
        const before = await findRotation(session, rotation.epoch);
        await storeRotation(session, rotation);
        entries.push(() =>
          appendAudit(session, atUs, by, {
            action: `kem_rotation.${change.action}`,
            subject: `epoch ${rotation.epoch}`,
            before: before && rotationFacts(before),
            after: { ...rotationFacts(rotation), ...change.facts },
          }),
        );
      }
      if (schedule !== undefined) {
        const before = await readSchedule(session);
        await storeSchedule(session, schedule);
        entries.push(() =>
          appendAudit(session, atUs, by, {
            action: 'kem_rotation.scheduled',
            subject: 'ML-KEM epochs',
            before: before && { ...before },
            after: schedule ? { ...schedule } : { everySeconds: 0 },
          }),
        );
      }
      for (const write of entries) await write();
    });
  }

  async saveAgents(records: readonly AgentEpochUpdate[]): Promise<void> {
    if (records.length === 0) return;
    const rows = records.map((record) => ({
      agent_id: record.agentId,
      epoch: record.epoch,
      confirmed_at: timestamp(record.confirmedAtUs),
      received_at: timestamp(record.receivedAtUs),
      confirmation_sha256: bytea(record.confirmationSha256),
      body: bytea(record.confirmation?.body ?? NOTHING),
      signature: bytea(record.confirmation?.signature ?? NOTHING),
      oldest_spooled_epoch: record.oldestSpooledEpoch,
      contradicted: record.contradicted,
    }));
    await this.#database.query(
      `insert into agent_epochs as a select * from json_to_recordset($1::json) as r(
         agent_id uuid, epoch integer, confirmed_at timestamptz, received_at timestamptz, confirmation_sha256 bytea,
         body bytea, signature bytea, oldest_spooled_epoch integer, contradicted boolean)
       on conflict (agent_id) do update set epoch = excluded.epoch, confirmed_at = excluded.confirmed_at,
         received_at = excluded.received_at, confirmation_sha256 = excluded.confirmation_sha256,
         body = case when length(excluded.body) > 0 then excluded.body else a.body end,
         signature = case when length(excluded.body) > 0 then excluded.signature else a.signature end,
         oldest_spooled_epoch = excluded.oldest_spooled_epoch, contradicted = excluded.contradicted`,
      [JSON.stringify(rows)],
    );
  }
}

async function storeKey(session: Session, key: KemKeyRecord): Promise<void> {
  const orNull = (timeUs: number | undefined) => (timeUs === undefined ? null : timestamp(timeUs));
  await session.query(
    `insert into keys values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (epoch) do update set state = excluded.state, announced_at = excluded.announced_at,
       destroyed_at = excluded.destroyed_at`,
    [
      key.epoch,
      key.algorithm,
      key.publicKeySha256,
      key.state,
      timestamp(key.createdAtUs),
      orNull(key.announcedAtUs),
      orNull(key.destroyedAtUs),
    ],
  );
}

function keyFacts(key: KemKeyRecord) {
  const publicKeySha256 = Buffer.from(key.publicKeySha256).toString('hex');
  return { algorithm: key.algorithm, publicKeySha256, state: key.state };
}

const ROTATION_COLUMNS =
  'epoch, from_epoch, phase, paused, compromised, canary_agents, started_by, started_at, announced_at, ended_at';

async function lastRotation(session: Session): Promise<RotationRecord | undefined> {
  const [row] = await session.query(`select ${ROTATION_COLUMNS} from rotations order by epoch desc limit 1`);
  return row && rotationRecord(row);
}

async function findRotation(session: Session, epoch: number): Promise<RotationRecord | undefined> {
  const [row] = await session.query(`select ${ROTATION_COLUMNS} from rotations where epoch = $1`, [epoch]);
  return row && rotationRecord(row);
}

async function storeRotation(session: Session, rotation: RotationRecord): Promise<void> {
  await session.query(
    `insert into rotations (${ROTATION_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (epoch) do update set phase = excluded.phase, paused = excluded.paused,
       announced_at = excluded.announced_at, ended_at = excluded.ended_at`,
    [
      rotation.epoch,
      rotation.fromEpoch,
      rotation.phase,
      rotation.paused,
      rotation.compromised,
      JSON.stringify(rotation.canaryAgents),
      rotation.startedBy,
      timestamp(rotation.startedAtUs),
      rotation.announcedAtUs === undefined ? null : timestamp(rotation.announcedAtUs),
      rotation.endedAtUs === undefined ? null : timestamp(rotation.endedAtUs),
    ],
  );
}

function rotationRecord(row: Row): RotationRecord {
  return {
    epoch: row.epoch,
    fromEpoch: row.from_epoch,
    phase: row.phase,
    paused: row.paused,
    compromised: row.compromised,
    canaryAgents: JSON.parse(row.canary_agents),
    startedBy: row.started_by,
    startedAtUs: row.started_at,
    announcedAtUs: row.announced_at ?? undefined,
    endedAtUs: row.ended_at ?? undefined,
  };
}

function rotationFacts({ phase, paused, compromised, fromEpoch, canaryAgents }: RotationRecord) {
  return { phase, paused, compromised, fromEpoch, canaryAgents: canaryAgents.length };
}

async function readSchedule(session: Session): Promise<RotationSchedule | undefined> {
  const [row] = await session.query('select every_seconds, next_at from rotation_schedule');
  return row && { everySeconds: row.every_seconds, nextAtUs: row.next_at };
}

async function storeSchedule(session: Session, schedule: RotationSchedule | null): Promise<void> {
  if (!schedule) {
    await session.query('delete from rotation_schedule');
    return;
  }
  await session.query(
    `insert into rotation_schedule (every_seconds, next_at) values ($1, $2)
     on conflict (single) do update set every_seconds = excluded.every_seconds, next_at = excluded.next_at`,
    [schedule.everySeconds, timestamp(schedule.nextAtUs)],
  );
}

async function listAgentEpochs(session: Session): Promise<AgentEpochRecord[]> {
  const rows = await session.query(
    `select agent_id::text as agent_id, epoch, confirmed_at, received_at, confirmation_sha256, oldest_spooled_epoch,
       contradicted from agent_epochs limit $1`,
    [AGENTS_MAX],
  );
  return rows.map((row) => ({
    agentId: row.agent_id,
    epoch: row.epoch,
    confirmedAtUs: row.confirmed_at,
    receivedAtUs: row.received_at,
    confirmationSha256: row.confirmation_sha256,
    oldestSpooledEpoch: row.oldest_spooled_epoch,
    contradicted: row.contradicted,
  }));
}
