import type { Session } from './database.ts';
import type { KemKeyRecord } from './epoch-store.ts';

/** Epochs in one answer; a fleet that rotates weekly has 520 in ten years. */
const EPOCHS_MAX = 1_000;

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
