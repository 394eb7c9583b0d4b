// Joins audit records by serial. Records of one event carry one serial; they arrive together, but others may come between
// them, late ones out of order, some twice and some never.
//
// Invariants: at most PENDING_EVENTS_MAX events wait, with at most PENDING_CHARACTERS_MAX of text in all, each with at
// most RECORDS_PER_EVENT_MAX records, and none longer than WAIT_US_MAX by the clock of the records; a serial that was
// finished is never begun again by a straggler, nor a record taken twice, while it is among the last FINISHED_MAX.
import type { AuditRecord } from './audit-line.ts';
import { PARTS } from './audit-types.ts';

/** Events that wait for their last record: far more than processors that write at once. */
const PENDING_EVENTS_MAX = 256;
/** 2 MiB of arguments, in hex, are 470 records; ours are clipped at 32 KiB, which 16 hold. */
const RECORDS_PER_EVENT_MAX = 64;
const PENDING_CHARACTERS_MAX = 4 * 1024 * 1024;
const FINISHED_MAX = 1024;
/** An event whose last record has not come by the time others are this much younger is taken as it is, as libauparse does. */
const WAIT_US_MAX = 2_000_000;

interface Pending<Tag> {
  records: AuditRecord[];
  /** What came with the first record: a line number, a time. */
  tag: Tag;
  atUs: number;
  characters: number;
  /** More records than are kept. */
  clipped: boolean;
}

export type JoinedRecords<Tag> = Pick<Pending<Tag>, 'records' | 'tag' | 'clipped'>;

export class AuditJoiner<Tag> {
  readonly #pending = new Map<string, Pending<Tag>>();
  readonly #finished = new Set<string>();
  #characters = 0;
  #duplicates = 0;

  /** Records left out because the same one had come before. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Takes one record; returns the events that are complete with it, or that have waited too long. */
  push(record: AuditRecord, tag: Tag): JoinedRecords<Tag>[] {
    const late = this.#overdue(record.atUs);
    if (!PARTS.has(record.type)) return [...late, ...this.#single(record, tag)];
    if (record.type === 'EOE') return [...late, ...this.#finish(record.serial)];
    if (this.#finished.has(record.serial)) return late;
    this.#add(record, tag);
    const [oldest] = this.#pending.keys();
    const full = this.#pending.size > PENDING_EVENTS_MAX || this.#characters > PENDING_CHARACTERS_MAX;
    return full && oldest !== undefined ? [...late, ...this.#finish(oldest)] : late;
  }

  /** Everything that began before the moment `before` says; all of it where that is not given. */
  flush(before: (tag: Tag) => boolean = () => true): JoinedRecords<Tag>[] {
    const due = [...this.#pending].filter(([, pending]) => before(pending.tag)).map(([serial]) => serial);
    return due.flatMap((serial) => this.#finish(serial));
  }

  #single(record: AuditRecord, tag: Tag): JoinedRecords<Tag>[] {
    const mark = `${record.serial} ${record.type} ${record.text}`.slice(0, 1024);
    if (this.#finished.has(mark)) {
      this.#duplicates++;
      return [];
    }
    this.#remember(mark);
    return [{ records: [record], tag, clipped: false }];
  }

  #add(record: AuditRecord, tag: Tag): void {
    let pending = this.#pending.get(record.serial);
    if (!pending) {
      pending = { records: [], tag, atUs: record.atUs, characters: 0, clipped: false };
      this.#pending.set(record.serial, pending);
    }
    if (pending.records.some(({ type, text }) => type === record.type && text === record.text)) this.#duplicates++;
    else if (pending.records.length >= RECORDS_PER_EVENT_MAX) pending.clipped = true;
    else {
      pending.records.push(record);
      pending.characters += record.text.length;
      this.#characters += record.text.length;
    }
  }

  /** Events begin in about the order of their times, so that only the oldest need a look. */
  #overdue(nowUs: number): JoinedRecords<Tag>[] {
    const due: JoinedRecords<Tag>[] = [];
    for (const [serial, pending] of this.#pending) {
      if (nowUs - pending.atUs <= WAIT_US_MAX) break;
      due.push(...this.#finish(serial));
    }
    return due;
  }

  #finish(serial: string): JoinedRecords<Tag>[] {
    const pending = this.#pending.get(serial);
    if (!pending) return [];
    this.#pending.delete(serial);
    this.#characters -= pending.characters;
    this.#remember(serial);
    return [pending];
  }

  #remember(mark: string): void {
    this.#finished.add(mark);
    const [oldest] = this.#finished;
    if (this.#finished.size > FINISHED_MAX && oldest !== undefined) this.#finished.delete(oldest);
  }
}
