// What loading makes of a document: everything looked up, parsed and compiled once.
import { createHash } from 'node:crypto';
import { type Detection, type EventClass, type EventReference, Severity } from '@threatguard/proto';
import { type EventView, type FieldScope, fieldName, fieldSlot } from './fields.ts';
import type { LogSource } from './logsource.ts';
import type { Predicate } from './predicate.ts';
import { clipText, ReasonTemplate, type WindowFacts } from './reason.ts';
import { RuleError, type RulePath } from './rule-error.ts';
import type { CorrelationRuleDocument, EventRuleDocument } from './schema.ts';
import { readSuppression } from './suppression-span.ts';

/** References kept in one detection: the newest. */
export const DETECTION_EVENTS_MAX = 50;
/** Of one value of a detection; what is longer is cut, and ends so. */
export const VALUE_CHARS_MAX = 1_024;

/** What every detection shows where its events have it, whatever its sentence speaks of. */
const STANDARD_VALUES = [
  'user.name',
  'user.id',
  'user.target.name',
  'source.ip',
  'destination.ip',
  'destination.port',
  'process.pid',
  'process.executable',
  'process.command_line',
  'process.parent.executable',
  'threatguard.process.stdio_socket.remote_address',
  'threatguard.process.stdio_socket.remote_port',
  'file.path',
  'service.name',
].map((name) => fieldSlot(name)!);

export interface RuleIdentity {
  id: string;
  /** A digest of what it looks for: the same for as long as it means the same. */
  definition: string;
  /** How correlations may refer to it, beside the id. */
  name: string;
  title: string;
  severity: Severity;
  techniques: string[];
  tactics: string[];
  reason: ReasonTemplate;
  entitySlots: readonly number[];
  /** How long it is silent about an entity it has alerted about; 0 where it asks for none. */
  suppressUs: number;
}

export interface EventRule extends RuleIdentity {
  kind: 'event';
  /** Of our events, the classes it is evaluated for. */
  classes: readonly EventClass[];
  source: LogSource;
  /** Whether the event is of its log source and what the rule looks for. */
  matches: Predicate;
}

export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];

export interface CorrelationRule extends RuleIdentity {
  kind: 'correlation';
  type: CorrelationType;
  /** Ids or names of the rules it joins, in order. */
  refers: readonly string[];
  /** Per referred rule, the fields whose values make a group. */
  groupSlots: readonly (readonly number[])[];
  /** Whether it is about its group, some field of which goes by another name in each rule. */
  aliasedEntity: boolean;
  /** Whether the group is within one agent. */
  perAgent: boolean;
  timespanUs: number;
  timespanText: string;
  /** Per referred rule, the fields it is about; none of those that count events or rules. */
  valueSlots: readonly (readonly number[])[];
  /** Whether the condition is met by what a window comes to. */
  holds(measure: number): boolean;
  /** Whether more of it makes it worse: the condition has a lower bound on something that adds up. */
  grows: boolean;
  /** Whether only its last rule can complete it: a whole sequence. */
  endsWithLast: boolean;
  /** Whether the referred rules also raise detections of their own. */
  generate: boolean;
}

export type Rule = EventRule | CorrelationRule;

/** What a document goes by: its id, else its name, else its title; undefined where it has none of them. */
export function idOf({ id, name, title }: Readonly<Record<string, unknown>>): string | undefined {
  return [id, name, title].find((each) => typeof each === 'string');
}

/**
 * Reads the parts event and correlation rules share. Sigma makes the level optional: medium where there is none. A rule
 * without id goes by its name, one without either by its title.
 */
export function readIdentity(
  document: EventRuleDocument | CorrelationRuleDocument,
  { definition, ...fallback }: { definition: unknown; reason: string; entity: readonly string[] },
  scope: FieldScope = fieldSlot,
): RuleIdentity {
  const id = document.id ?? document.name ?? document.title;
  if (document.status === 'unsupported') throw new RuleError('unsupported', 'its status is "unsupported"', ['status']);
  const level = (document.level ?? 'medium').toUpperCase() as keyof typeof Severity;
  const tags = (document.tags ?? []).filter((tag) => tag.startsWith('attack.')).map((tag) => tag.slice(7));
  const technique = /^t\d{4}(\.\d{3})?$/;
  const section = document.threatguard ?? fallback;
  return {
    id,
    definition: digestOf(definition),
    name: document.name ?? id,
    title: document.title,
    severity: Severity[level],
    techniques: tags.filter((tag) => technique.test(tag)).map((tag) => tag.toUpperCase()),
    tactics: tags.filter((tag) => !/^[tgs]\d{4}/.test(tag)).map((tag) => tag.replaceAll('_', '-')),
    reason: new ReasonTemplate(section.reason),
    entitySlots: section.entity.map((name) => readSlot(name, ['threatguard', 'entity'], scope)),
    suppressUs: readSuppression(document.threatguard?.suppress ?? '') ?? 0,
  };
}

/** Of plain data, in the order in which it is written. */
export function digestOf(definition: unknown): string {
  return createHash('sha256').update(JSON.stringify(definition)).digest('base64');
}

/** The slot of a field; throws RuleError `field` where our events do not have it. */
export function readSlot(name: string, path: RulePath, scope: FieldScope = fieldSlot): number {
  const slot = scope(name);
  if (slot === undefined) throw new RuleError('field', `our events have no field "${name}"`, path);
  return slot;
}

/** The values an entity is known by, "source.ip=192.0.2.1 user.name=root"; fields the event lacks are left out. */
export function entityOf(rule: RuleIdentity, view: EventView): string {
  return rule.entitySlots
    .map((slot) => ({ slot, text: view.text(slot) }))
    .filter(({ text }) => text !== undefined)
    .map(({ slot, text }) => `${fieldName(slot)}=${clipText(text!, VALUE_CHARS_MAX)}`)
    .join(' ');
}

/** The detection of a rule for the event in the view, which is the newest of `span.events`. */
export function buildDetection(
  rule: RuleIdentity,
  view: EventView,
  span: { agentId: string; events: EventReference[]; firstAtUs: number; lastAtUs: number; facts?: WindowFacts },
): Detection {
  const values: Record<string, string> = {};
  for (const slot of [...STANDARD_VALUES, ...rule.entitySlots, ...rule.reason.slots]) {
    const text = view.text(slot);
    if (text !== undefined) values[fieldName(slot)] = clipText(text, VALUE_CHARS_MAX);
  }
  if (span.facts) values['threatguard.count'] = String(span.facts.count);
  if (span.facts?.seen.length) values['threatguard.seen'] = clipText(span.facts.seen.join(', '), VALUE_CHARS_MAX);
  return {
    ruleId: rule.id,
    ruleTitle: rule.title,
    severity: rule.severity,
    techniques: rule.techniques,
    tactics: rule.tactics,
    reason: rule.reason.render(view, span.facts),
    values,
    events: span.events.slice(-DETECTION_EVENTS_MAX),
    firstAtUs: span.firstAtUs,
    lastAtUs: span.lastAtUs,
    agentId: span.agentId,
    entity: entityOf(rule, view),
  };
}
