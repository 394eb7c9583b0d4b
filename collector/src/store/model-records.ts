import { appendAudit, COLLECTOR_ACTOR } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { ModelRecord, ModelStore } from './behaviour-store.ts';
import type { Database, Row } from './database.ts';
import { storableText, timestamp } from './values.ts';

/** Names times versions that are kept; more there never are. */
const MODELS_MAX = 1_000;

/** The versions of trained models; what was trained is in files, which stores of several collectors keep as well. */
export class ModelRecords implements ModelStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<ModelRecord[]> {
    const rows = await this.#database.query('select * from models order by name, version desc limit $1', [MODELS_MAX]);
    return rows.map(modelRecord);
  }

  add(record: ModelRecord, atUs: number, by: AuditActor = COLLECTOR_ACTOR): Promise<void> {
    const { name, version, card, digest, state, createdAtUs, signature, certificate, notice } = record;
    return this.#database.transaction(async (session) => {
      await session.query(
        `insert into models (name, version, card, digest, state, created_at, signature, certificate, notice)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [name, version, card, digest, state, timestamp(createdAtUs), signature, certificate, storableText(notice)],
      );
      const after = { version, digest: Buffer.from(digest).toString('hex') };
      await appendAudit(session, atUs, by, { action: 'model.trained', subject: name, after });
    });
  }

  activate({ name, version }: { name: string; version: number }, atUs: number, by: AuditActor = COLLECTOR_ACTOR) {
    return this.#database.transaction(async (session) => {
      const retired = await session.query(
        "update models set state = 'retired' where name = $1 and state = 'active' and version <> $2 returning version",
        [name, version],
      );
      await session.query("update models set state = 'active', notice = '' where name = $1 and version = $2", [
        name,
        version,
      ]);
      const before = retired[0] && { version: retired[0].version };
      await appendAudit(session, atUs, by, { action: 'model.activated', subject: name, before, after: { version } });
    });
  }

  setState({ name, version, state, notice }: Parameters<ModelStore['setState']>[0], atUs: number): Promise<void> {
    return this.#database.transaction(async (session) => {
      await session.query('update models set state = $3, notice = $4 where name = $1 and version = $2', [
        name,
        version,
        state,
        storableText(notice),
      ]);
      const after = { version, why: notice };
      await appendAudit(session, atUs, COLLECTOR_ACTOR, { action: `model.${state}`, subject: name, after });
    });
  }

  async remove(name: string, version: number): Promise<void> {
    await this.#database.query('delete from models where name = $1 and version = $2', [name, version]);
  }

  async keepFile({ name, version }: { name: string; version: number }, bytes: Uint8Array): Promise<void> {
    await this.#database.query('insert into model_files values ($1, $2, $3) on conflict do nothing', [
      name,
      version,
      bytes,
    ]);
  }

  async file({ name, version }: { name: string; version: number }): Promise<Uint8Array | undefined> {
    const statement = 'select bytes from model_files where name = $1 and version = $2';
    const [row] = await this.#database.query(statement, [name, version]);
    return row?.bytes;
  }
}

function modelRecord(row: Row): ModelRecord {
  return {
    name: row.name,
    version: row.version,
    card: row.card,
    digest: row.digest,
    state: row.state,
    createdAtUs: row.created_at,
    signature: row.signature,
    certificate: row.certificate,
    notice: row.notice,
  };
}
