// user.name:root and process.executable:*/curl and not source.ip:10.0.0.0/8 | count by host.name | sort -count | limit 20
//
//   hunt        = [ or ] { "|" stage }
//   or          = and { "or" and }
//   and         = unary { [ "and" ] unary }
//   unary       = "not" unary | "(" or ")" | term
//   term        = FIELD ":" value | FIELD ":" "(" value { "or" value } ")" | FIELD ( "=" | "!=" | ">" | ">=" | "<" | "<=" ) value
//   stage       = "count" [ "by" FIELD { "," FIELD } ] | "sort" [ "-" ] ( FIELD | "count" ) | "limit" NUMBER
import { suggest } from '../suggest.ts';
import { resolveField } from './fields.ts';
import type { HuntExpression, HuntSort, HuntTerm, ParsedHunt } from './hunt.ts';
import { HuntError } from './hunt-error.ts';
import { type Token, tokenise } from './tokens.ts';
import { valueProblem } from './values.ts';

/** Brackets and `not` inside each other. */
const DEPTH_MAX = 32;
const TERMS_MAX = 64;
const COUNT_FIELDS_MAX = 4;
export const HUNT_LIMIT_MAX = 10_000;

/** Throws HuntError with the place of the first thing that is wrong. */
export function parseHunt(query: string): ParsedHunt {
  return new Parser(tokenise(query)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): ParsedHunt {
    const begins = this.#token.kind !== '|' && this.#token.kind !== 'end';
    const hunt: { -readonly [Key in keyof ParsedHunt]: ParsedHunt[Key] } = {
      where: begins ? this.#or(0) : undefined,
      countBy: undefined,
      sort: undefined,
      limit: undefined,
    };
    while (this.#token.kind === '|') {
      this.#next();
      this.#stage(hunt);
    }
    if (this.#token.kind !== 'end') throw this.#refuse(this.#token, `"${this.#token.text}" does not fit here`);
    return hunt;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #isWord(word: string): boolean {
    return this.#token.kind === 'word' && this.#token.text.toLowerCase() === word;
  }

  #or(depth: number): HuntExpression {
    const of = [this.#and(depth)];
    while (this.#isWord('or')) {
      this.#next();
      of.push(this.#and(depth));
    }
    return of.length === 1 ? of[0]! : { kind: 'or', of };
  }

  #and(depth: number): HuntExpression {
    const of = [this.#unary(depth)];
    for (;;) {
      if (this.#isWord('and')) this.#next();
      else if (this.#isWord('or') || !['field', 'word', 'text', '('].includes(this.#token.kind)) break;
      of.push(this.#unary(depth));
    }
    return of.length === 1 ? of[0]! : { kind: 'and', of };
  }

  #unary(depth: number): HuntExpression {
    const token = this.#token;
    if (depth >= DEPTH_MAX) throw this.#refuse(token, `more than ${DEPTH_MAX} brackets inside each other`);
    if (this.#isWord('not')) {
      this.#next();
      return { kind: 'not', of: this.#unary(depth + 1) };
    }
    if (token.kind !== '(') return this.#term();
    this.#next();
    const inner = this.#or(depth + 1);
    if (this.#token.kind !== ')') throw this.#refuse(token, 'this bracket is not closed');
    this.#next();
    return inner;
  }

  #term(): HuntExpression {
    const name = this.#next();
    if (name.kind === 'end') throw this.#refuse(name, 'a condition is missing here, such as user.name:root');
    if (name.kind !== 'word' && name.kind !== 'field') {
      throw this.#refuse(name, `a field is expected here, not ${name.text}`);
    }
    if (name.kind === 'word' && /^(and|or)$/i.test(name.text))
      throw this.#refuse(name, `a condition is missing before "${name.text}"`);
    this.#terms += 1;
    if (this.#terms > TERMS_MAX) throw this.#refuse(name, `at most ${TERMS_MAX} conditions`);
    if (name.kind === 'field') return this.#match(this.#field({ ...name, length: name.length - 1 }), name);
    if (this.#token.kind !== 'compare') {
      throw this.#refuse(name, `a condition is written field:value, such as process.name:${name.text}`);
    }
    const { text: compare } = this.#next();
    const field = this.#field(name);
    const value = this.#value({ ...name, text: `${name.text}${compare}` });
    if (compare === '=') return this.#one(field, value);
    if (compare === '!=') return { kind: 'not', of: this.#one(field, value) };
    if (!/^-?\d{1,15}$/.test(value.text)) throw this.#refuse(value, `${compare} compares whole numbers`);
    return { kind: 'term', field, compare: compare as '>' | '>=' | '<' | '<=', value: value.text };
  }

  /** After `field:`: one value, or several in brackets. */
  #match(field: string, name: Token): HuntExpression {
    const open = this.#token;
    const after = { ...name, text: `${name.text}:` };
    if (open.kind !== '(') return this.#one(field, this.#value(after));
    this.#next();
    const of = [this.#one(field, this.#value(after))];
    while (this.#isWord('or') || this.#token.kind === ',') {
      this.#next();
      of.push(this.#one(field, this.#value(after)));
    }
    if (this.#token.kind !== ')')
      throw this.#refuse(open, 'this bracket is not closed; values in it are joined by "or"');
    this.#next();
    this.#terms += of.length - 1;
    if (this.#terms > TERMS_MAX) throw this.#refuse(open, `at most ${TERMS_MAX} conditions`);
    return of.length === 1 ? of[0]! : { kind: 'or', of };
  }

  #one(field: string, value: Token): HuntTerm {
    const problem = valueProblem(field, value.text);
    if (problem) throw this.#refuse(value, problem);
    return { kind: 'term', field, compare: ':', value: value.text };
  }

  /** `before`: the field as it was written, with what joins it to its value. */
  #value(before: Token): Token {
    const token = this.#token;
    if ((token.kind !== 'word' && token.kind !== 'text') || (token.kind === 'text' && token.text === '')) {
      throw this.#refuse(before, `no value after "${before.text}"; * stands for any`);
    }
    return this.#next();
  }

  #field(token: Token): string {
    const field = resolveField(token.text);
    if (typeof field === 'string') return field;
    throw this.#refuse(token, `there is no field "${token.text}"${field.help}`);
  }

  #stage(hunt: { -readonly [Key in keyof ParsedHunt]: ParsedHunt[Key] }): void {
    const token = this.#next();
    const word = token.kind === 'word' ? token.text.toLowerCase() : '';
    if (word === 'count' && hunt.countBy === undefined) hunt.countBy = this.#countBy();
    else if (word === 'sort' && hunt.sort === undefined) hunt.sort = this.#sort(hunt.countBy);
    else if (word === 'limit' && hunt.limit === undefined) hunt.limit = this.#limit();
    else if (['count', 'sort', 'limit'].includes(word))
      throw this.#refuse(token, `"${word}" stands here a second time`);
    else
      throw this.#refuse(
        token,
        `after | comes count by, sort or limit${suggest(token.text, ['count', 'sort', 'limit'])}`,
      );
  }

  #countBy(): string[] {
    if (!this.#isWord('by')) return [];
    const by = this.#next();
    const fields: string[] = [];
    do {
      if (fields.length > 0) this.#next();
      const token = this.#next();
      if (token.kind !== 'word') throw this.#refuse(by, 'count by needs a field, such as host.name');
      fields.push(this.#field(token));
      if (fields.length > COUNT_FIELDS_MAX)
        throw this.#refuse(token, `count by takes at most ${COUNT_FIELDS_MAX} fields`);
    } while (this.#token.kind === ',');
    return fields;
  }

  #sort(countBy: readonly string[] | undefined): HuntSort {
    const token = this.#next();
    if (token.kind !== 'word') throw this.#refuse(token, 'sort needs a field, or -field for the largest first');
    const descending = token.text.startsWith('-');
    const name = { ...token, text: descending ? token.text.slice(1) : token.text };
    if (name.text === 'count' && countBy) return { by: 'count', descending };
    if (countBy && typeof resolveField(name.text) !== 'string') {
      throw this.#refuse(token, `there is no "${name.text}" to sort by${suggest(name.text, ['count', ...countBy])}`);
    }
    const by = this.#field(name);
    if (countBy && !countBy.includes(by)) {
      throw this.#refuse(token, `what is counted is sorted by count${countBy.map((each) => `, ${each}`).join('')}`);
    }
    return { by, descending };
  }

  #limit(): number {
    const token = this.#next();
    const limit = /^\d{1,9}$/.test(token.text) ? Number(token.text) : 0;
    if (limit < 1 || limit > HUNT_LIMIT_MAX)
      throw this.#refuse(token, `limit takes a number from 1 to ${HUNT_LIMIT_MAX}`);
    return limit;
  }

  #refuse(token: Token, message: string): HuntError {
    return new HuntError(message, token);
  }
}
