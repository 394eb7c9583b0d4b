// What people decided about rules, and what rules did since. A change is one transaction with its audit entries and the next
// revision, so that of two who change at once the second sees the first.
import { createHash } from 'node:crypto';
import { Detection } from '@threatguard/proto';
import { FOLD_WINDOW_US } from '../correlate/alert-folder.ts';
import { appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Database, Row, Session } from './database.ts';
import type {
  ImportedRuleFile,
  RuleActivity,
  RuleBookRecord,
  RuleChange,
  RuleStateRecord,
  RuleStore,
  SimulatedMatches,
} from './rule-store.ts';
import { storableText, timestamp } from './values.ts';

/** As many files as one rule book may have (rule-book/limits.ts), and as many states as rules in them. */
const FILES_MAX = 10_000;
const STATES_MAX = 100_000;

export class RuleRecords implements RuleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  load(): Promise<RuleBookRecord> {
    return this.#database.transaction(async (session) => ({
      // First: what is read after it is at least as new.
      revision: await readRevision(session),
      states: await readStates(session),
      files: await readFiles(session),
    }));
  }

  revision(): Promise<number> {
    return readRevision(this.#database);
  }

  change(change: RuleChange, by: AuditActor): Promise<boolean> {
    return this.#database.transaction(async (session) => {
      const [next] = await session.query(
        'update rule_book set revision = revision + 1 where revision = $1 returning revision',
        [change.revision],
      );
      if (!next) return false;
      // Audit entries last: who writes one holds the chain to the end of the transaction.
      const entries: { action: string; subject: string; before?: unknown; after?: unknown }[] = [];
      for (const record of change.states ?? []) {
        entries.push({ action: 'rule.state_changed', subject: record.ruleId, ...(await storeState(session, record)) });
      }
      for (const name of change.removed ?? []) {
        const before = await removeFile(session, name);
        if (before) entries.push({ action: 'rule_file.removed', subject: name, before });
      }
      for (const { file, facts } of change.files ?? []) {
        const before = await storeFile(session, file);
        entries.push({
          action: 'rule_file.imported',
          subject: file.name,
          before,
          after: { ...factsOf(file), ...facts },
        });
      }
      for (const entry of entries) await appendAudit(session, change.atUs, by, entry);
      return true;
    });
  }

  async activity(ruleIds: readonly string[], sinceUs: number): Promise<Map<string, RuleActivity>> {
    const rows = await this.#database.query(ACTIVITY, [JSON.stringify(ruleIds.map(storableText)), timestamp(sinceUs)]);
    return new Map(
      rows.map((row) => [
        row.rule_id,
        {
          matches: row.matches + row.simulated,
          alerts: row.alerts,
          lastMatchAtUs: Math.max(row.last_at ?? 0, row.simulated_at ?? 0),
        },
      ]),
    );
  }

  async simulated(ruleId: string, limit: number): Promise<SimulatedMatches> {
    const id = storableText(ruleId);
    const [sums] = await this.#database.query(SIMULATED, [id, FOLD_WINDOW_US]);
    const rows = await this.#database.query(
      'select detection from simulated_matches where rule_id = $1 order by last_at desc, id desc limit $2',
      [id, limit],
    );
    return {
      matches: sums?.matches ?? 0,
      alerts: sums?.alerts ?? 0,
      firstAtUs: sums?.first_at ?? 0,
      lastAtUs: sums?.last_at ?? 0,
      newest: rows.map(({ detection }) => Detection.decode(detection)),
    };
  }
}

/** An alert grows while its matches follow one another within the window of the folder. */
const SIMULATED = `
  select count(*) as matches, min(first_at) as first_at, max(last_at) as last_at,
    count(*) filter (where previous is null or last_at - previous > $2::bigint * interval '1 microsecond') as alerts
  from (
    select first_at, last_at, lag(last_at) over (partition by agent_id, entity order by last_at) as previous
    from simulated_matches where rule_id = $1
  ) m`;

const ACTIVITY = `
  select r.id as rule_id,
    (select count(*) from detections d where d.rule_id = r.id and d.last_at >= $2) as matches,
    (select max(d.last_at) from detections d where d.rule_id = r.id) as last_at,
    (select count(*) from simulated_matches s where s.rule_id = r.id and s.last_at >= $2) as simulated,
    (select max(s.last_at) from simulated_matches s where s.rule_id = r.id) as simulated_at,
    (select count(*) from alerts a where a.rule_id = r.id and a.raised_at >= $2) as alerts
  from json_array_elements_text($1::json) as r(id)`;

async function readRevision(session: Session): Promise<number> {
  const [row] = await session.query('select revision from rule_book');
  return row?.revision ?? 0;
}

async function readStates(session: Session): Promise<RuleStateRecord[]> {
  const rows = await session.query(
    'select rule_id, state, changed_at, changed_by, reason from rule_states order by rule_id limit $1',
    [STATES_MAX],
  );
  return rows.map(stateRecord);
}

async function readFiles(session: Session): Promise<ImportedRuleFile[]> {
  const rows = await session.query(
    'select name, content, overrides, imported_at, imported_by from rule_files order by name limit $1',
    [FILES_MAX],
  );
  return rows.map((row) => ({
    name: row.name,
    text: row.content,
    overrides: JSON.parse(row.overrides),
    importedAtUs: row.imported_at,
    importedBy: row.imported_by,
  }));
}

function stateRecord(row: Row): RuleStateRecord {
  return {
    ruleId: row.rule_id,
    state: row.state,
    changedAtUs: row.changed_at,
    changedBy: row.changed_by,
    reason: row.reason,
  };
}

async function storeState(session: Session, record: RuleStateRecord) {
  const id = storableText(record.ruleId);
  const [known] = await session.query('select state, reason from rule_states where rule_id = $1', [id]);
  await session.query(
    `insert into rule_states (rule_id, state, changed_at, changed_by, reason) values ($1, $2, $3, $4, $5)
     on conflict (rule_id) do update set state = excluded.state, changed_at = excluded.changed_at,
       changed_by = excluded.changed_by, reason = excluded.reason`,
    [id, record.state, timestamp(record.changedAtUs), storableText(record.changedBy), storableText(record.reason)],
  );
  const { state, reason } = record;
  return {
    before: known ? { state: known.state, reason: known.reason } : { state: 'on' },
    after: { state, reason },
  };
}

async function storeFile(session: Session, file: ImportedRuleFile): Promise<object | undefined> {
  const before = await findFile(session, file.name);
  await session.query(
    `insert into rule_files (name, content, overrides, imported_at, imported_by) values ($1, $2, $3, $4, $5)
     on conflict (name) do update set content = excluded.content, overrides = excluded.overrides,
       imported_at = excluded.imported_at, imported_by = excluded.imported_by`,
    [file.name, file.text, JSON.stringify(file.overrides), timestamp(file.importedAtUs), storableText(file.importedBy)],
  );
  return before;
}

async function removeFile(session: Session, name: string): Promise<object | undefined> {
  const before = await findFile(session, name);
  await session.query('delete from rule_files where name = $1', [name]);
  return before;
}

async function findFile(session: Session, name: string): Promise<object | undefined> {
  const [row] = await session.query('select content, overrides from rule_files where name = $1', [name]);
  return row && factsOf({ text: row.content, overrides: JSON.parse(row.overrides) });
}

function factsOf({ text, overrides }: Pick<ImportedRuleFile, 'text' | 'overrides'>) {
  return { sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text), overrides };
}
