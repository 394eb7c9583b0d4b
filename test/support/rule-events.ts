// Events for tests of detection: written as data, with enums by name, repetition and distance in time.
import { Activity, EventClass, type HostEvent, Outcome, type VerifiedHeader } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';

/** A HostEvent with names instead of numbers, and `{n}` in any text for the number of the repetition. */
export interface WrittenEvent {
  class: string;
  activity: string;
  outcome?: string;
  /** How often it happens; once where it is not said. */
  repeat?: number;
  /** Between repetitions, and before the first. */
  everySeconds?: number;
  afterSeconds?: number;
  agent?: string;
  [field: string]: unknown;
}

export const STARTED_AT_US = 1_790_000_000_000_000;

/** One batch per run of events of one agent, in order, as the ingest would hand them over. */
export function batchesOf(written: readonly WrittenEvent[]): EnrichedBatch[] {
  const batches: EnrichedBatch[] = [];
  let atUs = STARTED_AT_US;
  for (const { repeat = 1, everySeconds = 1, afterSeconds = 0, agent = 'web-1', ...event } of written) {
    atUs += afterSeconds * 1e6;
    for (let n = 0; n < repeat; n++) {
      atUs += everySeconds * 1e6;
      const name = agent.replaceAll('{n}', String(n));
      batches.push(enrichedBatch([hostEvent(numbered(event, n) as WrittenEvent, atUs)], { agentId: name }));
    }
  }
  return batches;
}

export function enrichedBatch(
  events: HostEvent[],
  options: { agentId?: string; sequence?: number; receivedAtUs?: number } = {},
): EnrichedBatch {
  const { agentId = 'web-1', sequence = 1 } = options;
  const eventTimesUs = Float64Array.from(events, (event) => event.observedAtUs ?? 0);
  const none = new Uint8Array();
  return {
    agentId,
    agentName: agentId,
    receivedAtUs: options.receivedAtUs ?? Math.max(0, ...eventTimesUs),
    clockOffsetUs: 0,
    header: { agentId, streamId: new Uint8Array(16), sequence } as VerifiedHeader,
    headerBytes: none,
    signature: none,
    payload: none,
    events,
    eventTimesUs,
  };
}

export function hostEvent(written: WrittenEvent, observedAtUs = STARTED_AT_US): HostEvent {
  return {
    ...written,
    observedAtUs,
    class: numberOf(EventClass, written.class),
    activity: numberOf(Activity, written.activity),
    outcome: written.outcome === undefined ? Outcome.OUTCOME_UNSPECIFIED : numberOf(Outcome, written.outcome),
  } as HostEvent;
}

function numberOf(names: object, name: string): number {
  const value = (names as Record<string, unknown>)[name];
  if (typeof value !== 'number') throw new Error(`no such name in the contract: ${name}`);
  return value;
}

function numbered(value: unknown, n: number): unknown {
  if (typeof value === 'string') return value.replaceAll('{n}', String(n));
  if (Array.isArray(value)) return value.map((entry) => numbered(entry, n));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, numbered(entry, n)]));
}
