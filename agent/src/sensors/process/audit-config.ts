import { Activity, EventClass, type HostEvent } from '@threatguard/proto';
import { type AuditRecord, enrichedName, plainNumber, plainText } from './audit-line.ts';
import { AUDIT_SENSOR } from './audit-process.ts';
import { outcomeOf } from './audit-user.ts';

/** An event where the record says that less is audited than before: switched off, rules removed, the daemon gone. */
export function configEvent(record: AuditRecord): HostEvent | undefined {
  const daemon = record.type === 'DAEMON_END' || record.type === 'DAEMON_ABORT';
  if (!daemon && !(record.type === 'CONFIG_CHANGE' && weakens(record))) return undefined;
  return {
    observedAtUs: record.atUs,
    class: EventClass.HOST,
    activity: Activity.AUDIT_CONFIG,
    outcome: outcomeOf(record),
    sensor: AUDIT_SENSOR,
    serviceName: daemon ? 'auditd' : 'audit',
    user: { id: plainNumber(record, 'auid'), name: enrichedName(record, 'AUID') },
    process: { loginUid: plainNumber(record, 'auid'), sessionId: plainNumber(record, 'ses') },
    original: record.text,
  };
}

function weakens(record: AuditRecord): boolean {
  if (plainText(record, 'op') === 'remove_rule') return true;
  return wentToZero(record, 'audit_enabled') || wentToZero(record, 'audit_pid');
}

function wentToZero(record: AuditRecord, setting: string): boolean {
  return record.fields.get(setting) === '0' && record.fields.get('old') !== '0';
}
