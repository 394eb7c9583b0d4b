import { describe, expect, it } from 'vitest';
import { importXgboost } from '../../collector/src/detect/models/import-xgboost.ts';
import { predictXgboost } from '../../collector/src/detect/models/xgboost.ts';
import { numberTree, xgboostModel } from '../support/xgboost-model.ts';

const { NaN: missing } = Number;

function predict(model: unknown, rows: number[][]): number[] {
  const imported = importXgboost(JSON.stringify(model));
  const values = Float64Array.from(rows.flat());
  return [...predictXgboost(imported, { rows: rows.length, columns: imported.features, values })];
}

function logistic(margin: number): number {
  return 1 / (1 + Math.exp(-margin));
}

describe('a model that XGBoost saved as JSON', () => {
  // Worked by hand from the documented meaning: below the condition goes left, chosen categories go right, what is missing
  // goes where default_left says, and a base score of 0.25 begins the sum with ln(0.25 / 0.75).
  const base = Math.log(1 / 3);
  it.each([
    ['above the first condition, category in the set', [0.7, 1], base + 0.6 + 0.3],
    ['at the condition', [0.5, 0], base + 0.6 - 0.1],
    ['below the first, at the second', [-1, 3], base + 0.2 + 0.3],
    ['below both, category not in the set', [-1.5, 2], base - 0.4 - 0.1],
    ['a number missing: right at the first', [missing, 1], base + 0.6 + 0.3],
    ['a category missing', [0, missing], base + 0.2 - 0.1],
    ['a category nobody knew', [0, 77], base + 0.2 - 0.1],
    ['just below the condition as a float of 32 bits', [0.5 - 1e-12, 0], base + 0.6 - 0.1],
  ])('%s', (_, row, margin) => {
    expect(predict(xgboostModel(), [row])[0]).toBeCloseTo(logistic(margin), 7);
  });

  it.each([
    ['reg:squarederror', '1.5E0', 1.5 + 0.6 + 0.3],
    ['count:poisson', '2E0', 2 * Math.exp(0.9)],
    ['binary:logitraw', '5E-1', 0.5 + 0.9],
    ['binary:logistic', '[5E-1]', logistic(0.9)],
  ])('%s begins with base score %s', (name, base_score, wanted) => {
    const model = xgboostModel({
      objective: { name },
      learner_model_param: { base_score, num_class: '0', num_feature: '2' },
    });
    expect(predict(model, [[0.7, 1]])[0]).toBeCloseTo(wanted, 6);
  });

  it('several classes: each tree adds to its own, and the softmax of the sums is what counts', () => {
    const model = { trees: [numberTree(), numberTree(), numberTree()], tree_info: [0, 1, 1] };
    const found = predict(
      xgboostModel({
        objective: { name: 'multi:softprob' },
        learner_model_param: { base_score: '5E-1', num_class: '3', num_feature: '2' },
        gradient_booster: { name: 'gbtree', model },
      }),
      [[1, 0]],
    );
    const powers = [0.6, 1.2, 0].map(Math.exp);
    const sum = powers.reduce((total, each) => total + each, 0);
    found.forEach((share, at) => {
      expect(share).toBeCloseTo(powers[at]! / sum, 6);
    });
  });

  it('dart: each tree by its weight', () => {
    const gbtree = { name: 'gbtree', model: { trees: [numberTree(), numberTree()], tree_info: [0, 0] } };
    const model = xgboostModel({
      objective: { name: 'reg:squarederror' },
      learner_model_param: { base_score: '0E0', num_class: '0', num_feature: '2' },
      gradient_booster: { name: 'dart', gbtree, weight_drop: [0.5, 2] },
    });
    expect(predict(model, [[1, 0]])[0]).toBeCloseTo(0.6 * 2.5, 6);
  });

  const withTree = (tree: object) =>
    xgboostModel({
      gradient_booster: { name: 'gbtree', model: { trees: [{ ...numberTree(), ...tree }], tree_info: [0] } },
    });
  const withParameters = (parameters: object) =>
    xgboostModel({ learner_model_param: { base_score: '5E-1', num_class: '0', num_feature: '2', ...parameters } });
  it.each([
    ['an objective', xgboostModel({ objective: { name: 'survival:cox' } }), 'unsupported', 'survival:cox'],
    ['a booster', xgboostModel({ gradient_booster: { name: 'gblinear', model: {} } }), 'unsupported', 'gblinear'],
    ['a dump', [{ nodeid: 0 }], 'unsupported', 'dump'],
    ['leaves of several numbers', withTree({ tree_param: { size_leaf_vector: '3' } }), 'unsupported', 'tree 0'],
    ['a kind of split', withTree({ split_type: [2, 0, 0, 0, 0] }), 'unsupported', 'tree 0'],
    ['nothing', {}, 'malformed', 'learner'],
    [
      'no trees',
      xgboostModel({ gradient_booster: { name: 'gbtree', model: {} } }),
      'malformed',
      'gradient_booster.model',
    ],
    ['a loop', withTree({ left_children: [1, 0, -1, -1, -1] }), 'malformed', 'does not come to an end'],
    ['a child that is not there', withTree({ right_children: [9, 4, -1, -1, -1] }), 'malformed', 'tree 0'],
    ['a child below nothing', withTree({ right_children: [-1, 4, -1, -1, -1] }), 'malformed', 'tree 0'],
    ['a list too short', withTree({ split_indices: [0] }), 'malformed', 'other lengths'],
    ['a feature that is not there', withTree({ split_indices: [7, 0, 0, 0, 0] }), 'malformed', 'feature 7 of 2'],
    ['categories without names', withTree({ split_type: [1, 0, 0, 0, 0] }), 'malformed', 'no categories of node 0'],
    [
      'categories beyond the list',
      withTree({ categories_nodes: [0], categories_segments: [0], categories_sizes: [4] }),
      'malformed',
      'categories it does not name',
    ],
    ['a base score', withParameters({ base_score: '1.5' }), 'malformed', 'base_score'],
    ['more classes than there are', withParameters({ num_class: '1000000000000' }), 'malformed', 'num_class'],
    ['a number of features', withParameters({ num_feature: '-1' }), 'malformed', 'num_feature'],
  ])('refuses %s that it does not know', (_, model, code, message) => {
    expect(() => importXgboost(JSON.stringify(model))).toThrow(
      expect.objectContaining({ name: 'XgboostError', code, message: expect.stringContaining(message) }),
    );
  });

  it('refuses what is not JSON', () => {
    expect(() => importXgboost('binf')).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
