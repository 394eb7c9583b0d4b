import { type AuditFact, appendAudit, auditEntry, COLUMNS } from './audit.ts';
import type { AuditActor, AuditEntry } from './audit-entry.ts';
import { readChain } from './audit-verification.ts';
import type { Database, Row } from './database.ts';
import { closeWindows, countReads, countRepeats, type DisclosureNote, noteDisclosures } from './disclosures.ts';
import * as erasures from './erasure-records.ts';
import { endHold, type HoldRecord, insertHold, listHolds } from './holds.ts';
import { changeEvents, countPersonEvents, type EventChange, type Person, personEvents } from './person-events.ts';

const PAGE_ENTRIES = 500;

/** Legal holds, who read what, the audit log as a whole, erasure. Errors as those of Store. */
export class ComplianceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the reads are counted: nothing is answered before. */
  async noteDisclosures(atUs: number, notes: readonly DisclosureNote[]): Promise<void> {
    const first = await countRepeats(this.#database, atUs, countReads(notes));
    if (first.size > 0) await this.#database.transaction((session) => noteDisclosures(session, atUs, first));
  }

  async closeWindows(atUs: number): Promise<void> {
    while (await this.#database.transaction((session) => closeWindows(session, atUs)));
  }

  /** The ends of the chain as it is now. */
  auditChain() {
    return readChain(this.#database);
  }

  /** Entries after one number up to another, oldest first, in pages. */
  async *auditEntries(after: number, until: number): AsyncIterable<AuditEntry[]> {
    for (let last = after; last < until; ) {
      const rows = await this.#database.query(
        `select ${COLUMNS} from audit where sequence > $1 and sequence <= $2 order by sequence limit ${PAGE_ENTRIES}`,
        [last, until],
      );
      if (rows.length === 0) return;
      yield rows.map(auditEntry);
      last = rows.at(-1)!.sequence;
    }
  }

  /** An entry of the audit log for what has no change in the store; its number. */
  note(atUs: number, by: AuditActor, fact: AuditFact): Promise<number> {
    return this.#database.transaction(async (session) => {
      await appendAudit(session, atUs, by, fact);
      return (await readChain(session)).head.sequence;
    });
  }

  holds(removed: boolean): Promise<HoldRecord[]> {
    return listHolds(this.#database, removed);
  }

  addHold(hold: HoldRecord, by: AuditActor): Promise<void> {
    return this.#database.transaction(async (session) => {
      await insertHold(session, hold);
      await appendAudit(session, hold.madeAtUs, by, { action: 'hold.added', subject: hold.id, after: factsOf(hold) });
    });
  }

  /** False where it was removed before. */
  removeHold(hold: HoldRecord, atUs: number, by: AuditActor): Promise<boolean> {
    return this.#database.transaction(async (session) => {
      if (!(await endHold(session, hold.id, atUs, by))) return false;
      await appendAudit(session, atUs, by, { action: 'hold.removed', subject: hold.id, before: factsOf(hold) });
      return true;
    });
  }

  isPersonHeld(person: Person): Promise<boolean> {
    return erasures.isPersonHeld(this.#database, person);
  }

  keptPayloads(agentId: string | undefined): AsyncIterable<erasures.KeptPayload[]> {
    return erasures.keptPayloads(this.#database, agentId);
  }

  erasePayloads(payloads: readonly erasures.KeptPayload[], erasure: Parameters<typeof erasures.erasePayloads>[2]) {
    return this.#database.transaction((session) => erasures.erasePayloads(session, payloads, erasure));
  }

  countPersonEvents(person: Person): Promise<number> {
    return countPersonEvents(this.#database, person);
  }

  /** Changes the person's events a page at a time, or takes them out; how many each page had. */
  async *changeEvents(person: Person, change: EventChange | undefined): AsyncIterable<number> {
    for await (const rows of personEvents(this.#database, person)) {
      await this.#database.transaction((session) => changeEvents(session, rows, change));
      yield rows.length;
    }
  }

  eraseSeries(person: Person, pseudonym: string | undefined): Promise<number> {
    return this.#database.transaction((session) => erasures.eraseSeries(session, person, pseudonym));
  }

  countKept(person: Person) {
    return erasures.countKept(this.#database, person);
  }

  /** A read of the report: one statement, whose text stands in it. */
  measure(sql: string, parameters: readonly (string | number)[]): Promise<Row[]> {
    return this.#database.query(sql, parameters);
  }
}

function factsOf({ agentId, user, fromUs, toUs, reason }: HoldRecord) {
  return { agent: agentId, user, fromUs, toUs, reason };
}
