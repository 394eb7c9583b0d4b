// `lab classify`: learns from rows whose class is known, and says the class of others.
import { applyBins, type BinnedTable, learnBins } from '../detect/models/binned-table.ts';
import { classifyByBoosting, trainBoosting } from '../detect/models/boosted-trees.ts';
import { growForestInThreads } from '../detect/models/forest-threads.ts';
import { classifyByForest } from '../detect/models/random-forest.ts';
import type { MixedTable } from './mixed-table.ts';

interface Task {
  train: BinnedTable;
  labels: Uint16Array;
  classes: number;
  score: BinnedTable;
  seed: number;
}

/** The probability of each class for each row of `score`, row after row. */
type Classifier = (task: Task) => Promise<Float64Array>;

export const CLASSIFIERS: Readonly<Record<string, Classifier>> = {
  'random-forest': async ({ train, labels, classes, score, seed }) =>
    classifyByForest(await growForestInThreads(train, labels, { classes, seed }), score),
  'boosted-trees': async ({ train, labels, classes, score, seed }) =>
    classifyByBoosting(trainBoosting(train, labels, { classes, seed }), score),
};

export interface Classified {
  /** The likeliest class and its probability. */
  label: string;
  probability: number;
}

/** The class of each row of `score` that could be read. */
export async function classify(
  classifier: Classifier,
  { train, score, seed }: { train: MixedTable; score: MixedTable; seed: number },
): Promise<Classified[]> {
  const names = [...new Set(train.labels)].sort();
  const numbers = new Map(names.map((name, number) => [name, number]));
  const labels = Uint16Array.from(train.labels, (label) => numbers.get(label)!);
  const learned = learnBins(train.columns, labels);
  const classes = Math.max(2, names.length);
  const probabilities = await classifier({
    train: applyBins(learned, train.columns, train.rows),
    labels,
    classes,
    score: applyBins(learned, score.columns, score.rows),
    seed,
  });
  return Array.from({ length: score.rows }, (_, row) => {
    const own = probabilities.subarray(row * classes, row * classes + names.length);
    const likeliest = own.indexOf(Math.max(...own));
    return { label: names[likeliest]!, probability: own[likeliest]! };
  });
}
