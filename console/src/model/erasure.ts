import type { ErasureProgress } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { renderPairs } from './table.ts';

export function erasureRecord(progress: ErasureProgress): JsonRecord {
  return {
    id: progress.erasureId || undefined,
    applied: Boolean(progress.erasureId),
    'envelopes.read': progress.envelopesRead ?? 0,
    'payloads.erased': progress.payloads ?? 0,
    'payloads.other_events': progress.otherEvents ?? 0,
    'payloads.unreadable': progress.unreadable ?? 0,
    'events.of_person': progress.events ?? 0,
    'series.rows': progress.series ?? 0,
    pseudonym: progress.pseudonym || undefined,
    'kept.alerts': progress.alertsKept ?? 0,
    'kept.audit_entries': progress.auditKept ?? 0,
  };
}

export function erasurePairs(progress: ErasureProgress, { pseudonymise }: { pseudonymise: boolean }): string[] {
  const applied = Boolean(progress.erasureId);
  const { payloads = 0, otherEvents = 0, events = 0, alertsKept = 0, auditKept = 0, unreadable = 0 } = progress;
  const name = progress.pseudonym || 'a name made up for them';
  return renderPairs([
    ['erasure', applied ? (progress.erasureId ?? '') : 'not done yet: this is what it would change'],
    ['events', pseudonymise ? `${events} stay, under ${name}` : `${events} are removed`],
    ['payloads', `${payloads} envelopes lose theirs; header, signature, place in the tree and digest stay`],
    ['others', `${otherEvents} events of others in these stay, and can no longer be proven by their signature`],
    ...(unreadable > 0
      ? [['unreadable', `${unreadable} payloads are damaged: whose they are nobody can say`] as const]
      : []),
    [
      'stays',
      `${alertsKept} alerts and ${auditKept} entries of the audit log that name the person, for their retention`,
    ],
  ]);
}
