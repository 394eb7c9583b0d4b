// Names of fields as rules write them, numbered, and what a rule reads an event through. Two views stand behind it: events of
// our agents (host-event-view.ts) and flat JSON objects (flat-event-view.ts), and one compiled rule runs over both.
import type { EcsValue } from '@threatguard/proto';
import { HOST_FIELDS, HOST_NAMES } from './host-fields.ts';
import type { LogSource } from './logsource.ts';
import { RuleError } from './rule-error.ts';

/** Names are only numbered where a rule writes them, so this bounds what rules can make the process remember. */
const NAMES_MAX = 100_000;

/** Pseudo-field of keyword searches: every text an event has. */
export const KEYWORD_FIELD = 'threatguard.text';

/** What a field holds; null where the event says that it has no value, undefined where it does not have the field. */
export type FieldValue = EcsValue | null;
export type FoldedValue = string | string[] | undefined;

/** One event as rules read it. What it returns is valid until it shows the next. */
export interface EventView {
  /** When it happened, microseconds since the Unix epoch. */
  readonly atUs: number;
  /** Whether a field that has no text is left out of the event: '' then asks for what is absent. */
  readonly emptyIsAbsent: boolean;
  raw(slot: number): FieldValue;
  /** As text in lower case; undefined where the event does not have the field, or no value in it. */
  folded(slot: number): FoldedValue;
  /** As text for people and keys; undefined where the event does not have the field, or no value in it. */
  text(slot: number): string | undefined;
  /** Whether the event may be of this log source. */
  isFrom(source: LogSource): boolean;
}

/** Gives the number of a field that events have; undefined for one they do not have. */
export type FieldScope = (name: string) => number | undefined;

const names: string[] = [];
const slots = new Map<string, number>();
for (const name of [...Object.keys(HOST_FIELDS), ...HOST_NAMES.keys()]) numberName(name);

/** The number of any name, as events that are not ours may have it. Throws RuleError `field` where there are too many. */
export function slotOf(name: string): number {
  const slot = slots.get(name);
  if (slot !== undefined) return slot;
  if (names.length >= NAMES_MAX) throw new RuleError('field', `more than ${NAMES_MAX} different names of fields`);
  return numberName(name);
}

/** The number of a field that events of our agents have; undefined for a name no such event has. */
export function fieldSlot(name: string): number | undefined {
  return Object.hasOwn(HOST_FIELDS, name) || HOST_NAMES.has(name) ? slotOf(name) : undefined;
}

/** As the rule wrote it. */
export function writtenName(slot: number): string {
  return names[slot]!;
}

/** The ECS name of a slot; a name that has none is itself. */
export function fieldName(slot: number): string {
  const name = names[slot]!;
  return HOST_NAMES.get(name) ?? name;
}

export function foldValue(value: FieldValue): FoldedValue {
  if (typeof value === 'string') return value.toLowerCase();
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map((entry) => entry.toLowerCase()) : String(value).toLowerCase();
}

export function textOf(value: FieldValue): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function numberName(name: string): number {
  slots.set(name, names.length);
  return names.push(name) - 1;
}
