import type { ForwardTargetState } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { age, isoTime } from './time.ts';

/** `forwards` in the JSON of `status`. */
export function forwardRecord(forward: ForwardTargetState): JsonRecord {
  return {
    name: forward.name ?? '',
    stream: forward.stream ?? '',
    kind: forward.kind ?? '',
    delivering: forward.delivering ?? false,
    last_error: forward.lastError || undefined,
    waiting: forward.waiting ?? 0,
    waiting_since: isoTime(forward.oldestAtUs),
    delivered: forward.delivered ?? 0,
    refused: forward.refused ?? 0,
    missed: forward.missed ?? 0,
    delivered_at: isoTime(forward.deliveredAtUs),
  };
}

export function forwardName({ name, stream }: ForwardTargetState): string {
  return `  to ${name ?? ''}${stream === 'audit' ? ' (audit)' : ''}`;
}

/** Whether it goes, how far it is behind, what was lost of it. */
export function forwardText(forward: ForwardTargetState, nowMs: number): string {
  const { waiting, oldestAtUs, delivered, refused, missed, lastError } = forward;
  const parts = [
    forward.delivering ? `${forward.kind}: delivering` : `${forward.kind}: retrying: ${lastError || 'no reason given'}`,
    `${delivered ?? 0} delivered`,
    waiting ? `${waiting} waiting${oldestAtUs ? ` for ${age(oldestAtUs, nowMs)}` : ''}` : 'none waiting',
  ];
  if (refused) parts.push(`${refused} refused by it`);
  if (missed) parts.push(`${missed} missed: gone before it could be reached`);
  return parts.join(', ');
}
