import type { StoredEvent } from '@threatguard/proto';

/** Names one stored event so that it is found again: agent, stream, sequence, index, and when it happened. */
export function eventReference({ reference, eventAtUs }: StoredEvent): string {
  const stream = Buffer.from(reference?.streamId ?? []).toString('hex');
  return [reference?.agentId ?? '', stream, reference?.sequence ?? 0, reference?.index ?? 0, eventAtUs ?? 0].join('.');
}

/** The search that finds it: an event has its agent and its time. Undefined for what is no reference. */
export function searchFor(reference: string) {
  const match = /^([0-9a-f-]{36})\.[0-9a-f]*\.\d{1,16}\.\d{1,9}\.(\d{1,18})$/.exec(reference);
  if (!match) return undefined;
  const atUs = Number(match[2]);
  return { filters: [{ field: 'agent.id', value: match[1]!, negated: false }], sinceUs: atUs, untilUs: atUs + 1 };
}
