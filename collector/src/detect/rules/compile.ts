import { compileCondition } from './compile-condition.ts';
import { type FieldScope, fieldSlot } from './fields.ts';
import { CORRELATION_TYPES, type CorrelationRule, type CorrelationType, readIdentity, readSlot } from './rule.ts';
import { RuleError } from './rule-error.ts';
import type { CorrelationRuleDocument } from './schema.ts';

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
  const type = CORRELATION_TYPES.find((one) => one === correlation.type);
  if (!type) {
    const path = ['correlation', 'type'];
    throw new RuleError('unsupported', `correlation type "${correlation.type}" is not supported`, path);
  }
  const twice = correlation.rules.find((rule, index) => correlation.rules.indexOf(rule) !== index);
  if (twice) throw new RuleError('schema', `it names "${twice}" twice`, ['correlation', 'rules']);
  const groupBy = correlation['group-by'] ?? [];
  const timespan = readTimespan(correlation.timespan);
  const groupSlots = correlation.rules.map((rule) =>
    groupBy.map((name) => fieldOf(document, { name, rule, scope, path: 'group-by' })),
  );
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
    ...compileCondition(document, type),
    generate: correlation.generate ?? false,
  };
}

/** What a name stands for in the events of one of the rules: its alias there, or itself. */
function fieldOf(
  document: CorrelationRuleDocument,
  { name, rule, scope, path }: { name: string; rule: string; scope: FieldScope; path: 'group-by' | 'condition' },
): number {
  const { aliases } = document.correlation;
  if (!aliases || !Object.hasOwn(aliases, name)) return readSlot(name, ['correlation', path], scope);
  const alias = aliases[name]!;
  const at = ['correlation', 'aliases', name];
  if (!Object.hasOwn(alias, rule)) {
    throw new RuleError('reference', `the alias "${name}" says nothing for "${rule}"`, at);
  }
  return readSlot(alias[rule]!, at, scope);
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

/** By rule, the fields the correlation is about. */
function valueSlots(document: CorrelationRuleDocument, type: CorrelationType, scope: FieldScope): number[][] {
  const { condition, rules } = document.correlation;
  const path = ['correlation', 'condition'];
  const fields = [condition?.field ?? []].flat();
  if (!type.startsWith('value_')) {
    if (fields.length > 0) throw new RuleError('schema', `${type} takes no field`, path);
    return rules.map(() => []);
  }
  if (fields.length === 0) throw new RuleError('schema', `${type} needs a field`, path);
  if (fields.length > 1 && type !== 'value_count') throw new RuleError('schema', `${type} takes one field`, path);
  return rules.map((rule) => fields.map((name) => fieldOf(document, { name, rule, scope, path: 'condition' })));
}
