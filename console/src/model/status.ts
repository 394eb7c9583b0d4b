import type { Counter, StatusReport } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { renderPairs } from './table.ts';
import { age, isoTime } from './time.ts';

const counters = (list: readonly Counter[] | null | undefined) =>
  Object.fromEntries((list ?? []).map((counter) => [counter.name ?? '', counter.count ?? 0]));

const counterText = (list: readonly Counter[] | null | undefined) =>
  (list ?? []).map((counter) => `${counter.name} ${counter.count}`).join(', ') || 'none';

/** `status` in JSON; the keys are stable and listed in the README. */
export function statusRecord(status: StatusReport, collector: string): JsonRecord {
  return {
    collector,
    version: status.version ?? '',
    started_at: isoTime(status.startedAtUs),
    'store.engine': status.storeEngine ?? '',
    'store.version': status.storeVersion ?? '',
    'store.state': status.storeState ?? '',
    'publish.state': status.publishState ?? '',
    'publish.waiting': status.outboxWaiting ?? 0,
    'events.stored': status.eventsStored ?? 0,
    'events.per_second': status.eventsPerSecond ?? 0,
    'envelopes.stored': status.envelopesStored ?? 0,
    'alerts.open': status.alertsOpen ?? 0,
    'agents.enrolled': status.agentsEnrolled ?? 0,
    'agents.connected': status.agentsConnected ?? 0,
    'rules.loaded': status.rulesLoaded ?? 0,
    'rules.disabled': status.rulesDisabled ?? [],
    refusals: counters(status.refusals),
    losses: counters(status.losses),
    'ca.sha256': status.caSha256 ?? '',
    'kem.algorithm': status.kemAlgorithm ?? '',
    'kem.epoch': status.kemEpoch ?? 0,
    'signature.algorithm': status.signatureAlgorithm ?? '',
    'tls.group': status.tlsGroup ?? '',
    notices: status.notices ?? [],
  };
}

export function statusPairs(status: StatusReport, collector: string, nowMs: number): string[] {
  return renderPairs([
    ['collector', `${collector}, version ${status.version ?? '?'}, up ${age(status.startedAtUs, nowMs)}`],
    ['store', `${status.storeEngine ?? '?'} ${status.storeVersion ?? ''}: ${status.storeState ?? '?'}`],
    ['alerts go to', `${status.publishState || 'off'}, ${status.outboxWaiting ?? 0} waiting`],
    ['agents', `${status.agentsConnected ?? 0} connected of ${status.agentsEnrolled ?? 0} enrolled`],
    ['events', `${status.eventsStored ?? 0} stored, ${(status.eventsPerSecond ?? 0).toFixed(1)}/s`],
    ['alerts', `${status.alertsOpen ?? 0} open`],
    ['rules', `${status.rulesLoaded ?? 0} loaded, ${status.rulesDisabled?.length ?? 0} disabled`],
    ...(status.rulesDisabled ?? []).map((rule) => ['  disabled', rule] as const),
    ['losses', counterText(status.losses)],
    ['refusals', counterText(status.refusals)],
    ['crypto', `${status.signatureAlgorithm}, ${status.kemAlgorithm} epoch ${status.kemEpoch}, TLS ${status.tlsGroup}`],
    ['CA SHA-256', status.caSha256 ?? ''],
    ...(status.notices ?? []).map((notice) => ['notice', notice] as const),
  ]);
}
