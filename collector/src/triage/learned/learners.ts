// What can learn from verdicts, as cross-validation compares them.
import type { BinnedColumn, BinnedTable } from '../../detect/models/binned-table.ts';
import { classifyByBoosting, trainBoosting } from '../../detect/models/boosted-trees.ts';
import { exportBoosting, exportForest } from '../../detect/models/onnx/export-trees.ts';
import { classifyByForest, growForest } from '../../detect/models/random-forest.ts';

/** Alerts are either real or not. */
export const CLASSES = 2;

/** Verdicts are few and some are wrong: small trees, and enough of them that the next would change nothing. */
const FOREST_TREES = 100;
const BOOSTING = { rounds: 80, depth: 3, learningRate: 0.1, validationShare: 0 } as const;

export interface Learned {
  /** Probabilities of both classes for each row. */
  classify(table: BinnedTable): Float64Array;
  export(columns: readonly BinnedColumn[]): Uint8Array;
}

export type LearnerName = 'random-forest' | 'boosted-trees';

interface Learner {
  parameters: Record<string, number>;
  learn(table: BinnedTable, labels: Uint16Array, seed: number): Learned;
}

export const LEARNERS: Readonly<Record<LearnerName, Learner>> = {
  'random-forest': {
    parameters: { trees: FOREST_TREES },
    learn(table, labels, seed) {
      const forest = growForest(table, labels, { classes: CLASSES, seed, trees: FOREST_TREES });
      return {
        classify: (rows) => classifyByForest(forest, rows),
        export: (columns) => exportForest(forest, columns),
      };
    },
  },
  'boosted-trees': {
    parameters: BOOSTING,
    learn(table, labels, seed) {
      const boosted = trainBoosting(table, labels, { classes: CLASSES, seed, ...BOOSTING });
      return {
        classify: (rows) => classifyByBoosting(boosted, rows),
        export: (columns) => exportBoosting(boosted, columns),
      };
    },
  },
};
