import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyBins,
  type BinnedTable,
  learnBins,
  type RawColumn,
} from '../../collector/src/detect/models/binned-table.ts';
import {
  classifyByBoosting,
  derivatives,
  toProbabilities,
  trainBoosting,
} from '../../collector/src/detect/models/boosted-trees.ts';
import { Parting } from '../../collector/src/detect/models/parting.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { classifyByForest, growForest } from '../../collector/src/detect/models/random-forest.ts';
import { answerAt, goesLeft } from '../../collector/src/detect/models/tree.ts';

function numbers(name: string, values: readonly number[]): RawColumn {
  return { kind: 'number', name, values: Float64Array.from(values) };
}

function texts(name: string, values: readonly (string | undefined)[]): RawColumn {
  return { kind: 'category', name, values };
}

function binned(columns: RawColumn[], rows: number): BinnedTable {
  return applyBins(learnBins(columns), columns, rows);
}

describe('bins', () => {
  it('keep the order of numbers, apart where there is room, and know what is missing', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 }), (values) => {
        const table = binned([numbers('x', [...values, Number.NaN])], values.length + 1);
        const bins = table.bins[0]!;
        expect(bins[values.length]).toBe(0);
        values.forEach((a, i) => {
          values.forEach((b, j) => {
            if (a < b) expect(bins[i]!).toBeLessThan(bins[j]!);
            if (a === b) expect(bins[i]).toBe(bins[j]);
          });
        });
      }),
      { numRuns: 30 },
    );
    const many = binned(
      [
        numbers(
          'x',
          Array.from({ length: 10_000 }, (_, at) => at),
        ),
      ],
      10_000,
    ).bins[0]!;
    for (let at = 1; at < many.length; at++) expect(many[at]! - many[at - 1]!).toBeGreaterThanOrEqual(0);
    expect(new Set(many).size).toBeGreaterThan(240);
  });

  it('are at most 254 that keep the order, whatever the values and the classes', () => {
    const value = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 3 }));
    const rows = fc.array(fc.tuple(value, fc.integer({ min: 0, max: 4 })), { minLength: 300, maxLength: 900 });
    fc.assert(
      fc.property(rows, (drawn) => {
        const column = numbers(
          'x',
          drawn.map(([x]) => x),
        );
        const learned = learnBins(
          [column],
          Uint16Array.from(drawn, ([, label]) => label),
        );
        const bins = applyBins(learned, [column], drawn.length).bins[0]!;
        const order = [...drawn.keys()].sort((a, b) => drawn[a]![0] - drawn[b]![0]);
        for (const [at, row] of order.entries()) {
          if (at > 0) expect(bins[row]!).toBeGreaterThanOrEqual(bins[order[at - 1]!]!);
        }
        expect(bins[order.at(-1)!]).toBeLessThanOrEqual(254);
      }),
      { numRuns: 30 },
    );
  });

  it('leave one to a value that most rows have, and tell the others apart', () => {
    const values = Array.from({ length: 10_000 }, (_, at) => (at < 9_000 ? 0 : at));
    expect(new Set(binned([numbers('bytes', values)], 10_000).bins[0]).size).toBeGreaterThan(200);
  });

  it('tell apart what only a rare class has: numbers of a narrow range, and texts', () => {
    const values = Array.from({ length: 20_000 }, (_, at) => at);
    const rare = (at: number) => at >= 7_000 && at < 7_020;
    const columns = [
      numbers('x', values),
      texts(
        'from',
        values.map((at) => (rare(at) ? `rare ${at}` : `common ${at % 300}`)),
      ),
    ];
    const labels = Uint16Array.from(values, (at) => Number(rare(at)));
    const [x, from] = applyBins(learnBins(columns, labels), columns, 20_000).bins;
    expect(new Set(x!.subarray(7_000, 7_020)).size).toBe(20);
    expect([x![6_999], x![7_020]]).not.toContain(x![7_000]);
    expect(from!.subarray(7_000, 7_020)).not.toContain(0);
  });

  it('are of the texts that were learned; others are missing', () => {
    const learned = learnBins([texts('x', ['a', 'b', 'a', undefined])]);
    expect([...applyBins(learned, [texts('x', ['a', 'b', 'c', undefined])], 4).bins[0]!]).toEqual([1, 2, 0, 0]);
  });
});

describe('boosted trees', () => {
  it('have the derivatives of the log loss that finite differences have', () => {
    for (const classes of [2, 4]) {
      const outputs = classes === 2 ? 1 : classes;
      const scores = Float64Array.from({ length: outputs }, (_, at) => 0.7 * at - 0.4);
      const labels = Uint16Array.of(1);
      const loss = (at: number, by: number) =>
        -Math.log(
          toProbabilities(
            scores.map((score, each) => (each === at ? score + by : score)),
            classes,
          )[1]!,
        );
      const { gradients, curvatures } = derivatives(scores, labels, classes);
      scores.forEach((_, at) => {
        expect(gradients[at]).toBeCloseTo((loss(at, 1e-5) - loss(at, -1e-5)) / 2e-5, 6);
        expect(curvatures[at]).toBeCloseTo((loss(at, 1e-3) - 2 * loss(at, 0) + loss(at, -1e-3)) / 1e-6, 4);
      });
    }
  });

  it('make the first cut that trying every cut of every column finds best, and answer with its weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.boolean()), {
          minLength: 4,
          maxLength: 24,
        }),
        (rows) => {
          const labels = Uint16Array.from(rows, ([, , label]) => Number(label));
          const table = binned(
            [
              numbers(
                'a',
                rows.map(([a]) => a),
              ),
              numbers(
                'b',
                rows.map(([, b]) => b),
              ),
            ],
            rows.length,
          );
          const options = {
            classes: 2,
            seed: 0,
            rounds: 1,
            depth: 1,
            learningRate: 1,
            lambda: 1,
            childWeightMin: 0,
            validationShare: 0,
          };
          const model = trainBoosting(table, labels, options);
          const { gradients, curvatures } = derivatives(new Float64Array(rows.length).fill(model.base[0]!), labels, 2);
          const sum = (chosen: number[]) => ({
            g: chosen.reduce((total, row) => total + gradients[row]!, 0),
            h: chosen.reduce((total, row) => total + curvatures[row]!, 0),
          });
          const score = ({ g, h }: { g: number; h: number }) => (g * g) / (h + 1);
          const all = rows.map((_, row) => row);
          let best = 0;
          for (const column of [0, 1] as const) {
            for (let cut = 0; cut < 5; cut++) {
              const left = all.filter((row) => rows[row]![column] <= cut);
              const right = all.filter((row) => rows[row]![column] > cut);
              if (left.length > 0 && right.length > 0) {
                best = Math.max(best, (score(sum(left)) + score(sum(right)) - score(sum(all))) / 2);
              }
            }
          }
          const tree = model.trees[0]!;
          const sides = new Map<number, number[]>();
          for (const row of all) {
            const at = answerAt(tree, table, row);
            sides.set(at, [...(sides.get(at) ?? []), row]);
          }
          const gain = ([...sides.values()].reduce((total, side) => total + score(sum(side)), 0) - score(sum(all))) / 2;
          expect(gain).toBeCloseTo(best, 6);
          for (const [at, side] of sides) expect(tree.leaves[at]).toBeCloseTo(-sum(side).g / (sum(side).h + 1), 6);
        },
      ),
    );
  });
});

describe.each([
  [
    'the random forest',
    (table: BinnedTable, labels: Uint16Array, classes: number, seed: number, asked: BinnedTable) =>
      classifyByForest(growForest(table, labels, { classes, seed, trees: 60 }), asked),
  ],
  [
    'boosting',
    (table: BinnedTable, labels: Uint16Array, classes: number, seed: number, asked: BinnedTable) =>
      classifyByBoosting(trainBoosting(table, labels, { classes, seed }), asked),
  ],
])('%s', (_, classify) => {
  const random = new Random(9);
  /** A rings of three classes, a category that helps and columns that do not. */
  const make = (count: number) => {
    const rows = Array.from({ length: count }, () => {
      const [x, y] = [random.normal(), random.normal()];
      const label = Math.hypot(x, y) < 0.8 ? 0 : Math.hypot(x, y) < 1.6 ? 1 : 2;
      return {
        x: random.uniform() < 0.05 ? Number.NaN : x,
        y,
        noise: random.normal(),
        text: label === 2 && x > 0 ? 'far' : `t${random.integer(3)}`,
        label,
      };
    });
    const columns = [
      numbers(
        'x',
        rows.map(({ x }) => x),
      ),
      numbers(
        'y',
        rows.map(({ y }) => y),
      ),
      numbers(
        'noise',
        rows.map(({ noise }) => noise),
      ),
      texts(
        'text',
        rows.map(({ text }) => text),
      ),
    ];
    return { columns, labels: Uint16Array.from(rows, ({ label }) => label) };
  };
  const train = make(1500);
  const asked = make(500);
  const learned = learnBins(train.columns);
  const tables = [applyBins(learned, train.columns, 1500), applyBins(learned, asked.columns, 500)] as const;

  it('learns what no line can tell apart, with probabilities that are kept to', () => {
    const found = classify(tables[0], train.labels, 3, 1, tables[1]);
    let right = 0;
    let claimed = 0;
    for (let row = 0; row < 500; row++) {
      const own = found.subarray(row * 3, row * 3 + 3);
      expect(own[0]! + own[1]! + own[2]!).toBeCloseTo(1, 9);
      const likeliest = own.indexOf(Math.max(...own));
      right += Number(likeliest === asked.labels[row]);
      claimed += own[likeliest]!;
    }
    expect(right / 500).toBeGreaterThan(0.85);
    expect(Math.abs(claimed - right) / 500).toBeLessThan(0.06);
    expect(classify(tables[0], train.labels, 3, 1, tables[1])).toEqual(found);
  });

  it('answers also where nothing can be learned', () => {
    const flat = binned([numbers('x', [1, 1, 1, 1])], 4);
    const [first = 0, second = 0] = classify(flat, Uint16Array.of(0, 0, 0, 1), 2, 1, flat);
    expect(first).toBeGreaterThan(second);
    const one = binned([numbers('x', [5])], 1);
    expect([...classify(one, Uint16Array.of(0), 2, 1, one)].every(Number.isFinite)).toBe(true);
  });
});

describe('a cut', () => {
  it.each([
    ['category', [1], [1, 0, 3, 4]],
    ['category', [2], [2]],
    ['number', [1], [1, 0]],
    ['number', [2], [2]],
  ] as const)('of a %s with %j on its left sends what no row here has with the most', (kind, leftBins, expected) => {
    const column = kind === 'number' ? numbers('x', [1, 2, 3, 4]) : texts('x', ['a', 'b', 'c', 'd']);
    const table = { columns: learnBins([column]), rows: 4, bins: [Uint8Array.of(1, 2, 1, 1)] };
    const parted = new Parting().part(Uint32Array.of(0, 1, 2, 3), table, { feature: 0, leftBins });
    expect(parted.boundary).toBe(leftBins[0] === 1 ? 3 : 1);
    expect(parted.leftBins.filter((bin) => bin <= 4)).toEqual(expected);
  });
});

describe('categories', () => {
  const random = new Random(4);

  it('are also cut by which of the rarer classes they go with', () => {
    // The commonest class tells nothing of the first ten categories from the last.
    const texted = Array.from({ length: 4000 }, () => random.integer(20));
    const labels = Uint16Array.from(texted, (text) => (random.uniform() < 0.8 ? 0 : text < 10 ? 1 : 2));
    const table = binned(
      [
        texts(
          'x',
          texted.map((text) => `t${text}`),
        ),
      ],
      4000,
    );
    const { trees } = growForest(table, labels, { classes: 3, seed: 1, trees: 20 });
    const bins = [...(table.columns[0]!.kind === 'category' ? table.columns[0]!.bins : [])];
    const apart = trees.filter(({ sets }) =>
      bins.every(([text, bin]) => goesLeft(sets, 0, bin) === (goesLeft(sets, 0, bins[0]![1]) === isLow(text, bins))),
    );
    expect(apart.length).toBeGreaterThan(0);
  });

  it('that mean nothing hardly change what boosting says of a rare class', () => {
    const make = (rows: number) => {
      const values = Array.from({ length: rows }, () => random.normal());
      const labels = Uint16Array.from(values, (value) => Number(value + random.normal() > 3));
      const noise = Array.from({ length: rows }, () => `t${random.integer(150)}`);
      return { labels, columns: [numbers('x', values), texts('noise', noise)] };
    };
    const [train, asked] = [make(2000), make(2000)];
    const lossWith = (count: number) => {
      const learned = learnBins(train.columns.slice(0, count));
      const model = trainBoosting(applyBins(learned, train.columns, 2000), train.labels, { classes: 2, seed: 1 });
      const said = classifyByBoosting(model, applyBins(learned, asked.columns, 2000));
      return asked.labels.reduce((sum, label, row) => sum - Math.log(said[row * 2 + label]!), 0) / 2000;
    };
    const without = lossWith(1);
    expect(lossWith(2)).toBeLessThan(without + 0.015);
  });
});

/** Whether a text is on the same side of ten as the first. */
function isLow(text: string, [first]: readonly (readonly [string, number])[]): boolean {
  return Number(text.slice(1)) < 10 === Number(first![0].slice(1)) < 10;
}
