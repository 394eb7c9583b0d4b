// What a filter means, said in SQL: for fields that have a column. field-match.ts says the same in JavaScript.
import {
  Activity,
  ECS_FIELDS,
  EventClass,
  type FieldFilter,
  type HostEvent,
  labelName,
  Outcome,
} from '@threatguard/proto';
import { parseAddress, parseAddressRange } from './address.ts';
import { uuidBytes } from './copy-writer.ts';
import type { Parameter } from './database.ts';
import { FIELD_COLUMNS } from './event-columns.ts';
import { parseNumber, valueMatcher } from './field-match.ts';
import { storableText } from './values.ts';

/** Parameters of a statement in the making; `add` gives the placeholder. */
export class Parameters {
  readonly values: Parameter[] = [];

  add(value: Parameter): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Fields whose few values are codes in a column: the names that match are looked up here, not in the database. */
const CODE_COLUMNS: Record<string, { column: string; codes: number[]; event: (code: number) => HostEvent }> = {
  'event.category': { column: 'class', codes: codesOf(EventClass), event: (code) => ({ class: code }) },
  'event.action': { column: 'activity', codes: codesOf(Activity), event: (code) => ({ activity: code }) },
  'event.outcome': { column: 'outcome', codes: codesOf(Outcome), event: (code) => ({ outcome: code }) },
};

/** Characters of a user's name that stand in its index. */
export const INDEXED_USER_LENGTH = 64;

/** Two names of one thing: an agent is called as its host is. */
const AGENT_NAME_FIELDS: ReadonlySet<string> = new Set(['agent.name', 'host.name']);

/** Whether it is asked of the agent, not of its events. */
export function isAgentField(field: string): boolean {
  return field === 'agent.id' || AGENT_NAME_FIELDS.has(field) || labelName(field) !== undefined;
}

/** A condition over `events e` joined with `agents a`; undefined where the field has no column. */
export function conditionFor(filter: FieldFilter, parameters: Parameters): string | undefined {
  const condition = positive(filter.field ?? '', storableText(filter.value ?? ''), parameters);
  // `is not true`, because a field that is absent (NULL) passes the negation.
  return condition && filter.negated ? `(${condition}) is not true` : condition;
}

/** What a columnstore has filters for, said so that it knows: it does not see that it follows from the other condition. */
export function columnstoreCondition({ field, value = '', negated }: FieldFilter, parameters: Parameters) {
  if (field !== 'user.name' || value.includes('*') || negated) return undefined;
  return `e.user_name = ${parameters.add(storableText(value))}`;
}

function positive(field: string, value: string, parameters: Parameters): string | undefined {
  if (Object.hasOwn(CODE_COLUMNS, field)) return codeCondition(field, value);
  if (field === 'agent.id') return agentCondition(value, parameters);
  const agents = agentsWith(field, value, parameters);
  // By id, because that is what the index on agents and times holds.
  if (agents) return `e.agent_id = any(array(${agents}))`;
  if (!Object.hasOwn(FIELD_COLUMNS, field)) return undefined;
  const { column, kind } = FIELD_COLUMNS[field]!;
  switch (kind) {
    case 'text':
      return textCondition(`e.${column}`, value, parameters);
    case 'number':
      return numberCondition(`e.${column}`, value, parameters);
    case 'address':
      return addressCondition(`e.${column}`, value, parameters);
  }
}

/** The ids of the agents that have this name, or this value of a label; undefined for any other field. */
export function agentsWith(field: string, value: string, parameters: Parameters): string | undefined {
  const label = labelName(field);
  if (label === undefined && !AGENT_NAME_FIELDS.has(field)) return undefined;
  const column = label === undefined ? 'name' : labelColumn(label, parameters);
  return `select id from agents where ${textCondition(column, value, parameters)}`;
}

/** The value of a label, of a row of `agents`; null where it has none. */
export function labelColumn(label: string, parameters: Parameters): string {
  return `(labels::json ->> ${parameters.add(label)}::text)`;
}

function agentCondition(value: string, parameters: Parameters): string {
  if (value.includes('*')) return textCondition('e.agent_id::text', value, parameters);
  // Only the form ids are shown in: texts are equal by every character.
  return uuidBytes(value) && value === value.toLowerCase() ? `e.agent_id = ${parameters.add(value)}::uuid` : 'false';
}

function textCondition(column: string, value: string, parameters: Parameters): string {
  if (value.includes('*')) return `${column} like ${parameters.add(likePattern(value))}`;
  const equal = `${column} = ${parameters.add(value)}`;
  if (column !== 'e.user_name') return equal;
  // The index holds the beginning of the name (migrations/0001-first.sql), and of a shorter one that is all there is. Asked
  // for twice, the planner would believe in far fewer rows than there are.
  const beginning = `left(${column}, ${INDEXED_USER_LENGTH})`;
  if (value.length < INDEXED_USER_LENGTH) return `${beginning} = $${parameters.values.length}`;
  return `(${beginning} = left(${parameters.add(value)}, ${INDEXED_USER_LENGTH}) and ${equal})`;
}

function numberCondition(column: string, value: string, parameters: Parameters): string {
  if (value.includes('*')) return `${column}::text like ${parameters.add(likePattern(value))}`;
  const number = parseNumber(value);
  return number === undefined ? 'false' : `${column} = ${parameters.add(number)}::bigint`;
}

function addressCondition(column: string, value: string, parameters: Parameters): string {
  if (value.includes('*')) return `host(${column}) like ${parameters.add(likePattern(value))}`;
  if (parseAddressRange(value)) return `${column} <<= ${parameters.add(value)}::inet`;
  return parseAddress(value) ? `${column} = ${parameters.add(value)}::inet` : 'false';
}

function codeCondition(field: string, value: string): string {
  const { column, codes, event } = CODE_COLUMNS[field]!;
  const matches = valueMatcher(value);
  const wanted = codes.filter((code) => {
    const name = ECS_FIELDS[field]!.read(event(code));
    return name !== undefined && matches(String(name));
  });
  return wanted.length > 0 ? `e.${column} in (${wanted.join(',')})` : 'false';
}

/** `*` as LIKE says it; what LIKE would read otherwise is escaped with its backslash. */
export function likePattern(value: string): string {
  return value.replace(/[\\%_]/g, '\\$&').replace(/\*+/g, '%');
}

function codesOf(enumeration: object): number[] {
  return Object.values(enumeration).filter((value) => typeof value === 'number');
}
