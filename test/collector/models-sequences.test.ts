import { describe, expect, it } from 'vitest';
import { ContextTree } from '../../collector/src/detect/models/context-tree.ts';
import {
  addGradients,
  emptyState,
  LstmTrainer,
  makeLstm,
  predictNext,
} from '../../collector/src/detect/models/lstm.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { scoreSequence, surprises, trainSequences } from '../../collector/src/detect/models/sequence-model.ts';

describe('the recurrent network', () => {
  it('learns by gradients that finite differences confirm', () => {
    const random = new Random(4);
    const network = makeLstm({ tokens: 5, inputs: 3, hidden: 4 }, random);
    const tokens = [1, 4, 0, 2, 2, 3];
    const state = { output: Float64Array.of(0.1, -0.2, 0.3, 0), cell: Float64Array.of(0.5, 0, -0.4, 0.2) };
    const gradients = new Float64Array(network.parameters.length);
    addGradients(network, tokens, state, gradients);
    const loss = () => addGradients(network, tokens, state, new Float64Array(gradients.length)).loss;
    network.parameters.forEach((parameter, at) => {
      network.parameters[at] = parameter + 1e-6;
      const above = loss();
      network.parameters[at] = parameter - 1e-6;
      expect(gradients[at]).toBeCloseTo((above - loss()) / 2e-6, 5);
      network.parameters[at] = parameter;
    });
  });

  it('remembers what no short context tells', () => {
    const network = makeLstm({ tokens: 4, inputs: 4, hidden: 8 }, new Random(1));
    const trainer = new LstmTrainer(network);
    // The last token is the first again, with the same ones in between.
    const examples = [
      [0, 2, 2, 2, 2, 0],
      [1, 2, 2, 2, 2, 1],
    ];
    for (let round = 0; round < 600; round++)
      for (const each of examples) trainer.learn(each, emptyState(network), 0.01);
    for (const each of examples) {
      const { after } = addGradients(
        network,
        each.slice(0, -1).concat(3),
        emptyState(network),
        new Float64Array(network.parameters.length),
      );
      expect(predictNext(network, after)[each[0]!]).toBeGreaterThan(0.9);
    }
  });
});

describe('counted contexts', () => {
  it('smooth as Witten and Bell do', () => {
    const contexts = new ContextTree(3);
    contexts.learn([0, 1, 0, 1, 0, 2]);
    // Of all: 0 three times, 1 twice, 2 once; three kinds. After 0: 1 twice, 2 once; two kinds.
    const alone = (count: number) => (count + 3 * (1 / 4)) / (6 + 3);
    expect(contexts.probability([2], 0)).toBeCloseTo(alone(1), 12);
    const before = contexts.probability([0, 1], 1);
    expect(before).toBeCloseTo((2 + 2 * alone(2)) / (3 + 2), 12);
    let sum = 0;
    for (const token of [0, 1, 2]) sum += contexts.probability([0, 1, 0, token], 3);
    expect(sum).toBeLessThanOrEqual(1);
    expect(sum).toBeGreaterThan(0.9);
  });
});

describe('a sequence model', () => {
  const random = new Random(2);
  const normal = (length: number) =>
    Array.from({ length }, (_, at) => ['open', 'read', random.uniform() < 0.2 ? 'stat' : 'write', 'close'][at % 4]!);
  const train = Array.from({ length: 40 }, () => normal(40));
  const model = trainSequences(train, 1);

  it('is surprised by another order, by another token, and by a short part of a long sequence', () => {
    const ordinary = Math.max(...Array.from({ length: 20 }, () => scoreSequence(model, normal(80))));
    expect(scoreSequence(model, normal(80).reverse())).toBeGreaterThan(ordinary);
    expect(
      scoreSequence(
        model,
        normal(80).map((token) => (token === 'stat' ? 'exec' : token)),
      ),
    ).toBeGreaterThan(ordinary);
    expect(
      scoreSequence(model, [...normal(40), 'write', 'open', 'open', 'close', 'close', 'read', ...normal(40)]),
    ).toBeGreaterThan(ordinary);
  });

  it('is the same for the same seed, and has a number for every sequence', () => {
    expect(scoreSequence(trainSequences(train, 1), ['open', 'close'])).toBe(scoreSequence(model, ['open', 'close']));
    for (const sequence of [[], ['never'], Array(500).fill('open')])
      expect(Number.isFinite(scoreSequence(model, sequence))).toBe(true);
    expect(surprises(model, ['open', 'never', 'read'])).toHaveLength(4);
  });
});
