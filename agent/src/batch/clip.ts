// Brings an event within the limits of the contract: the collector refuses a whole envelope for one field too long.
// Works by shape, not by field name, so a field added to the contract is held to the limits too. NUL stays: protobuf
// carries it, and what to show for it is decided where text is stored or printed.
import {
  ARGS_BYTES_MAX,
  FIELD_BYTES_MAX,
  FIELD_ENTRIES_MAX,
  type HostEvent,
  ORIGINAL_BYTES_MAX,
} from '@threatguard/proto';

/** UTF-8 takes at most three bytes per UTF-16 unit, so what is shorter than this need not be measured. */
const BYTES_PER_UNIT_MAX = 3;
const FIELD_LIMITS: Record<string, number> = { original: ORIGINAL_BYTES_MAX };

interface ListLimit {
  entryBytesMax: number;
  /** All entries together, so that one event cannot fill a batch. */
  totalBytesMax: number;
}
const ARGS: ListLimit = { entryBytesMax: ARGS_BYTES_MAX, totalBytesMax: ARGS_BYTES_MAX };
const LINES: ListLimit = { entryBytesMax: FIELD_BYTES_MAX, totalBytesMax: 64 * 1024 };
const LIST_LIMITS: Record<string, ListLimit> = { args: ARGS, parentArgs: ARGS };

export interface Clipped {
  event: HostEvent;
  /** Text was cut or entries were left out. */
  cut: boolean;
}

/** The event with every string well-formed Unicode and every field within its limit. The argument is not changed. */
export function clipEvent(event: HostEvent): Clipped {
  const state = { cut: false };
  const clipped = clipMessage(event as Record<string, unknown>, state) as HostEvent;
  if (clipped.process && (clipped.process.args?.length ?? 0) > 0 && argsWereCut(event, clipped)) {
    clipped.process.argsTruncated = true;
  }
  return { event: clipped, cut: state.cut };
}

/** `text` as well-formed Unicode (lone surrogates replaced), cut at a character boundary to at most `bytesMax` in UTF-8. */
export function clipText(text: string, bytesMax: number): string {
  // Cut before measuring: a megabyte is not walked to keep its first kilobytes.
  const near = (text.length > bytesMax ? text.slice(0, bytesMax) : text).toWellFormed();
  if (near.length * BYTES_PER_UNIT_MAX <= bytesMax) return near;
  const bytes = Buffer.from(near);
  if (bytes.length <= bytesMax) return near;
  let end = bytesMax;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

function clipMessage(message: Record<string, unknown>, state: { cut: boolean }): Record<string, unknown> {
  const clipped: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(message)) {
    if (typeof value === 'string') clipped[key] = clipField(value, FIELD_LIMITS[key] ?? FIELD_BYTES_MAX, state);
    else if (Array.isArray(value)) clipped[key] = clipList(value, LIST_LIMITS[key] ?? LINES, state);
    else if (typeof value === 'object' && value !== null) {
      clipped[key] = clipMessage(value as Record<string, unknown>, state);
    } else clipped[key] = value;
  }
  return clipped;
}

function clipField(text: string, bytesMax: number, state: { cut: boolean }): string {
  const clipped = clipText(text, bytesMax);
  if (clipped.length < text.length) state.cut = true;
  return clipped;
}

function clipList(list: unknown[], limit: ListLimit, state: { cut: boolean }): unknown[] {
  const kept: unknown[] = [];
  let bytesLeft = limit.totalBytesMax;
  for (const entry of list) {
    if (kept.length >= FIELD_ENTRIES_MAX || bytesLeft <= 0) {
      state.cut = true;
      break;
    }
    if (typeof entry === 'string') {
      const text = clipField(entry, Math.min(limit.entryBytesMax, bytesLeft), state);
      bytesLeft -= Buffer.byteLength(text);
      kept.push(text);
    } else kept.push(clipMessage(entry as Record<string, unknown>, state));
  }
  return kept;
}

function argsWereCut(event: HostEvent, clipped: HostEvent): boolean {
  const before = event.process?.args ?? [];
  const after = clipped.process?.args ?? [];
  return before.length !== after.length || before.some((arg, index) => arg.length !== after[index]!.length);
}
