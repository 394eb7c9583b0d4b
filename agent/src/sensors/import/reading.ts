import type { HostEvent } from '@threatguard/proto';

/** What one line of another tool says: something that happened, that the tool itself lost events, or nothing we know. */
export type Reading =
  | { event: HostEvent }
  | { lost: { count: number; atUs: number | undefined } }
  /** Why it is none: a closed wording of ours and names of the format, cut short; counted by it. */
  | { unknown: string };

const REASON_LENGTH_MAX = 80;

/** A reason that quotes a name from the line: printable, short, so that it can be counted and shown. */
export function unknown(reason: string, name = ''): Reading {
  const shown = name.replace(/[^\w.:/ -]/g, '?').slice(0, REASON_LENGTH_MAX);
  return { unknown: shown ? `${reason} ${shown}` : reason };
}
