import type { Counter, StatusReport } from '@threatguard/proto';
import { counted } from './counted.ts';
import { forwardName, forwardRecord, forwardText } from './forward.ts';
import type { JsonRecord } from './json.ts';
import { renderPairs } from './table.ts';
import { age, isoTime } from './time.ts';

const counters = (list: readonly Counter[] | null | undefined) =>
  Object.fromEntries((list ?? []).map((counter) => [counter.name ?? '', counter.count ?? 0]));

const counterText = (list: readonly Counter[] | null | undefined) =>
  (list ?? []).map((counter) => `${counter.name} ${counter.count}`).join(', ') || 'none';

const kept = ({ space }: StatusReport) => (space ?? []).filter(({ keptDays }) => keptDays);

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `12.3 MiB`: bytes for people. */
function byteText(bytes: number): string {
  let rest = bytes;
  let unit = 0;
  for (; rest >= 1024 && unit < UNITS.length - 1; unit++) rest /= 1024;
  return `${unit === 0 ? rest : rest.toFixed(1)} ${UNITS[unit]}`;
}

/** Nothing where the store did not answer. */
function spacePairs(status: StatusReport): (readonly [string, string])[] {
  const kinds = status.space ?? [];
  if (kinds.length === 0) return [];
  const sizes = kinds.map(({ kind, bytes }) => `${kind} ${byteText(bytes ?? 0)}`).join(', ');
  const perEvent = status.bytesPerEvent ? `; ${Math.round(status.bytesPerEvent)} B an event` : '';
  const days = kept(status).map(({ kind, keptDays }) => `${kind} ${keptDays} d`);
  return [
    ['space', sizes + perEvent],
    ['kept', days.join(', ') || 'for ever'],
  ];
}

/** What is open, and what is not shown of it. */
function alertsText({ alertsOpen, alertsWithheld, alertBudget, exceptions }: StatusReport): string {
  const parts = [`${alertsOpen ?? 0} not closed`];
  if (alertsWithheld) parts.push(`${alertsWithheld} of them withheld: threatguard alerts budget --withheld`);
  if (alertBudget) parts.push(`budget ${alertBudget} a day`);
  if (exceptions) parts.push(counted(exceptions, 'exception'));
  return parts.join(', ');
}

/** `status` in JSON; the keys are stable and listed in the README. */
export function statusRecord(status: StatusReport, collector: string): JsonRecord {
  return {
    collector,
    version: status.version ?? '',
    demo: status.demo ?? false,
    started_at: isoTime(status.startedAtUs),
    'store.engine': status.storeEngine ?? '',
    'store.version': status.storeVersion ?? '',
    'store.state': status.storeState ?? '',
    'publish.state': status.publishState ?? '',
    'publish.waiting': status.outboxWaiting ?? 0,
    forwards: (status.forwards ?? []).map(forwardRecord),
    'events.stored': status.eventsStored ?? 0,
    'events.per_second': status.eventsPerSecond ?? 0,
    'envelopes.stored': status.envelopesStored ?? 0,
    'alerts.open': status.alertsOpen ?? 0,
    'alerts.withheld': status.alertsWithheld ?? 0,
    'alerts.budget': status.alertBudget || undefined,
    'alerts.exceptions': status.exceptions ?? 0,
    'agents.enrolled': status.agentsEnrolled ?? 0,
    'agents.connected': status.agentsConnected ?? 0,
    'rules.loaded': status.rulesLoaded ?? 0,
    'rules.disabled': status.rulesDisabled ?? [],
    refusals: counters(status.refusals),
    losses: counters(status.losses),
    'ca.sha256': status.caSha256 ?? '',
    'ca.trusted': status.caTrusted ?? [],
    'kem.algorithm': status.kemAlgorithm ?? '',
    'kem.epoch': status.kemEpoch ?? 0,
    'signature.algorithm': status.signatureAlgorithm ?? '',
    'tls.group': status.tlsGroup ?? '',
    'crypto.profile': status.cryptoProfile ?? '',
    'crypto.provider': status.cryptoProvider ?? '',
    notices: status.notices ?? [],
    'store.bytes': Object.fromEntries((status.space ?? []).map(({ kind, bytes }) => [kind ?? '', bytes ?? 0])),
    'store.kept_days': Object.fromEntries(kept(status).map(({ kind, keptDays }) => [kind ?? '', keptDays ?? 0])),
    'store.bytes_per_event': Math.round(status.bytesPerEvent ?? 0),
  };
}

export function statusPairs(status: StatusReport, collector: string, nowMs: number): string[] {
  return renderPairs([
    ...(status.demo ? [['DEMO', 'invented hosts, users and attacks; nothing here is real'] as const] : []),
    ['collector', `${collector}, version ${status.version ?? '?'}, up ${age(status.startedAtUs, nowMs)}`],
    ['store', `${status.storeEngine ?? '?'} ${status.storeVersion ?? ''}: ${status.storeState ?? '?'}`],
    ...spacePairs(status),
    ['alerts go to', `${status.publishState || 'off'}, ${status.outboxWaiting ?? 0} waiting`],
    ...(status.forwards ?? []).map((forward) => [forwardName(forward), forwardText(forward, nowMs)] as const),
    ['agents', `${status.agentsConnected ?? 0} connected of ${status.agentsEnrolled ?? 0} enrolled`],
    ['events', `${status.eventsStored ?? 0} stored, ${(status.eventsPerSecond ?? 0).toFixed(1)}/s`],
    ['alerts', alertsText(status)],
    ['rules', `${status.rulesLoaded ?? 0} loaded, ${status.rulesDisabled?.length ?? 0} disabled`],
    ...(status.rulesDisabled ?? []).map((rule) => ['  disabled', rule] as const),
    ['losses', counterText(status.losses)],
    ['refusals', counterText(status.refusals)],
    ['crypto', `${status.signatureAlgorithm}, ${status.kemAlgorithm} epoch ${status.kemEpoch}, TLS ${status.tlsGroup}`],
    ['profile', `${status.cryptoProfile || '?'}, computed by ${status.cryptoProvider || '?'}`],
    ['CA SHA-256', status.caSha256 ?? ''],
    ...(status.caTrusted ?? []).slice(1).map((sha256) => ['  still trusted', sha256] as const),
    ...(status.notices ?? []).map((notice) => ['notice', notice] as const),
  ]);
}
