// What a filter means, said in JavaScript: for fields that have no column. field-sql.ts says the same in SQL.
import { ECS_FIELDS, type EcsValue, type FieldFilter, labelName, type StoredEvent, suggest } from '@threatguard/proto';
import { addressInRange, parseAddress, parseAddressRange } from './address.ts';
import { StoreError } from './store-error.ts';
import { storableText } from './values.ts';

/** Fields that are known of an event though they are not in it. */
const CONTEXT_FIELDS: Record<string, (stored: StoredEvent) => EcsValue> = {
  'agent.id': (stored) => stored.reference?.agentId,
  'agent.name': (stored) => stored.agentName || undefined,
  'host.name': (stored) => stored.agentName || undefined,
};

/** What reads a field from a stored event. Throws StoreError `rejected` with the nearest name for an unknown field. */
export function fieldReader(field: string): (stored: StoredEvent) => EcsValue {
  if (Object.hasOwn(CONTEXT_FIELDS, field)) return CONTEXT_FIELDS[field]!;
  const label = labelName(field);
  if (label !== undefined) return ({ labels }) => (labels && Object.hasOwn(labels, label) ? labels[label] : undefined);
  if (!Object.hasOwn(ECS_FIELDS, field)) throw unknownField(field);
  const { read } = ECS_FIELDS[field]!;
  return (stored) => (stored.event ? read(stored.event) : undefined);
}

/** Whether an event passes a filter. A field that is absent matches nothing, so its negation matches. */
export function matcher(filter: FieldFilter): (stored: StoredEvent) => boolean {
  const read = fieldReader(filter.field ?? '');
  const matches = valueMatcher(filter.value ?? '');
  const negated = filter.negated === true;
  return (stored) => {
    const value = read(stored);
    const found = Array.isArray(value) ? value.some(matches) : value !== undefined && matches(value);
    return found !== negated;
  };
}

/**
 * `*` stands for any run of characters; a range such as 10.0.0.0/8 for the addresses in it; addresses and numbers are
 * equal by value, texts by every character.
 */
export function valueMatcher(wanted: string): (value: string | number | boolean) => boolean {
  const text = storableText(wanted);
  if (text.includes('*')) {
    const parts = text.split('*');
    return (value) => matchesParts(storableText(String(value)), parts);
  }
  const range = parseAddressRange(text);
  const address = parseAddress(text);
  const number = parseNumber(text);
  return (value) => {
    if (typeof value === 'number') return value === number;
    if (String(value) === text || storableText(String(value)) === text) return true;
    if (typeof value !== 'string' || !(range || address)) return false;
    const candidate = parseAddress(value);
    if (!candidate) return false;
    return range
      ? addressInRange(candidate, range)
      : addressInRange(candidate, { ...address!, prefixBits: address!.bytes.length * 8 });
  };
}

/** A whole decimal number as people write it; undefined for anything else ("" and "0x10" included). */
export function parseNumber(text: string): number | undefined {
  return /^-?\d{1,15}$/.test(text) ? Number(text) + 0 : undefined;
}

/** Greedy from the left with the ends fixed: linear, whatever the pattern. */
function matchesParts(text: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}

function unknownField(field: string): StoreError {
  const names = [...Object.keys(ECS_FIELDS), ...Object.keys(CONTEXT_FIELDS)];
  const wanted = field.slice(0, 64);
  return new StoreError('rejected', `there is no field ${JSON.stringify(wanted)}${suggest(wanted, names)}`);
}
