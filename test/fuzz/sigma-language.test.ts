// Values and conditions of Sigma against the slowest thing that can be written down from the specification.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlatEventView } from '../../collector/src/detect/rules/flat-event-view.ts';
import { compileRules } from '../../collector/src/detect/rules/load.ts';
import { RuleTest } from '../../collector/src/detect/rules/test-rules.ts';
import { matchesFlat, ruleOf } from '../support/flat-rules.ts';

const CHARS = ['a', 'B', '*', '?', '\\', '-', '/', '–', '😀', 'é'];
const LETTERS = fc.string({ unit: fc.constantFrom(...CHARS), maxLength: 7 });
const quoted = (value: string) => JSON.stringify(value);

/** By trying everything: the value from `v`, the characters of the text from `t`. */
function naive(value: readonly string[], text: readonly string[], v = 0, t = 0): boolean {
  if (v === value.length) return t === text.length;
  const [char, next] = [value[v]!, value[v + 1]];
  if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
    return text[t] === next && naive(value, text, v + 2, t + 1);
  }
  if (char === '*') return naive(value, text, v + 1, t) || (t < text.length && naive(value, text, v, t + 1));
  return t < text.length && (char === '?' || char === text[t]) && naive(value, text, v + 1, t + 1);
}

function naiveMatch(value: string, text: string, modifier: string): boolean {
  const [chars, subject] = [[...value.toLowerCase()], [...text.toLowerCase()]];
  const starts =
    modifier === 'contains' || modifier === 'endswith' ? subject.map((_, at) => at).concat(subject.length) : [0];
  const ends =
    modifier === 'contains' || modifier === 'startswith'
      ? subject.map((_, at) => at).concat(subject.length)
      : [subject.length];
  return starts.some((from) => ends.some((to) => from <= to && naive(chars, subject.slice(from, to))));
}

describe('a value', () => {
  it('matches what it matches when every way is tried', () => {
    const modifiers = fc.constantFrom('', 'contains', 'startswith', 'endswith');
    fc.assert(
      fc.property(LETTERS, LETTERS, modifiers, (value, text, modifier) => {
        fc.pre(value !== '');
        const key = modifier ? `F|${modifier}` : 'F';
        const matched = matchesFlat(`sel: {${key}: ${quoted(value)}}\ncondition: sel`, { F: text });
        expect(matched).toBe(naiveMatch(value, text, modifier));
      }),
      { numRuns: 2000, seed: 6 },
    );
  });

  it('under any modifiers is refused with a reason, or runs over any event', () => {
    const words = [
      'contains',
      'startswith',
      'endswith',
      'all',
      're',
      'i',
      'm',
      's',
      'cidr',
      'base64',
      'base64offset',
      'utf16',
    ];
    const more = [
      'wide',
      'utf16be',
      'windash',
      'expand',
      'exists',
      'cased',
      'fieldref',
      'lt',
      'gte',
      'neq',
      'hour',
      'week',
      'no',
    ];
    const scalar = fc.oneof(LETTERS, fc.integer(), fc.boolean(), fc.constantFrom('10.0.0.0/8', '%x%', 'G', null));
    const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }));
    const field = fc.oneof(
      LETTERS,
      fc.integer(),
      fc.constantFrom(null, true, '2026-11-21T10:00:00Z', ['a', 'B'], '10.1.1.1'),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words, ...more), { maxLength: 4 }),
        value,
        field,
        (chain, asked, held) => {
          const text = ruleOf(`sel: {${quoted(['F', ...chain].join('|'))}: ${JSON.stringify(asked)}}\ncondition: sel`);
          const { rules, problems } = compileRules([{ name: 'f', text }], { anyEvents: true });
          expect(rules.length + problems.length).toBe(1);
          expect(problems.every(({ reason, line }) => reason !== '' && line >= 1)).toBe(true);
          const test = new RuleTest(rules.map(({ rule }) => rule));
          test.look({ F: held, G: 'a' }, 0);
          test.look({}, 0);
          expect(test.faults).toEqual([]);
        },
      ),
      { numRuns: 2000, seed: 6 },
    );
  });
});

describe('many rules at once', () => {
  it('are looked for as each of them alone', () => {
    const item = fc
      .tuple(fc.constantFrom('F', 'G', '', 'F|contains', 'F|endswith', 'F|cased', 'F|neq', 'G|re', 'F|exists'), LETTERS)
      .map(([key, value]) => (key === '' ? `{'|contains': ${quoted(`a${value}`)}}` : `{${key}: ${quoted(value)}}`));
    const rule = fc.tuple(item, item, fc.constantFrom('a and b', 'a or b', 'a and not b', 'not a'));
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 6 }),
        LETTERS,
        fc.oneof(LETTERS, fc.array(LETTERS, { maxLength: 2 })),
        (parts, f, g) => {
          const files = parts.map(([a, b, condition], index) => ({
            name: `${index}`,
            text: ruleOf(`a: ${a}\nb: ${b}\ncondition: ${condition}`, `title: t${index}\nlogsource: {}\n`),
          }));
          const rules = compileRules(files, { anyEvents: true }).rules.map((loaded) => loaded.rule);
          const view = new FlatEventView();
          const event = { F: f, G: g };
          view.show(event, 0);
          const alone = rules.filter((each) => each.kind === 'event' && each.matches(view));
          expect(new RuleTest(rules).look(event, 0)).toEqual(alone);
        },
      ),
      { numRuns: 600, seed: 6 },
    );
  });
});

describe('a condition', () => {
  it('holds where its logic does', () => {
    const names = ['sel_a', 'sel_b', 'flt_a', '_u'];
    const { expression } = fc.letrec<{ expression: [string, (held: readonly string[]) => boolean] }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...names).map((name) => [name, (held: readonly string[]) => held.includes(name)] as const),
        fc
          .tuple(fc.constantFrom('1', 'any', 'all'), fc.constantFrom('them', 'sel_*', '*_a', '*'))
          .map(([quantity, pattern]) => {
            const meant = names.filter((name) =>
              pattern === 'them' ? !name.startsWith('_') : new RegExp(`^${pattern.replace('*', '.*')}$`).test(name),
            );
            const holds = (held: readonly string[]) =>
              quantity === 'all' ? meant.every((one) => held.includes(one)) : meant.some((one) => held.includes(one));
            return [`${quantity} of ${pattern}`, holds] as const;
          }),
        tie('expression').map(([text, holds]) => [`not (${text})`, (held: readonly string[]) => !holds(held)] as const),
        fc
          .tuple(tie('expression'), tie('expression'))
          .map(
            ([[a, left], [b, right]]) =>
              [`(${a}) and (${b})`, (held: readonly string[]) => left(held) && right(held)] as const,
          ),
        fc
          .tuple(tie('expression'), tie('expression'))
          .map(
            ([[a, left], [b, right]]) =>
              [`(${a}) or (${b})`, (held: readonly string[]) => left(held) || right(held)] as const,
          ),
      ) as fc.Arbitrary<[string, (held: readonly string[]) => boolean]>,
    }));
    const selections = names.map((name) => `${name}: {${quoted(name)}: 1}`).join('\n');
    fc.assert(
      fc.property(expression, fc.subarray(names), ([condition, holds], held) => {
        const event = Object.fromEntries(held.map((name) => [name, 1]));
        expect(matchesFlat(`${selections}\ncondition: ${quoted(condition)}`, event)).toBe(holds(held));
      }),
      { numRuns: 600, seed: 6 },
    );
  });
});
