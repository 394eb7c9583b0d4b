import {
  type ExplainEventResponse,
  type RuleExplanation,
  type SelectionOutcome,
  severityName,
} from '@threatguard/proto';
import { eventRecord } from './event.ts';
import type { JsonRecord } from './json.ts';
import { printable } from './printable.ts';
import { renderPairs } from './table.ts';

/** Keys of a rule that looked at an event in CSV, in order. */
export const EXPLANATION_KEYS = [
  'rule.id',
  'rule.title',
  'rule.level',
  'state',
  'outcome',
  'near',
  'stopped',
  'condition',
  'selections',
  'feeds',
  'speaks',
] as const;

export function explanationRecord(rule: RuleExplanation): JsonRecord {
  return {
    'rule.id': rule.ruleId ?? '',
    'rule.title': rule.title ?? '',
    'rule.level': severityName(rule.level ?? 0),
    state: rule.state ?? '',
    outcome: rule.outcome ?? '',
    near: rule.near ?? false,
    stopped: rule.stopped || undefined,
    condition: rule.condition ?? '',
    selections: (rule.selections ?? []).map(selectionRecord),
    feeds: rule.feeds ?? [],
    speaks: rule.speaks ?? false,
  };
}

function selectionRecord({ name, holds, item, wanted, field, value, absent, unseen }: SelectionOutcome): JsonRecord {
  if (holds) return { name: name ?? '', holds: true };
  return {
    name: name ?? '',
    holds: false,
    item: item ?? '',
    wanted: wanted ?? '',
    field: field || undefined,
    value: absent ? undefined : (value ?? ''),
    absent: absent ?? false,
    unseen: unseen ?? false,
  };
}

/** The event as ECS, and what each rule made of it. */
export function explainedRecord(answer: ExplainEventResponse, rules: readonly RuleExplanation[]): JsonRecord {
  return {
    event: answer.event ? eventRecord(answer.event) : undefined,
    rules: rules.map((rule) => nestRule(explanationRecord(rule))),
    other_rules: answer.otherRules ?? 0,
  };
}

function nestRule({ 'rule.id': id, 'rule.title': title, 'rule.level': level, ...rest }: JsonRecord): JsonRecord {
  return { rule: { id, title, level }, ...rest };
}

export function explanationLines(rule: RuleExplanation): string[] {
  const told = [
    rule.outcome === 'no' ? 'no match' : rule.outcome,
    rule.state === 'on' ? '' : rule.state,
    severityName(rule.level ?? 0),
  ];
  const head = printable(`${rule.title}  (${told.filter(Boolean).join(', ')})  ${rule.ruleId}`);
  // What stopped it is said at length below.
  const stopped = (name = '') => (rule.stopped ?? '').startsWith(`${name}: `);
  const selections = (rule.selections ?? []).map((one): [string, string] => [
    one.name ?? '',
    stopped(one.name) ? 'no' : selectionText(one),
  ]);
  const rest: [string, string][] = [
    ['condition', (rule.condition ?? '').replaceAll('\n', ' OR ')],
    ...selections,
    ['stopped at', rule.stopped ?? ''],
    ['goes into', rule.outcome === 'matched' ? (rule.feeds ?? []).join('; ') : ''],
    ['alerts', rule.outcome === 'matched' && !rule.speaks ? 'not by itself: a building block' : ''],
  ];
  return [head, ...renderPairs(rest.filter(([, value]) => value !== '')).map((line) => `  ${line}`)];
}

function selectionText({ holds, item, wanted, field, value, absent, unseen }: SelectionOutcome): string {
  if (holds) return 'holds';
  if (unseen) return `no: no sensor reports ${(item ?? '').split('|')[0]}`;
  if (!field) return `no: nowhere in the event: ${wanted}`;
  return `no: ${item}: ${wanted} -- ${absent ? `the event has no ${field}` : `${field} is "${value}"`}`;
}
