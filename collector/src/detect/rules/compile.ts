import { type FieldScope, fieldSlot } from './fields.ts';
import { type CorrelationRule, type CorrelationType, readIdentity, readSlot } from './rule.ts';
import { RuleError } from './rule-error.ts';
import type { CorrelationRuleDocument } from './schema.ts';

const CORRELATION_TYPES: readonly string[] = ['event_count', 'value_count', 'temporal', 'temporal_ordered'];
const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const UNIT_TEXT: Record<string, string> = { s: 's', m: 'min', h: 'h', d: 'd' };
/** Windows are kept in memory and rebuilt from the store at start. */
const TIMESPAN_SECONDS_MAX = 7 * 86_400;

/** Compiles a Sigma correlation rule; that the rules it refers to exist is checked when all are loaded. Throws RuleError. */
export function compileCorrelationRule(
  document: CorrelationRuleDocument,
  scope: FieldScope = fieldSlot,
): CorrelationRule {
  const { correlation } = document;
  if (!CORRELATION_TYPES.includes(correlation.type)) {
    throw new RuleError('unsupported', `correlation type "${correlation.type}" is not supported`, [
      'correlation',
      'type',
    ]);
  }
  const type = correlation.type as CorrelationType;
  const groupBy = correlation['group-by'] ?? [];
  const timespan = readTimespan(correlation.timespan);
  const groupSlots = correlation.rules.map((rule) => groupBy.map((name) => groupSlot(document, name, rule, scope)));
  return {
    kind: 'correlation',
    ...readIdentity(
      document,
      {
        reason: `${document.title.replaceAll(/[{}]/g, '')}: {count} within {window}`,
        entity: groupBy.filter((name) => !correlation.aliases?.[name]).concat(groupBy.length ? [] : ['agent.id']),
      },
      scope,
    ),
    type,
    refers: correlation.rules,
    groupSlots,
    perAgent: groupBy.includes('agent.id') || groupBy.includes('agent.name'),
    timespanUs: timespan.us,
    timespanText: timespan.text,
    valueSlots: valueSlots(document, type, scope),
    holds: compileHolds(document, type),
    generate: correlation.generate ?? false,
  };
}

function groupSlot(document: CorrelationRuleDocument, name: string, rule: string, scope: FieldScope): number {
  const alias = document.correlation.aliases?.[name];
  const field = alias ? alias[rule] : name;
  if (field === undefined) {
    throw new RuleError('reference', `the alias "${name}" says nothing for "${rule}"`, [
      'correlation',
      'aliases',
      name,
    ]);
  }
  return readSlot(field, alias ? ['correlation', 'aliases', name] : ['correlation', 'group-by'], scope);
}

function readTimespan(timespan: string): { us: number; text: string } {
  const count = Number(timespan.slice(0, -1));
  const unit = timespan.at(-1)!;
  const seconds = count * UNIT_SECONDS[unit]!;
  if (seconds > TIMESPAN_SECONDS_MAX) {
    throw new RuleError('unsupported', 'a time span beyond 7 days', ['correlation', 'timespan']);
  }
  return { us: seconds * 1e6, text: `${count} ${UNIT_TEXT[unit]}` };
}

function valueSlots(document: CorrelationRuleDocument, type: CorrelationType, scope: FieldScope): number[] {
  const field = document.correlation.condition?.field;
  const path = ['correlation', 'condition'];
  if (type !== 'value_count') {
    if (field !== undefined) throw new RuleError('schema', `${type} takes no field`, path);
    return [];
  }
  if (field === undefined) throw new RuleError('schema', 'value_count needs a field', path);
  return [field].flat().map((name) => readSlot(name, path, scope));
}

/** The condition over a count. Without a lower bound it would hold before anything happened, so that is refused. */
function compileHolds(document: CorrelationRuleDocument, type: CorrelationType): (count: number) => boolean {
  const { condition, rules } = document.correlation;
  const path = ['correlation', 'condition'];
  if (!condition) {
    if (type === 'event_count' || type === 'value_count')
      throw new RuleError('schema', `${type} needs a condition`, path);
    return (count) => count === rules.length;
  }
  if (type === 'temporal_ordered') throw new RuleError('unsupported', 'a condition on temporal_ordered', path);
  const { gt, gte, lt, lte, eq, neq } = condition;
  if (gt === undefined && gte === undefined && eq === undefined) {
    throw new RuleError('unsupported', 'a condition without gt, gte or eq holds before anything happened', path);
  }
  return (count) =>
    (gt === undefined || count > gt) &&
    (gte === undefined || count >= gte) &&
    (lt === undefined || count < lt) &&
    (lte === undefined || count <= lte) &&
    (eq === undefined || count === eq) &&
    (neq === undefined || count !== neq);
}
