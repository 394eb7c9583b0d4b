// The condition of a correlation: what a window must come to.
import type { CorrelationType } from './rule.ts';
import { RuleError } from './rule-error.ts';
import type { CorrelationRuleDocument } from './schema.ts';
import { WINDOW_ENTRIES_MAX } from './sliding-window.ts';

const OPERATORS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;
type Operator = (typeof OPERATORS)[number];
interface Criterion {
  operator: Operator;
  limit: number;
}

interface CompiledCondition {
  holds(measure: number): boolean;
  /** Whether the condition has a lower bound on something that adds up. */
  grows: boolean;
  /** A whole sequence is asked for. */
  endsWithLast: boolean;
}

const HOLDS: Readonly<Record<Operator, (measure: number, limit: number) => boolean>> = {
  gt: (measure, limit) => measure > limit,
  gte: (measure, limit) => measure >= limit,
  lt: (measure, limit) => measure < limit,
  lte: (measure, limit) => measure <= limit,
  eq: (measure, limit) => measure === limit,
  neq: (measure, limit) => measure !== limit,
};
const PATH = ['correlation', 'condition'];

/**
 * One criterion, or two that make a range. Without a condition all rules must match; counts and metrics need one. One that no
 * window can meet is refused. It is asked whenever a rule matched, of the window that ends there. Throws RuleError.
 */
export function compileCondition(document: CorrelationRuleDocument, type: CorrelationType): CompiledCondition {
  const { condition, rules } = document.correlation;
  const ordered = type === 'temporal_ordered';
  if (!condition) {
    if (type !== 'temporal' && !ordered) throw new RuleError('schema', `${type} needs a condition`, PATH);
    return { holds: (measure) => measure === rules.length, grows: false, endsWithLast: ordered };
  }
  const criteria = OPERATORS.filter((operator) => condition[operator] !== undefined).map((operator) => ({
    operator,
    limit: condition[operator]!,
  }));
  if (criteria.length === 0) throw new RuleError('schema', `the condition has none of ${OPERATORS.join(', ')}`, PATH);
  if (criteria.length > 2) throw new RuleError('schema', 'the condition has more than two criteria', PATH);
  const holds = (measure: number) => criteria.every(({ operator, limit }) => HOLDS[operator](measure, limit));
  refuseImpossible(criteria, holds, { type, rules: rules.length });
  const grows = criteria.some(({ operator }) => operator === 'gt' || operator === 'gte');
  const addsUp = type === 'event_count' || type === 'value_count' || type === 'value_sum';
  const whole = ordered && !Array.from(rules, (_, index) => index).some((count) => holds(count));
  return { holds, grows: grows && addsUp, endsWithLast: whole };
}

/** What the measure can come to at all. */
function boundsOf(type: CorrelationType, rules: number): { min: number; max: number; whole: boolean } {
  if (type === 'event_count' || type === 'value_count') return { min: 1, max: WINDOW_ENTRIES_MAX, whole: true };
  if (type === 'temporal' || type === 'temporal_ordered') return { min: 1, max: rules, whole: true };
  if (type === 'value_percentile') return { min: 0, max: 100, whole: false };
  return { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, whole: false };
}

function refuseImpossible(
  criteria: readonly Criterion[],
  holds: (measure: number) => boolean,
  { type, rules }: { type: CorrelationType; rules: number },
): void {
  const { min, max, whole } = boundsOf(type, rules);
  // Criteria change at their limits only: beside, at and between them is everywhere.
  const limits = criteria.map(({ limit }) => limit);
  const near = limits.flatMap((limit) =>
    whole
      ? [Math.floor(limit) - 1, Math.floor(limit), Math.ceil(limit), Math.ceil(limit) + 1]
      : [limit - 1, limit, limit + 1],
  );
  const between = whole ? [] : [(Math.min(...limits) + Math.max(...limits)) / 2];
  const tried = [...near, ...between, min, max].filter((measure) => measure >= min && measure <= max);
  if (tried.some(holds)) return;
  const text = criteria.map(({ operator, limit }) => `${operator} ${limit}`).join(' and ');
  const range = Number.isFinite(max) ? `: ${type} comes to ${min} to ${max}` : '';
  throw new RuleError('unsupported', `no window can ever meet the condition (${text})${range}`, PATH);
}
