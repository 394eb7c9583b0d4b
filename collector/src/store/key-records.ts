import { appendAudit, COLLECTOR_ACTOR } from './audit.ts';
import type { Session } from './database.ts';
import type { HeldKey, KemKeyRecord, KemKeyState } from './store.ts';
import { timestamp } from './values.ts';

/** Epochs in one answer; a fleet that rotates weekly has 520 in ten years. */
const EPOCHS_MAX = 1_000;

/**
 * Brings the table to what the collector holds, which is the truth: the newest is announced, older ones drain, those that
 * are gone are destroyed. Each that changes is an entry of the audit log.
 */
export async function recordKeys(session: Session, held: readonly HeldKey[], nowUs: number): Promise<void> {
  const known = new Map((await listKeys(session)).map((key) => [key.epoch, key]));
  const newest = Math.max(...held.map(({ epoch }) => epoch));
  for (const key of [...held].sort((a, b) => a.epoch - b.epoch)) {
    const before = known.get(key.epoch);
    known.delete(key.epoch);
    const state = key.epoch === newest ? 'announced' : 'draining';
    if (before && before.state === state) continue;
    await session.query(
      `insert into keys as k values ($1, $2, $3, $4, $5, $6, null)
       on conflict (epoch) do update set state = excluded.state, destroyed_at = null,
         announced_at = coalesce(k.announced_at, excluded.announced_at)`,
      [
        key.epoch,
        key.algorithm,
        key.publicKeySha256,
        state,
        timestamp(key.createdAtUs),
        state === 'announced' ? timestamp(nowUs) : null,
      ],
    );
    await audit(session, nowUs, { key, before: before?.state, after: state });
  }
  for (const key of known.values()) {
    if (key.state === 'destroyed') continue;
    const sql = "update keys set state = 'destroyed', destroyed_at = $2 where epoch = $1";
    await session.query(sql, [key.epoch, timestamp(nowUs)]);
    await audit(session, nowUs, { key, before: key.state, after: 'destroyed' });
  }
}

async function audit(
  session: Session,
  atUs: number,
  { key, before, after }: { key: HeldKey; before: KemKeyState | undefined; after: KemKeyState },
): Promise<void> {
  const about = { algorithm: key.algorithm, publicKeySha256: Buffer.from(key.publicKeySha256).toString('hex') };
  await appendAudit(session, atUs, COLLECTOR_ACTOR, {
    action: before ? `kem_key.${after}` : 'kem_key.made',
    subject: `epoch ${key.epoch}`,
    before: before && { ...about, state: before },
    after: { ...about, state: after },
  });
}

/** Newest epoch first. */
export async function listKeys(session: Session): Promise<KemKeyRecord[]> {
  const rows = await session.query(
    `select epoch, algorithm, public_key_sha256, state, created_at, announced_at, destroyed_at
     from keys order by epoch desc limit $1`,
    [EPOCHS_MAX],
  );
  return rows.map((row) => ({
    epoch: row.epoch,
    algorithm: row.algorithm,
    publicKeySha256: row.public_key_sha256,
    state: row.state,
    createdAtUs: row.created_at,
    announcedAtUs: row.announced_at ?? undefined,
    destroyedAtUs: row.destroyed_at ?? undefined,
  }));
}
