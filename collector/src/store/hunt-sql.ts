// What a hunt means, said in SQL as far as that goes, and in JavaScript for what it cannot say.
//
// A condition in SQL may let through more than is meant (`exact` is false then) but never less; `matches` says the rest.
import type { FieldFilter, HuntExpression, HuntTerm, StoredEvent } from '@threatguard/proto';
import { FIELD_COLUMNS } from './event-columns.ts';
import { fieldReader, matcher, parseNumber } from './field-match.ts';
import { conditionFor, Parameters } from './field-sql.ts';

export interface CompiledHunt {
  /** Conditions that must all hold and that the search finds by index. */
  filters: FieldFilter[];
  /** The others; undefined where there are none. */
  condition: ((parameters: Parameters) => string) | undefined;
  /** What SQL does not say; undefined where it says all. */
  matches: ((stored: StoredEvent) => boolean) | undefined;
}

type Compare = Exclude<HuntTerm['compare'], ':'>;

/** Throws StoreError `rejected` for a field that does not exist. */
export function compileHunt(where: HuntExpression | undefined): CompiledHunt {
  const all = where?.kind === 'and' ? where.of : where ? [where] : [];
  const simple = all.map(asFilter);
  const filters = simple.filter((filter) => filter !== undefined);
  const rest = all.filter((_, index) => simple[index] === undefined);
  const said = rest.map(superset).filter((expression) => expression !== undefined);
  const inexact = rest.filter((expression) => !isExact(expression)).map(predicateOf);
  // Filters without a column are applied by the search itself.
  return {
    filters,
    condition: said.length > 0 ? (parameters) => said.map((each) => sqlOf(each, parameters)).join(' and ') : undefined,
    matches: inexact.length > 0 ? (stored) => inexact.every((matches) => matches(stored)) : undefined,
  };
}

/** Whether SQL alone says who passes. */
export function isSaidInSql({ filters, matches }: CompiledHunt): boolean {
  return matches === undefined && filters.every((filter) => conditionFor(filter, new Parameters()) !== undefined);
}

function asFilter(expression: HuntExpression): FieldFilter | undefined {
  if (expression.kind === 'term') return termFilter(expression);
  if (expression.kind !== 'not' || expression.of.kind !== 'term') return undefined;
  const filter = termFilter(expression.of);
  return filter && { ...filter, negated: true };
}

function termFilter({ field, compare, value }: HuntTerm): FieldFilter | undefined {
  return compare === ':' ? { field, value, negated: false } : undefined;
}

/** What of an expression SQL can say so that nothing that is meant is left out; undefined where that is everything. */
function superset(expression: HuntExpression): HuntExpression | undefined {
  switch (expression.kind) {
    case 'term':
      return isExact(expression) ? expression : undefined;
    case 'not':
      return isExact(expression.of) ? expression : undefined;
    case 'and': {
      const of = expression.of.map(superset).filter((each) => each !== undefined);
      return of.length > 0 ? { kind: 'and', of } : undefined;
    }
    case 'or': {
      const of = expression.of.map(superset);
      return of.every((each) => each !== undefined) ? { kind: 'or', of } : undefined;
    }
  }
}

function isExact(expression: HuntExpression): boolean {
  switch (expression.kind) {
    case 'term': {
      const filter = termFilter(expression);
      if (!filter) return FIELD_COLUMNS[expression.field]?.kind === 'number';
      return conditionFor(filter, new Parameters()) !== undefined;
    }
    case 'not':
      return isExact(expression.of);
    default:
      return expression.of.every(isExact);
  }
}

/** Of an expression that can be said. A field that is absent (NULL) passes no term, so the negation of each. */
function sqlOf(expression: HuntExpression, parameters: Parameters): string {
  switch (expression.kind) {
    case 'term': {
      const filter = termFilter(expression);
      return filter ? `((${conditionFor(filter, parameters)!}) is true)` : compareSql(expression, parameters);
    }
    case 'not':
      return `(not ${sqlOf(expression.of, parameters)})`;
    default:
      return `(${expression.of.map((each) => sqlOf(each, parameters)).join(` ${expression.kind} `)})`;
  }
}

const OPERATORS: Record<Compare, string> = { '>': '>', '>=': '>=', '<': '<', '<=': '<=' };

function compareSql({ field, compare, value }: HuntTerm, parameters: Parameters): string {
  const { column } = FIELD_COLUMNS[field]!;
  const number = parameters.add(parseNumber(value) ?? 0);
  return `((e.${column} ${OPERATORS[compare as Compare]} ${number}::bigint) is true)`;
}

function predicateOf(expression: HuntExpression): (stored: StoredEvent) => boolean {
  switch (expression.kind) {
    case 'term': {
      const filter = termFilter(expression);
      return filter ? matcher(filter) : comparer(expression);
    }
    case 'not': {
      const inner = predicateOf(expression.of);
      return (stored) => !inner(stored);
    }
    case 'and': {
      const all = expression.of.map(predicateOf);
      return (stored) => all.every((matches) => matches(stored));
    }
    case 'or': {
      const any = expression.of.map(predicateOf);
      return (stored) => any.some((matches) => matches(stored));
    }
  }
}

function comparer({ field, compare, value }: HuntTerm): (stored: StoredEvent) => boolean {
  const read = fieldReader(field);
  const wanted = parseNumber(value) ?? 0;
  return (stored) => {
    const found = read(stored);
    if (typeof found !== 'number') return false;
    if (compare === '>') return found > wanted;
    if (compare === '>=') return found >= wanted;
    return compare === '<' ? found < wanted : found <= wanted;
  };
}
