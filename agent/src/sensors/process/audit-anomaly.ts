// What the kernel itself finds odd: a program that ended by a signal, an interface that listens to everything.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { type AuditRecord, actor, encodedText, plainNumber } from './audit-line.ts';
import { AUDIT_SENSOR, readCaller } from './audit-process.ts';

const IFF_PROMISC = 0x100;

/** The exit code is the one a shell gives: 128 and the signal's number. */
export function abnormalEnd(record: AuditRecord): HostEvent | undefined {
  if (record.type !== 'ANOM_ABEND') return undefined;
  const signal = plainNumber(record, 'sig');
  return {
    observedAtUs: record.atUs,
    class: EventClass.PROCESS,
    activity: Activity.EXIT,
    outcome: Outcome.FAILURE,
    sensor: AUDIT_SENSOR,
    user: actor(record),
    process: {
      pid: plainNumber(record, 'pid'),
      name: encodedText(record, 'comm'),
      executable: encodedText(record, 'exe'),
      exitCode: signal === undefined ? undefined : 128 + signal,
      ...session(record),
    },
    original: record.text,
  };
}

/** Said as what it is, a change of how an interface is set up. */
export function promiscuousEvent(records: readonly AuditRecord[]): HostEvent | undefined {
  const record = records.find(({ type }) => type === 'ANOM_PROMISCUOUS');
  const flags = record && plainNumber(record, 'prom');
  if (!record || flags === undefined) return undefined;
  const call = records.find(({ type }) => type === 'SYSCALL');
  const said = [`${encodedText(record, 'dev')} promiscuous`];
  const on = (flags & IFF_PROMISC) !== 0;
  return {
    observedAtUs: record.atUs,
    class: EventClass.HOST,
    activity: Activity.INVENTORY_CHANGED,
    outcome: Outcome.SUCCESS,
    sensor: AUDIT_SENSOR,
    serviceName: 'kernel',
    user: actor(record),
    process: call ? readCaller(call).process : session(record),
    inventory: { kind: 'interface', added: on ? said : [], removed: on ? [] : said },
    original: record.text,
  };
}

function session(record: AuditRecord) {
  return { loginUid: plainNumber(record, 'auid'), sessionId: plainNumber(record, 'ses') };
}
