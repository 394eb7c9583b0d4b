// What a file that calls itself a model of XGBoost may hold: it is refused by name, or every row comes to an end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importXgboost, XgboostError } from '../../collector/src/detect/models/import-xgboost.ts';
import { predictXgboost } from '../../collector/src/detect/models/xgboost.ts';
import { xgboostModel } from '../support/xgboost-model.ts';

type Node = Record<string, unknown> | unknown[];

/** Every place in a document that something may stand in. */
function placesIn(node: Node): { of: Node; key: string }[] {
  return Object.entries(node).flatMap(([key, value]) => [
    { of: node, key },
    ...(typeof value === 'object' && value !== null ? placesIn(value as Node) : []),
  ]);
}

const anything = fc.oneof(
  fc.integer({ min: -3, max: 9 }),
  fc.double(),
  fc.constantFrom(null, true, '', '1', '-1', '1e999', '[1,2]', 'gblinear', 'multi:softmax', '__proto__', [], {}),
  fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 6 }),
);

describe('a model of XGBoost that was tampered with', () => {
  it('is refused by name, or predicts for every row', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), anything), { minLength: 1, maxLength: 4 }), (changes) => {
        const document = xgboostModel();
        for (const [pick, value] of changes) {
          const places = placesIn(document);
          const { of, key } = places[pick % places.length]!;
          Object.assign(of, { [key]: value });
        }
        try {
          const model = importXgboost(JSON.stringify(document));
          const values = new Float64Array(3 * model.features).map((_, at) => (at % 4 === 3 ? Number.NaN : at - 2));
          const found = predictXgboost(model, { rows: 3, columns: model.features, values });
          expect(found).toHaveLength(3 * model.base.length);
        } catch (error) {
          expect(error).toBeInstanceOf(XgboostError);
        }
      }),
      { numRuns: 2_000, seed: 9 },
    );
  });

  it('is refused where it is any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => importXgboost(text)).toThrow(XgboostError);
      }),
      { numRuns: 500, seed: 9 },
    );
  });
});
