import { compileCondition } from './compile-condition.ts';
import { type FieldScope, fieldSlot } from './fields.ts';
import { CORRELATION_TYPES, type CorrelationRule, type CorrelationType, readIdentity, readSlot } from './rule.ts';
import { RuleError } from './rule-error.ts';
import type { CorrelationRuleDocument } from './schema.ts';

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const UNIT_TEXT: Record<string, string> = { s: 's', m: 'min', h: 'h', d: 'd' };
/** Windows are kept in memory and rebuilt from the store at start. */
const TIMESPAN_SECONDS_MAX = 7 * 86_400;

/**
 * Compiles a Sigma correlation rule; that the rules it refers to exist is checked when all are loaded. `idOf` gives the id of
 * what may be a name: a rule may go by either, in one document by both. Throws RuleError.
 */
export function compileCorrelationRule(
  document: CorrelationRuleDocument,
  scope: FieldScope = fieldSlot,
  idOf: (rule: string) => string = (rule) => rule,
): CorrelationRule {
  const { correlation } = document;
  const type = CORRELATION_TYPES.find((one) => one === correlation.type);
  if (!type) {
    const path = ['correlation', 'type'];
    throw new RuleError('unsupported', `correlation type "${correlation.type}" is not supported`, path);
  }
  const twice = correlation.rules.find(
    (rule, index) => correlation.rules.findIndex((other) => idOf(other) === idOf(rule)) !== index,
  );
  if (twice) throw new RuleError('schema', `it names "${twice}" twice`, ['correlation', 'rules']);
  const groupBy = correlation['group-by'] ?? [];
  const timespan = readTimespan(correlation.timespan);
  const groupSlots = correlation.rules.map((rule) =>
    groupBy.map((name) => fieldOf(document, { name, rule, scope, idOf, path: 'group-by' })),
  );
  return {
    kind: 'correlation',
    ...readIdentity(
      document,
      {
        definition: { ...correlation, generate: undefined },
        reason: `${document.title.replaceAll(/[{}]/g, '')}: {count} within {window}`,
        entity: groupBy.filter((name) => !isAlias(document, name)).concat(groupBy.length ? [] : ['agent.id']),
      },
      scope,
    ),
    type,
    refers: correlation.rules,
    groupSlots,
    aliasedEntity: document.threatguard === undefined && groupBy.some((name) => isAlias(document, name)),
    perAgent: groupBy.includes('agent.id') || groupBy.includes('agent.name'),
    timespanUs: timespan.us,
    timespanText: timespan.text,
    valueSlots: valueSlots(document, type, { scope, idOf }),
    ...compileCondition(document, type),
    generate: correlation.generate ?? false,
  };
}

/** How names are read. */
interface Scopes {
  scope: FieldScope;
  idOf: (rule: string) => string;
}

/** What a name stands for in the events of one of the rules: its alias there, or itself. */
function fieldOf(
  document: CorrelationRuleDocument,
  { name, rule, scope, idOf, path }: { name: string; rule: string; path: 'group-by' | 'condition' } & Scopes,
): number {
  if (!isAlias(document, name)) return readSlot(name, ['correlation', path], scope);
  const at = ['correlation', 'aliases', name];
  const said = Object.entries(document.correlation.aliases![name]!).filter(([one]) => idOf(one) === idOf(rule));
  const [field, ...more] = new Set(said.map(([, each]) => each));
  if (field === undefined) throw new RuleError('reference', `the alias "${name}" says nothing for "${rule}"`, at);
  if (more.length > 0) throw new RuleError('reference', `the alias "${name}" says two things for "${rule}"`, at);
  return readSlot(field, at, scope);
}

function isAlias({ correlation: { aliases } }: CorrelationRuleDocument, name: string): boolean {
  return aliases !== undefined && Object.hasOwn(aliases, name);
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
function valueSlots(document: CorrelationRuleDocument, type: CorrelationType, scopes: Scopes): number[][] {
  const { condition, rules } = document.correlation;
  const path = ['correlation', 'condition'];
  const fields = [condition?.field ?? []].flat();
  if (!type.startsWith('value_')) {
    if (fields.length > 0) throw new RuleError('schema', `${type} takes no field`, path);
    return rules.map(() => []);
  }
  if (fields.length === 0) throw new RuleError('schema', `${type} needs a field`, path);
  if (fields.length > 1 && type !== 'value_count') throw new RuleError('schema', `${type} takes one field`, path);
  return rules.map((rule) => fields.map((name) => fieldOf(document, { name, rule, ...scopes, path: 'condition' })));
}
