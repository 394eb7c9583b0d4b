// From audit records to events, for logs. A record or a group of one serial may state several facts, or none.
import type { HostEvent } from '@threatguard/proto';
import { abnormalEnd, promiscuousEvent } from './audit-anomaly.ts';
import { configEvent } from './audit-config.ts';
import { execEvent } from './audit-exec.ts';
import { fileEvents } from './audit-file.ts';
import { AuditJoiner, type JoinedRecords } from './audit-joiner.ts';
import { type AuditRecord, auditKindOf, parseAuditLine } from './audit-line.ts';
import { connectionEvent } from './audit-network.ts';
import { traceEvent } from './audit-trace.ts';
import { AUDIT_TYPES, PARTS } from './audit-types.ts';
import { userEvent } from './audit-user.ts';

/** The events that records of one serial describe; none where they state nothing we report. */
function auditEvents(records: readonly AuditRecord[]): HostEvent[] {
  const [first] = records;
  if (!first) return [];
  if (!PARTS.has(first.type)) return present(userEvent(first) ?? configEvent(first) ?? abnormalEnd(first));
  const one = promiscuousEvent(records) ?? execEvent(records) ?? connectionEvent(records) ?? traceEvent(records);
  return one ? [one] : fileEvents(records);
}

const present = (event: HostEvent | undefined) => (event ? [event] : []);

interface ParsedEvent {
  event: HostEvent;
  /** Number of the first line that holds a record of the event. */
  line: number;
}

export interface AuditStream {
  /** `known`: whether the line is an audit record of a type known here, or what ausearch puts between events. */
  push(line: string, lineNumber: number): { events: ParsedEvent[]; known: boolean };
  end(): ParsedEvent[];
  /** What was counted on the way, in sentences for people; empty where there was nothing. */
  summary(): string[];
}

/** Kinds counted apart; a log has no more, a forged one may. */
const KINDS_MAX = 64;

/** Events from the lines of an audit log, in the order in which they became complete. Never throws. */
export function parseAuditStream(): AuditStream {
  const joiner = new AuditJoiner<number>();
  const unknown = new Map<string, number>();
  let incomplete = 0;

  const finish = (joined: JoinedRecords<number>[]): ParsedEvent[] =>
    joined.flatMap(({ records, tag, clipped }) => {
      const events = auditEvents(records);
      if (clipped || (events.length > 0 && isIncomplete(records, events))) incomplete++;
      return events.map((event) => ({ event, line: tag }));
    });

  function count(kind: string): void {
    const name = unknown.has(kind) || unknown.size < KINDS_MAX ? kind : 'others';
    unknown.set(name, (unknown.get(name) ?? 0) + 1);
  }

  return {
    push(line, lineNumber) {
      const record = parseAuditLine(line);
      if (record) return { events: finish(joiner.push(record, lineNumber)), known: true };
      const kind = auditKindOf(line);
      if (kind === '') return { events: [], known: true };
      count(kind === undefined ? 'no audit record' : Object.hasOwn(AUDIT_TYPES, kind) ? `damaged ${kind}` : kind);
      return { events: [], known: false };
    },
    end: () => finish(joiner.flush()),
    summary() {
      const kinds = [...unknown].map(([kind, lines]) => `${kind} ${lines}`).join(', ');
      return [
        ...(kinds ? [`kinds no parser knows: ${kinds}`] : []),
        ...(incomplete > 0
          ? [`${incomplete} events whose records are not all there; what they lack is in "missing"`]
          : []),
        ...(joiner.duplicates > 0 ? [`${joiner.duplicates} records that came twice`] : []),
      ];
    },
  };
}

/** Without the record that says who, or with arguments or paths announced that did not come. */
function isIncomplete(records: readonly AuditRecord[], events: readonly HostEvent[]): boolean {
  if (!PARTS.has(records[0]!.type)) return false;
  const call = records.find(({ type }) => type === 'SYSCALL');
  const paths = records.filter(({ type }) => type === 'PATH').length;
  if (!call || Number(call.fields.get('items') ?? 0) > paths) return true;
  return events.some(({ missing }) => missing?.includes('process.args'));
}
