import {
  type EventView,
  type FieldValue,
  type FoldedValue,
  foldValue,
  KEYWORD_FIELD,
  slotOf,
  textOf,
  writtenName,
} from './fields.ts';
import type { LogSource } from './logsource.ts';
import { parseTimeUs } from './parse-time.ts';

/** A JSON object whose keys are names of fields. */
export type FlatEvent = Readonly<Record<string, unknown>>;

/** Where logs keep the time of an event; the first that holds one counts. */
export const TIME_FIELDS: readonly string[] = [
  '@timestamp',
  'timestamp',
  'Timestamp',
  'UtcTime',
  'EventTime',
  'eventTime',
  'event_time',
  'TimeCreated',
  'SystemTime',
  'TimeGenerated',
  'event.created',
  'datetime',
  'DateTime',
  '_time',
  'time',
  'Time',
  'ts',
];
const LOGSOURCE = 'logsource.';
const PARTS = ['category', 'product', 'service'] as const;
const SAID = PARTS.map((part) => ({ part, name: LOGSOURCE + part }));
/** Deeper objects are one value, as JSON. */
const DEPTH_MAX = 8;
const KEYWORD_SLOT = slotOf(KEYWORD_FIELD);

/**
 * A JSON object as rules read it: a field is looked up by its name as the rule writes it, upper and lower case as they are;
 * objects within it by names joined with dots; a list holds what any of its entries is. `logsource.category`, `.product` and
 * `.service` say of what log source the event is, where they are there.
 */
export class FlatEventView implements EventView {
  readonly emptyIsAbsent = false;
  atUs = 0;
  #event: FlatEvent = {};
  /** Whether it says of what log source it is. */
  #tagged = false;
  #texts: string[] | undefined;
  #generation = 0;
  readonly #foldedAt: number[] = [];
  readonly #folded: FoldedValue[] = [];

  show(event: FlatEvent, atUs: number): void {
    this.#event = event;
    this.#tagged = SAID.some(({ name }) => Object.hasOwn(event, name));
    this.atUs = atUs;
    this.#texts = undefined;
    this.#generation++;
  }

  raw(slot: number): FieldValue {
    if (slot === KEYWORD_SLOT) return this.#words();
    const name = writtenName(slot);
    return Object.hasOwn(this.#event, name) ? readValue(this.#event[name]) : undefined;
  }

  folded(slot: number): FoldedValue {
    if (this.#foldedAt[slot] !== this.#generation) {
      this.#foldedAt[slot] = this.#generation;
      this.#folded[slot] = foldValue(this.raw(slot));
    }
    return this.#folded[slot];
  }

  text(slot: number): string | undefined {
    return textOf(this.raw(slot));
  }

  isFrom(source: LogSource): boolean {
    if (!this.#tagged) return true;
    return SAID.every(({ part, name }) => {
      const said = this.#event[name];
      return typeof said !== 'string' || source[part] === undefined || said.toLowerCase() === source[part];
    });
  }

  /** What keywords are looked for in: every value but those that say of what source the event is. */
  #words(): string[] {
    if (this.#texts) return this.#texts;
    const texts: string[] = [];
    for (const [name, value] of Object.entries(this.#event)) {
      if (value === null || name.startsWith(LOGSOURCE)) continue;
      const read = readValue(value);
      if (Array.isArray(read)) texts.push(...read);
      else texts.push(String(read));
    }
    this.#texts = texts;
    return texts;
  }
}

/** The event with every field at its top; one that is flat already is returned as it is. */
export function flattenEvent(event: FlatEvent): FlatEvent {
  if (!Object.values(event).some(isObject)) return event;
  const flat: Record<string, unknown> = Object.create(null);
  const add = (object: FlatEvent, prefix: string, depth: number) => {
    for (const [key, value] of Object.entries(object)) {
      if (isObject(value) && depth < DEPTH_MAX) add(value, `${prefix}${key}.`, depth + 1);
      else flat[prefix + key] = value;
    }
  };
  add(event, '', 1);
  return flat;
}

/** Microseconds since the Unix epoch; undefined where no field says when it happened. */
export function timeOf(event: FlatEvent): number | undefined {
  for (const name of TIME_FIELDS) {
    if (!Object.hasOwn(event, name)) continue;
    const atUs = parseTimeUs(event[name]);
    if (atUs !== undefined) return atUs;
  }
  return undefined;
}

function isObject(value: unknown): value is FlatEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readValue(value: unknown): FieldValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null)
    return value;
  if (Array.isArray(value))
    return value.map((entry) => (typeof entry === 'object' ? JSON.stringify(entry) : String(entry)));
  return JSON.stringify(value);
}
