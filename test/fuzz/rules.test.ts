import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compileRead } from '../../collector/src/detect/rules/compile-documents.ts';
import { linkRules } from '../../collector/src/detect/rules/link.ts';
import { parseRules } from '../../collector/src/detect/rules/load.ts';
import { compilePattern, parsePattern } from '../../collector/src/detect/rules/pattern.ts';
import { requiredLiterals } from '../../collector/src/detect/rules/required-literals.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { enrichedBatch } from '../support/rule-events.ts';

const RULE = `title: Fuzzed
id: fuzzed
logsource:
    category: process_creation
detection:
    sel:
        Image|endswith: ['/sh', 'b?sh*']
        CommandLine|re: 'a+(b|c)*d'
    filter:
        - User: root
        - ProcessId|gte: 5
    condition: sel and not 1 of filter*
level: high
`;

describe('the rule loader', () => {
  it('answers any text with rules or problems, each problem with a line', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc
        .array(fc.tuple(fc.nat(RULE.length), fc.nat(20), fc.string({ maxLength: 12 })), { minLength: 1, maxLength: 4 })
        .map((edits) => edits.reduce((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), RULE)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const loaded = linkRules(parseRules('fuzz.yml', text));
        const { rules, problems } = loaded;
        expect(problems.every(({ line, reason }) => line >= 1 && reason.length > 0)).toBe(true);
        const again = compileRead({ documents: structuredClone(loaded.documents), problems: [] });
        expect(again.rules.map(({ rule }) => rule.definition)).toEqual(rules.map(({ rule }) => rule.definition));
        const engine = new RuleEngine(rules.map(({ rule }) => rule));
        engine.inspect(enrichedBatch([{ class: 2, activity: 10, process: { executable: '/bin/sh', args: ['abd'] } }]));
        expect(engine.disabled()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('wildcards', () => {
  it('match what the same expression of another engine matches', () => {
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', '.'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', '.'), maxLength: 10 });
    fc.assert(
      fc.property(value, text, (pattern, subject) => {
        const units = parsePattern(pattern);
        const source = units
          .map((unit) => (unit === -1 ? '[^]*' : unit === -2 ? '[^]' : `\\u${unit.toString(16).padStart(4, '0')}`))
          .join('');
        expect(compilePattern(units)(subject)).toBe(new RegExp(`^${source}$`).test(subject));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the words an expression requires', () => {
  const { expression } = fc.letrec<{ expression: string; sequence: string; atom: string }>((tie) => ({
    atom: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a', 'b', 'c', '/', '.', '\\.', '\\s', '\\b', '[ab]', '[^a]', '[\\]a]', '^', '$', '\\|', '{'),
      tie('expression').map((inner) => `(${inner})`),
      tie('expression').map((inner) => `(?:${inner})`),
    ),
    sequence: fc
      .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '', '?', '*', '+', '{0,2}', '{2}', '{1,}', '*?')), {
        maxLength: 5,
      })
      .map((parts) => parts.map(([atom, quantifier]) => atom + quantifier).join('')),
    expression: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|')),
  }));

  it('are in every text that it matches', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/', '.', ' ', '|', ']', '{'), maxLength: 8 });
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 20, maxLength: 20 }), (source, texts) => {
        let regex: RE2JS;
        try {
          regex = RE2JS.compile(source);
        } catch {
          // Not an expression of RE2: a rule with it does not load.
          return;
        }
        const required = requiredLiterals(source);
        for (const subject of texts.filter((each) => regex.test(each))) {
          for (const group of required) expect(group.some((word) => subject.includes(word))).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['^(/\\S*/)?systemctl\\s+(stop|kill)\\b', [['systemctl'], ['stop', 'kill']]],
    ['(curl|wget)\\s[^|]*\\|\\s*sh', [['curl', 'wget'], ['sh'], ['|']]],
    ['abc?d+e', [['ab'], ['d'], ['e']]],
    ['a|b?', []],
    ['-(W|R)\\s', [['-W', '-R']]],
    ['[Cc]url (-o|--output)?', [['Curl ', 'curl ']]],
    ['(a|b)+c', [['a', 'b'], ['c']]],
    ['(?i)abc', []],
    ['\\x41bc', []],
    ['(a|b)*c{0}', []],
  ])('of %s are known', (source, words) => {
    expect(requiredLiterals(source)).toEqual(words);
  });
});
