// Joins audit records into events. Records of one event carry one serial; they arrive together, but others may come
// between them, late ones out of order, and some never.
//
// Invariants: at most PENDING_EVENTS_MAX events wait, each with at most RECORDS_PER_EVENT_MAX records; a serial that
// was finished is never begun again by a straggler while it is among the last FINISHED_MAX.
import type { HostEvent } from '@threatguard/proto';
import { configEvent } from './audit-config.ts';
import { execEvent } from './audit-exec.ts';
import { type AuditRecord, parseAuditLine } from './audit-line.ts';
import { userEvent } from './audit-user.ts';

export { parseAuditLine } from './audit-line.ts';

/** Events that wait for their last record; the oldest is taken as it is when one more comes. */
const PENDING_EVENTS_MAX = 64;
/** 2 MiB of arguments, in hex, are 470 records; ours are clipped at 32 KiB, which 16 hold. */
const RECORDS_PER_EVENT_MAX = 64;
const FINISHED_MAX = 256;

/** Types that come several to an event; any other is an event by itself. */
const PARTS = new Set(['SYSCALL', 'EXECVE', 'CWD', 'PROCTITLE', 'EOE']);

interface Pending<Tag> {
  records: AuditRecord[];
  tag: Tag;
}

export interface JoinedRecords<Tag> {
  records: AuditRecord[];
  /** What came with the first record: a line number, a time. */
  tag: Tag;
}

export class AuditJoiner<Tag> {
  readonly #pending = new Map<string, Pending<Tag>>();
  readonly #finished = new Set<string>();

  /** Takes one record; returns the events that are complete with it, or that have waited too long. */
  push(record: AuditRecord, tag: Tag): JoinedRecords<Tag>[] {
    if (!PARTS.has(record.type)) return [{ records: [record], tag }];
    if (record.type === 'EOE') return this.#finish(record.serial);
    if (this.#finished.has(record.serial)) return [];
    let pending = this.#pending.get(record.serial);
    if (!pending) {
      pending = { records: [], tag };
      this.#pending.set(record.serial, pending);
    }
    if (pending.records.length < RECORDS_PER_EVENT_MAX) pending.records.push(record);
    const [oldest] = this.#pending.keys();
    return this.#pending.size > PENDING_EVENTS_MAX && oldest !== undefined ? this.#finish(oldest) : [];
  }

  /** Everything that began before the moment `before` says; all of it where that is not given. */
  flush(before: (tag: Tag) => boolean = () => true): JoinedRecords<Tag>[] {
    const due = [...this.#pending].filter(([, pending]) => before(pending.tag)).map(([serial]) => serial);
    return due.flatMap((serial) => this.#finish(serial));
  }

  #finish(serial: string): JoinedRecords<Tag>[] {
    const pending = this.#pending.get(serial);
    if (!pending) return [];
    this.#pending.delete(serial);
    this.#finished.add(serial);
    const [oldest] = this.#finished;
    if (this.#finished.size > FINISHED_MAX && oldest !== undefined) this.#finished.delete(oldest);
    return [pending];
  }
}

/** The event that records of one serial describe; undefined where they state nothing we report. */
function joinAuditRecords(records: readonly AuditRecord[]): HostEvent | undefined {
  const [first] = records;
  if (!first) return undefined;
  return PARTS.has(first.type) ? execEvent(records) : (userEvent(first) ?? configEvent(first));
}

export interface ParsedEvent {
  event: HostEvent;
  /** Number of the line that holds the event's first record. */
  line: number;
}

/** Events from the lines of an audit.log. Never throws; lines that say nothing we report are passed over. */
export function parseAuditStream(): { push(line: string, lineNumber: number): ParsedEvent[]; end(): ParsedEvent[] } {
  const joiner = new AuditJoiner<number>();
  const finish = (joined: JoinedRecords<number>[]) =>
    joined.flatMap(({ records, tag }) => {
      const event = joinAuditRecords(records);
      return event ? [{ event, line: tag }] : [];
    });
  return {
    push(line, lineNumber) {
      const record = parseAuditLine(line);
      return record ? finish(joiner.push(record, lineNumber)) : [];
    },
    end: () => finish(joiner.flush()),
  };
}
