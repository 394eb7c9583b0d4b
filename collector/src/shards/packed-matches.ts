// Matches on their way between threads: a few large arrays instead of many small objects, which cost more to hand over
// than to find. Events travel as they were encoded.
import { HostEvent } from '@threatguard/proto';
import type { OpenedBatch } from '../batch.ts';
import type { FeedingMatch } from '../detect/rules/event-matcher.ts';

export interface PackedMatches {
  /** Which events of the batch, and when they happened. */
  indexes: Uint32Array;
  atUs: Float64Array;
  /** Encoded events one after another, and where each ends. */
  events: Uint8Array;
  eventEnds: Uint32Array;
  /** Indexes of rules one after another, and where those of each event end. */
  rules: Uint32Array;
  ruleEnds: Uint32Array;
}

export function packMatches(
  matches: readonly FeedingMatch[],
  encoded: NonNullable<OpenedBatch['encoded']>,
): PackedMatches {
  const encodedEvents = matches.map((match) => encodedEvent(match, encoded));
  return {
    indexes: Uint32Array.from(matches, ({ index }) => index),
    atUs: Float64Array.from(matches, ({ atUs }) => atUs),
    events: Uint8Array.from(Buffer.concat(encodedEvents)),
    eventEnds: endsOf(encodedEvents),
    rules: Uint32Array.from(matches.flatMap(({ rules }) => rules)),
    ruleEnds: endsOf(matches.map(({ rules }) => rules)),
  };
}

export function unpackMatches({ indexes, atUs, events, eventEnds, rules, ruleEnds }: PackedMatches): FeedingMatch[] {
  return Array.from(indexes, (index, at) => ({
    index,
    atUs: atUs[at]!,
    event: HostEvent.decode(events.subarray(eventEnds[at - 1] ?? 0, eventEnds[at])),
    rules: Array.from(rules.subarray(ruleEnds[at - 1] ?? 0, ruleEnds[at])),
  }));
}

function endsOf(parts: readonly { length: number }[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(parts, ({ length }) => {
    end += length;
    return end;
  });
}

function encodedEvent(
  { index, event }: FeedingMatch,
  { bytes, spans }: NonNullable<OpenedBatch['encoded']>,
): Uint8Array {
  return spans ? bytes.subarray(spans[index * 2], spans[index * 2 + 1]) : HostEvent.encode(event).finish();
}
