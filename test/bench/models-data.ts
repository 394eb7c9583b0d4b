// Data with known truth for the bench of models, each by a documented process from a seed.
import type { Matrix } from '../../collector/src/detect/models/matrix.ts';
import { Random } from '../../collector/src/detect/models/random.ts';

export interface Labelled {
  data: Matrix;
  /** 1 for an anomaly, or the class. */
  labels: Uint16Array;
}

type Row = (random: Random) => number[];

function tableOf(random: Random, parts: readonly { count: number; label: number; row: Row }[]): Labelled {
  const rows = parts.flatMap(({ count, label, row }) =>
    Array.from({ length: count }, () => ({ label, row: row(random) })),
  );
  const order = random.shuffle(Uint32Array.from(rows.keys()));
  const columns = rows[0]!.row.length;
  const values = new Float64Array(rows.length * columns);
  const labels = new Uint16Array(rows.length);
  order.forEach((from, to) => {
    values.set(rows[from]!.row, to * columns);
    labels[to] = rows[from]!.label;
  });
  return { data: { rows: rows.length, columns, values }, labels };
}

function vector(columns: number, each: (column: number) => number): number[] {
  return Array.from({ length: columns }, (_, column) => each(column));
}

/** Eight clusters of different size and width; anomalies lie anywhere between them. */
export function clusters(seed: number, rows: number, columns: number): Labelled {
  const random = new Random(seed);
  const centres = Array.from({ length: 8 }, () => vector(columns, () => random.uniform() * 20 - 10));
  const near: Row = () => {
    const which = random.integer(8);
    return vector(columns, (column) => centres[which]![column]! + random.normal() * (0.2 + 0.1 * which));
  };
  const anywhere: Row = () => vector(columns, () => random.uniform() * 24 - 12);
  return tableOf(random, [
    { count: Math.round(rows * 0.97), label: 0, row: near },
    { count: Math.round(rows * 0.03), label: 1, row: anywhere },
  ]);
}

/** Columns that depend on three hidden numbers; anomalies have the same columns, each from another row. */
export function dependent(seed: number, rows: number, columns: number): Labelled {
  const random = new Random(seed);
  const loads = Array.from({ length: columns }, () => vector(3, () => random.normal()));
  const value = (hidden: readonly number[], column: number) =>
    Math.tanh(loads[column]!.reduce((sum, load, at) => sum + load * hidden[at]!, 0)) + random.normal() * 0.05;
  const draw = () => vector(3, () => random.normal());
  const together: Row = () => {
    const hidden = draw();
    return vector(columns, (column) => value(hidden, column));
  };
  const apart: Row = () => vector(columns, (column) => value(draw(), column));
  return tableOf(random, [
    { count: Math.round(rows * 0.97), label: 0, row: together },
    { count: Math.round(rows * 0.03), label: 1, row: apart },
  ]);
}

/** Heavy tails (log-normal); anomalies have heavier ones. */
export function heavyTails(seed: number, rows: number, columns: number): Labelled {
  const random = new Random(seed);
  const tail =
    (width: number): Row =>
    () =>
      vector(columns, () => Math.exp(width * random.normal()));
  return tableOf(random, [
    { count: Math.round(rows * 0.97), label: 0, row: tail(1) },
    { count: Math.round(rows * 0.03), label: 1, row: tail(2) },
  ]);
}

/**
 * Classes by a third of the columns: each class is a mixture of four clusters in random directions, one row in fifty has another
 * label.
 */
export function classes(seed: number, rows: number, columns: number, count: number): Labelled {
  const random = new Random(seed);
  const telling = Math.ceil(columns / 3);
  const centres = Array.from({ length: count * 4 }, () => vector(telling, () => random.normal() * 1.2));
  const row =
    (label: number): Row =>
    () => {
      const centre = centres[label * 4 + random.integer(4)]!;
      return vector(columns, (column) => random.normal() + (column < telling ? centre[column]! : 0));
    };
  const made = tableOf(
    random,
    Array.from({ length: count }, (_, label) => ({ count: Math.round(rows / count), label, row: row(label) })),
  );
  for (let at = 0; at < made.labels.length; at++) if (random.uniform() < 0.02) made.labels[at] = random.integer(count);
  return made;
}

/** A series whose mean or variance changes at known places; noise, or noise that follows the value before. */
export function changing(seed: number): { values: Float64Array; changes: number[] } {
  const random = new Random(seed);
  const pull = seed % 2 === 0 ? 0 : 0.5;
  const values: number[] = [];
  const changes: number[] = [];
  let level = 0;
  let width = 1;
  let noise = 0;
  for (let stretch = 0; stretch < 1 + (seed % 5); stretch++) {
    if (stretch > 0) {
      changes.push(values.length);
      if (random.uniform() < 0.7) level += (random.uniform() < 0.5 ? -1 : 1) * (2 + 3 * random.uniform());
      else width = width > 1.5 ? 0.7 : 3;
    }
    const length = 60 + random.integer(140);
    for (let at = 0; at < length; at++) {
      noise = pull * noise + random.normal();
      values.push(level + width * noise);
    }
  }
  return { values: Float64Array.from(values), changes };
}

/** Programs as sequences of calls: each next call depends on the two before. Anomalies run a program nobody learned for a while. */
export function callSequences(seed: number, counts: { train: number; normal: number; odd: number }) {
  const random = new Random(seed);
  const program = () => {
    const next = new Map<number, number[]>();
    return (before: number, last: number) => {
      const key = before * 100 + last;
      if (!next.has(key))
        next.set(
          key,
          vector(3, () => random.integer(80)),
        );
      const choice = random.uniform();
      return next.get(key)![choice < 0.7 ? 0 : choice < 0.9 ? 1 : 2]!;
    };
  };
  const known = Array.from({ length: 6 }, program);
  const foreign = program();
  const run = (calls: number[], step: (before: number, last: number) => number, length: number) => {
    for (let at = 0; at < length; at++) calls.push(step(calls.at(-2)!, calls.at(-1)!));
    return calls;
  };
  const trace = (odd: boolean) => {
    const calls = run([random.integer(20), random.integer(20)], known[random.integer(6)]!, 60 + random.integer(200));
    if (odd) run(calls, foreign, 8 + random.integer(10));
    return run(calls, known[random.integer(6)]!, 60 + random.integer(200)).map(String);
  };
  const many = (count: number, odd: boolean) => Array.from({ length: count }, () => trace(odd));
  const score = [...many(counts.normal, false), ...many(counts.odd, true)];
  const labels = Uint16Array.from(score, (_, at) => (at < counts.normal ? 0 : 1));
  return { train: many(counts.train, false), score, labels };
}

/** Traffic with a daily season every five minutes, and three kinds of trouble: spikes, a level that shifts, a standstill. */
export function traffic(seed: number): { values: Float64Array; timesS: Float64Array; odd: Uint16Array } {
  const random = new Random(seed);
  const count = 4_000;
  const odd = new Uint16Array(count);
  const values = Float64Array.from({ length: count }, (_, at) => {
    return 50 + 20 * Math.sin((2 * Math.PI * at) / 288) + 2 * random.normal();
  });
  for (let event = 0; event < 4; event++) {
    const start = 900 + event * 700 + random.integer(500);
    const kind = (event + seed) % 3;
    const length = [1, 40, 40][kind]!;
    for (let at = start; at < start + length; at++) {
      if (kind === 0) values[at]! += 25;
      if (kind === 1) values[at]! += 12;
      if (kind === 2) values[at] = values[start]!;
      odd[at] = 1;
    }
  }
  return { values, timesS: Float64Array.from({ length: count }, (_, at) => 1.7e9 + 300 * at), odd };
}
