import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContextTree } from '../../collector/src/detect/models/context-tree.ts';
import {
  addGradients,
  emptyState,
  LstmTrainer,
  makeLstm,
  predictNext,
} from '../../collector/src/detect/models/lstm.ts';
import { PairTable } from '../../collector/src/detect/models/pair-table.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { scoreSequence, surprises, trainSequences } from '../../collector/src/detect/models/sequence-model.ts';
import { learnUsual, rarityOf } from '../../collector/src/detect/models/surprise-rarity.ts';
import { scoreSequences } from '../../collector/src/lab/score-sequences.ts';

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

describe('a table of pairs', () => {
  it('is what a map is', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(2 ** 31), fc.nat(9)), { maxLength: 3_000 }), (pairs) => {
        const table = new PairTable();
        const map = new Map<string, number>();
        for (const [first, second, number] of pairs) {
          table.set(first, second % 60, number);
          map.set(`${first} ${second % 60}`, number);
        }
        expect(table.size).toBe(map.size);
        for (const [key, number] of map) {
          const [first, second] = key.split(' ').map(Number) as [number, number];
          expect(table.get(first, second)).toBe(number);
        }
        expect(table.get(51, 0)).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });
});

describe('how rare surprises are', () => {
  const random = new Random(1);
  const ordinary = (length: number) => Float64Array.from({ length }, () => 2 + random.uniform());
  const usual = learnUsual(Array.from({ length: 200 }, () => ordinary(60)));

  it('grows with what is surprising as a whole or in part, and is about nothing for what is ordinary', () => {
    const rarities = Array.from({ length: 200 }, () => rarityOf(ordinary(60), usual)).sort((a, b) => a - b);
    expect(rarities[100]).toBeLessThan(1);
    const whole = ordinary(60).map((bits) => bits + 1);
    const part = ordinary(60);
    part.fill(9, 20, 25);
    const more = part.slice();
    more.fill(12, 20, 25);
    expect(rarityOf(whole, usual)).toBeGreaterThan(rarities.at(-1)!);
    expect(rarityOf(part, usual)).toBeGreaterThan(rarities.at(-1)!);
    expect(rarityOf(more, usual)).toBeGreaterThan(rarityOf(part, usual));
  });

  it('is a number for anything', () => {
    for (const bits of [new Float64Array(0), Float64Array.of(0), ordinary(5_000)])
      expect(Number.isFinite(rarityOf(bits, usual))).toBe(true);
    expect(Number.isFinite(rarityOf(ordinary(3), learnUsual([Float64Array.of(1)])))).toBe(true);
    expect(Number.isFinite(rarityOf(ordinary(3), learnUsual([new Float64Array(9)])))).toBe(true);
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

  it('asks a network where it remembers what the contexts cannot, and onnxruntime reads it as we do', async () => {
    const flow = (kind: number, end: number) => [
      `open${kind}`,
      ...Array.from({ length: 8 + random.integer(4) }, () => `step${random.integer(2)}`),
      `close${end}`,
    ];
    const known = Array.from({ length: 400 }, () => random.integer(2)).map((kind) => flow(kind, kind));
    const remembering = trainSequences(known, 3);
    expect(remembering.recurrent?.weight).toBeGreaterThan(0);
    const [right, wrong] = [flow(0, 0), flow(0, 1)];
    expect(scoreSequence(remembering, wrong)).toBeGreaterThan(scoreSequence(remembering, right) + 0.5);
    const read = await scoreSequences(remembering, [right, wrong, []]);
    [right, wrong, []].forEach((sequence, at) => {
      expect(read[at]).toBeCloseTo(scoreSequence(remembering, sequence), 4);
    });
  });

  it('is the same for the same seed, and has a number for every sequence', () => {
    expect(scoreSequence(trainSequences(train, 1), ['open', 'close'])).toBe(scoreSequence(model, ['open', 'close']));
    for (const sequence of [[], ['never'], Array(500).fill('open')])
      expect(Number.isFinite(scoreSequence(model, sequence))).toBe(true);
    expect(surprises(model, ['open', 'never', 'read'])).toHaveLength(4);
  });
});
