import type { FeedRefusal } from '../detect/intel/feed-report.ts';
import type { Tlp } from '../detect/intel/indicator.ts';
import {
  type IntelRecords,
  type IntelRun,
  type IntelSource,
  type RetroJob,
  retroOwner,
  type WithdrawnValue,
} from '../detect/intel/intel-records.ts';
import type { ImportCounts, Withdrawn } from '../detect/intel/intel-work.ts';
import { appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Database, Row, Session } from './database.ts';
import { storableText, timestamp } from './values.ts';

/** Imports that are remembered, one by one; the audit log has them all. */
const RUNS_KEPT_MAX = 1_000;
/** Jobs over stored events, likewise. */
const RETRO_KEPT_MAX = 200;
/** Values a person can take out by hand: a list that long is a source of its own. */
const WITHDRAWN_MAX = 100_000;

const orNull = (timeUs: number | undefined) => (timeUs === undefined ? null : timestamp(timeUs));

/** Indicators as they are kept. Errors as those of Store. */
export class IntelStore implements IntelRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async sources(): Promise<IntelSource[]> {
    return (await this.#database.query('select * from intel_sources order by name')).map(readSource);
  }

  async chunks(owner: number): Promise<Uint8Array[]> {
    const parts = await this.#database.query('select part from intel_chunks where owner = $1 order by part', [owner]);
    const chunks: Uint8Array[] = [];
    for (const { part } of parts) {
      const statement = 'select records from intel_chunks where owner = $1 and part = $2';
      const [row] = await this.#database.query(statement, [owner, part]);
      if (row) chunks.push(row.records);
    }
    return chunks;
  }

  saveSource(source: IntelSource): Promise<number> {
    return this.#database.transaction((session) => saveSource(session, source));
  }

  replace(
    source: IntelSource,
    change: Parameters<IntelRecords['replace']>[1],
    by: AuditActor,
  ): Promise<number | undefined> {
    return this.#database.transaction(async (session) => {
      const statement = 'select imported_at from intel_sources where name = $1 for update';
      const [stored] = await session.query(statement, [storableText(source.name)]);
      if ((stored?.imported_at ?? undefined) !== change.importedBeforeUs) return undefined;
      const id = await saveSource(session, source);
      await writeChunks(session, id, change.chunks);
      await addRun(session, change.run);
      if (change.retro) await addRetro(session, change.retro);
      const { counts, endedAtUs, format } = change.run;
      const after = { format, indicators: source.indicators, ...counts };
      await appendAudit(session, endedAtUs, by, { action: 'intel.imported', subject: source.name, after });
      return id;
    });
  }

  removeSource({ id, name, indicators }: IntelSource, atUs: number, by: AuditActor): Promise<void> {
    return this.#database.transaction(async (session) => {
      await session.query('delete from intel_chunks where owner = $1', [id]);
      await session.query('delete from intel_withdrawn where source = $1', [id]);
      await session.query('delete from intel_sources where id = $1', [id]);
      await appendAudit(session, atUs, by, { action: 'intel.source_removed', subject: name, before: { indicators } });
    });
  }

  async runs(limit: number): Promise<IntelRun[]> {
    const rows = await this.#database.query('select * from intel_runs order by id desc limit $1', [limit]);
    return rows.map((row) => ({
      source: row.source,
      by: row.by,
      startedAtUs: row.started_at,
      endedAtUs: row.ended_at,
      format: row.format,
      counts: JSON.parse(row.counts) as ImportCounts,
      refusals: JSON.parse(row.refusals) as FeedRefusal[],
    }));
  }

  async withdrawn(): Promise<WithdrawnValue[]> {
    const rows = await this.#database.query('select * from intel_withdrawn limit $1', [WITHDRAWN_MAX]);
    return rows.map((row) => ({ key: row.key, source: row.source, atUs: row.withdrawn_at, by: row.by }));
  }

  withdraw({ key, source, atUs, by: who }: WithdrawnValue, value: string, by: AuditActor): Promise<void> {
    return this.#database.transaction(async (session) => {
      await session.query(
        `insert into intel_withdrawn (key, source, withdrawn_at, by) values ($1, $2, $3, $4)
         on conflict (key, source) do update set withdrawn_at = excluded.withdrawn_at, by = excluded.by`,
        [key, source, timestamp(atUs), storableText(who)],
      );
      await appendAudit(session, atUs, by, { action: 'intel.withdrawn', subject: value, after: { source } });
    });
  }

  restore({ key, source }: Withdrawn, value: string, atUs: number, by: AuditActor): Promise<boolean> {
    return this.#database.transaction(async (session) => {
      const gone = await session.query('delete from intel_withdrawn where key = $1 and source = $2 returning source', [
        key,
        source,
      ]);
      if (gone.length === 0) return false;
      await appendAudit(session, atUs, by, { action: 'intel.restored', subject: value, before: { source } });
      return true;
    });
  }

  async retroJobs(limit: number): Promise<RetroJob[]> {
    const rows = await this.#database.query('select * from intel_retro order by id desc limit $1', [limit]);
    return rows.map((row) => ({
      id: row.id,
      source: row.source,
      madeAtUs: row.made_at,
      fromUs: row.from_at,
      doneUntilUs: row.done_until,
      values: row.indicators,
      scanned: row.scanned,
      hits: row.hits,
      searched: row.searched,
      state: row.state,
    }));
  }

  saveRetro(job: RetroJob): Promise<void> {
    return writeRetro(this.#database, job);
  }

  endRetro(job: RetroJob): Promise<void> {
    return this.#database.transaction(async (session) => {
      await writeRetro(session, { ...job, state: 'done' });
      await session.query('delete from intel_chunks where owner = $1', [retroOwner(job)]);
      await session.query(
        `delete from intel_retro where state = 'done' and id <= (select max(id) from intel_retro) - ${RETRO_KEPT_MAX}`,
      );
    });
  }
}

function readSource(row: Row): IntelSource {
  return {
    id: row.id,
    name: row.name,
    confidence: row.confidence,
    tlp: row.tlp as Tlp,
    format: row.format,
    url: row.url,
    everySeconds: row.every_seconds,
    indicators: row.indicators,
    addedAtUs: row.added_at,
    importedAtUs: row.imported_at ?? undefined,
    checkedAtUs: row.checked_at ?? undefined,
    etag: row.etag,
    lastModified: row.last_modified,
    failure: row.failure,
    failures: row.failures,
  };
}

async function saveSource(session: Session, source: IntelSource): Promise<number> {
  const [row] = await session.query(
    `insert into intel_sources (name, confidence, tlp, format, url, every_seconds, indicators, added_at, imported_at, checked_at,
       etag, last_modified, failure, failures)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (name) do update set confidence = excluded.confidence, tlp = excluded.tlp, format = excluded.format,
       url = excluded.url, every_seconds = excluded.every_seconds, indicators = excluded.indicators,
       imported_at = excluded.imported_at, checked_at = excluded.checked_at, etag = excluded.etag,
       last_modified = excluded.last_modified, failure = excluded.failure, failures = excluded.failures
     returning id`,
    [
      storableText(source.name),
      source.confidence,
      source.tlp,
      source.format,
      storableText(source.url),
      source.everySeconds,
      source.indicators,
      timestamp(source.addedAtUs),
      orNull(source.importedAtUs),
      orNull(source.checkedAtUs),
      storableText(source.etag),
      storableText(source.lastModified),
      storableText(source.failure),
      source.failures,
    ],
  );
  return row!.id;
}

async function writeChunks(session: Session, owner: number, chunks: readonly Uint8Array[]): Promise<void> {
  await session.query('delete from intel_chunks where owner = $1', [owner]);
  for (const [part, records] of chunks.entries()) {
    await session.query('insert into intel_chunks (owner, part, records) values ($1, $2, $3)', [owner, part, records]);
  }
}

async function addRun(session: Session, { source, by, startedAtUs, endedAtUs, ...run }: IntelRun): Promise<void> {
  const [row] = await session.query(
    `insert into intel_runs (source, by, started_at, ended_at, format, counts, refusals)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [
      storableText(source),
      storableText(by),
      timestamp(startedAtUs),
      timestamp(endedAtUs),
      run.format,
      JSON.stringify(run.counts),
      storableText(JSON.stringify(run.refusals)),
    ],
  );
  await session.query('delete from intel_runs where id <= $1', [row!.id - RUNS_KEPT_MAX]);
}

async function writeRetro(session: Session, job: RetroJob): Promise<void> {
  await session.query(
    'update intel_retro set done_until = $2, scanned = $3, hits = $4, searched = $5, state = $6 where id = $1',
    [job.id, timestamp(job.doneUntilUs), job.scanned, job.hits, job.searched, job.state],
  );
}

async function addRetro(
  session: Session,
  { job, chunks }: { job: Omit<RetroJob, 'id'>; chunks: readonly Uint8Array[] },
): Promise<void> {
  const [row] = await session.query(
    `insert into intel_retro (source, made_at, from_at, done_until, indicators, scanned, hits, searched, state)
     values ($1, $2, $3, $4, $5, 0, 0, 0, 'waiting') returning id`,
    [storableText(job.source), timestamp(job.madeAtUs), timestamp(job.fromUs), timestamp(job.doneUntilUs), job.values],
  );
  await writeChunks(session, retroOwner({ id: row!.id }), chunks);
}
