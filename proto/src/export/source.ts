// What exports say of where they come from, and times as each schema wants them.
import type { Alert, EventReference, StoredEvent } from '../v1.ts';

export const VENDOR = 'ThreatGuard';
export const PRODUCT = 'ThreatGuard';

/** Who exports. */
export interface Exporter {
  /** Version of ThreatGuard. */
  version: string;
  /** Name of the host the collector runs on; empty where it is not known. */
  observer: string;
}

/** The first and last instant a Date can hold, ECMA-262 21.4.1.1. */
const DATE_MS_MAX = 8.64e15;

/** Milliseconds since the Unix epoch, whole. */
export function toMs(timeUs: number | null | undefined): number {
  return Math.min(Math.max(Math.trunc((timeUs ?? 0) / 1000), -DATE_MS_MAX), DATE_MS_MAX);
}

/** ISO 8601 in UTC; undefined where there is no time. */
export function toIso(timeUs: number | null | undefined): string | undefined {
  return timeUs ? new Date(toMs(timeUs)).toISOString() : undefined;
}

/** Names one revision of one alert, the same however often and in whatever format it is sent: what receivers know repeats by. */
export function alertKeyOf(alert: Pick<Alert, 'id' | 'revision'>): string {
  return `${alert.id}:${alert.revision ?? 0}`;
}

/** Names one event for ever; undefined where it is not known where it stands. */
export function eventKeyOf(reference: EventReference | null | undefined): string | undefined {
  if (!reference?.agentId) return undefined;
  const stream = Buffer.from(reference.streamId ?? []).toString('hex');
  return `${reference.agentId}:${stream}:${reference.sequence ?? 0}:${reference.index ?? 0}`;
}

/** By the collector's clock where it is known. */
export function eventTimeUs(stored: StoredEvent): number {
  return stored.eventAtUs || (stored.event?.observedAtUs ?? 0);
}
