// Sigma conditions, least to most binding: or, and, not, "1 of"/"any of"/"all of", parentheses.
import { RuleError } from './rule-error.ts';
import { allHold, anyHolds, negate, type Verdict } from './verdict.ts';

/** Long enough for any condition a person writes; bounds the depth of nesting too. */
const CONDITION_TOKENS_MAX = 1_000;

/** What the parts of a condition are made into. */
export interface ConditionAlgebra<Part> {
  /** Of a search identifier of this name, which there is. */
  selection(name: string): Part;
  all(parts: readonly Part[]): Part;
  any(parts: readonly Part[]): Part;
  not(part: Part): Part;
}

/**
 * Compiles a condition over named, compiled search identifiers; the names it looks at are added to `used`. Throws
 * RuleError `condition` or `unsupported`.
 */
export function compileCondition(
  condition: string,
  selections: ReadonlyMap<string, Verdict>,
  used: Set<string> = new Set(),
): Verdict {
  const selection = (name: string) => {
    used.add(name);
    return selections.get(name)!;
  };
  return readCondition(condition, [...selections.keys()], { selection, all: allHold, any: anyHolds, not: negate });
}

/** Reads a condition over search identifiers of these names. Throws RuleError `condition` or `unsupported`. */
export function readCondition<Part>(
  condition: string,
  names: readonly string[],
  algebra: ConditionAlgebra<Part>,
): Part {
  const tokens: string[] = condition.match(/[()|]|[^\s()|]+/g) ?? [];
  if (tokens.length > CONDITION_TOKENS_MAX) throw new RuleError('condition', 'the condition is too long');
  if (tokens.includes('|')) throw new RuleError('unsupported', 'aggregations in conditions: use a correlation rule');
  return new ConditionParser(tokens, names, algebra).parse();
}

class ConditionParser<Part> {
  readonly #tokens: readonly string[];
  readonly #names: readonly string[];
  readonly #algebra: ConditionAlgebra<Part>;
  #next = 0;

  constructor(tokens: readonly string[], names: readonly string[], algebra: ConditionAlgebra<Part>) {
    this.#tokens = tokens;
    this.#names = names;
    this.#algebra = algebra;
  }

  parse(): Part {
    const verdict = this.#or();
    const rest = this.#tokens[this.#next];
    if (rest !== undefined) throw new RuleError('condition', `"${rest}" is not expected there in the condition`);
    return verdict;
  }

  #or(): Part {
    const parts = [this.#and()];
    while (this.#take('or')) parts.push(this.#and());
    return this.#algebra.any(parts);
  }

  #and(): Part {
    const parts = [this.#not()];
    while (this.#take('and')) parts.push(this.#not());
    return this.#algebra.all(parts);
  }

  #not(): Part {
    return this.#take('not') ? this.#algebra.not(this.#not()) : this.#primary();
  }

  #primary(): Part {
    if (this.#take('(')) {
      const inner = this.#or();
      if (!this.#take(')')) throw new RuleError('condition', 'a ")" is missing in the condition');
      return inner;
    }
    const token = this.#word();
    const of = this.#tokens[this.#next]?.toLowerCase() === 'of';
    if (!of) return this.#selection(token);
    const quantity = token.toLowerCase();
    if (quantity !== '1' && quantity !== 'any' && quantity !== 'all') {
      throw new RuleError('unsupported', `"${token} of": only "1 of", "any of" and "all of" are supported`);
    }
    this.#next++;
    const matched = this.#matching(this.#word());
    return quantity === 'all' ? this.#algebra.all(matched) : this.#algebra.any(matched);
  }

  /** Identifiers that begin with an underscore are outside `them` by Sigma's convention. */
  #matching(pattern: string): Part[] {
    const them = pattern.toLowerCase() === 'them';
    const parts = pattern.split('*');
    const names = this.#names.filter((name) => (them ? !name.startsWith('_') : matchesParts(name, parts)));
    if (names.length === 0) throw new RuleError('condition', `"of ${pattern}" matches no search identifier`);
    return names.map((name) => this.#selection(name));
  }

  #selection(name: string): Part {
    if (!this.#names.includes(name)) {
      throw new RuleError('condition', `the condition names "${name}", which is not defined`);
    }
    return this.#algebra.selection(name);
  }

  #word(): string {
    const token = this.#tokens[this.#next++];
    if (token === undefined || token === '(' || token === ')') {
      throw new RuleError('condition', `the condition ends or breaks off before ${token ? `"${token}"` : 'its end'}`);
    }
    return token;
  }

  #take(word: string): boolean {
    if (this.#tokens[this.#next]?.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }
}

function matchesParts(name: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return name === first;
  if (!name.startsWith(first)) return false;
  const last = rest.pop()!;
  let from = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return name.length - last.length >= from && name.endsWith(last);
}
