import { HuntError, type HuntExpression, parseHunt } from '@threatguard/proto';
import {
  type Arbitrary,
  array,
  assert,
  constant,
  constantFrom,
  ipV4,
  ipV6,
  letrec,
  oneof,
  property,
  record,
  string,
  tuple,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

const SEED = 20_261_121;
const FIELDS = ['user.name', 'host.name', 'process.executable', 'process.command_line', 'labels.env'] as const;

/** As a person would write it: quoted wherever that is needed. */
function written(expression: HuntExpression): string {
  switch (expression.kind) {
    case 'term': {
      const { field, compare, value } = expression;
      return `${field}${compare}${compare === ':' ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : value}`;
    }
    case 'not':
      return `not (${written(expression.of)})`;
    default:
      return expression.of.map((each) => `(${written(each)})`).join(` ${expression.kind} `);
  }
}

const term = oneof(
  record({
    kind: constant('term' as const),
    field: constant('source.ip'),
    compare: constant(':' as const),
    value: oneof(
      ipV4(),
      ipV6(),
      ipV4().map((each) => `${each}/8`),
    ),
  }),
  record({
    kind: constant('term' as const),
    field: constantFrom(...FIELDS),
    compare: constant(':' as const),
    value: string({ minLength: 1 }),
  }),
  record({
    kind: constant('term' as const),
    field: constant('process.pid'),
    compare: constantFrom('>' as const, '>=' as const, '<' as const, '<=' as const),
    value: constantFrom('0', '-1', '4194304'),
  }),
);
const { expression } = letrec((tie) => ({
  expression: oneof(
    { depthSize: 'small', withCrossShrink: true },
    term,
    record({ kind: constant('not' as const), of: tie('expression') }),
    record({ kind: constantFrom('and' as const, 'or' as const), of: tuple(tie('expression'), tie('expression')) }),
  ),
})) as { expression: Arbitrary<HuntExpression> };

describe('the hunt language', () => {
  it('reads back whatever can be said in it', () => {
    assert(
      property(expression, (said) => {
        const query = written(said);
        let where: HuntExpression | undefined;
        try {
          ({ where } = parseHunt(query));
        } catch (error) {
          // Only its limits refuse what is well written.
          if (error instanceof HuntError && /at most|characters|brackets/.test(error.message)) return;
          throw error;
        }
        expect(where).toEqual(said);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('refuses anything else with a place within the text, and never ends otherwise', () => {
    const piece = constantFrom(
      ...[
        'user.name:',
        'root',
        ' and ',
        ' or ',
        'not ',
        '(',
        ')',
        '|',
        ' count',
        ' by ',
        ' sort -',
        'limit 1',
        ',',
        '"',
        "'",
        '\\',
        '>',
        '!=',
        ':',
        '*',
        ' ',
        '\0',
        '日',
        '\ud800',
      ],
    );
    const text = oneof(
      string({ unit: 'binary' }),
      array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    );
    assert(
      property(text, (query) => {
        try {
          parseHunt(query);
        } catch (error) {
          if (!(error instanceof HuntError)) throw error;
          expect(error.at).toBeLessThanOrEqual(query.length);
          expect(error.at + error.length).toBeLessThanOrEqual(query.length + 1);
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
