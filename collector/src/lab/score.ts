// `lab score`: learns what is ordinary from one table, and says of each row of another how far it is from that.
import { scoreReconstruction, trainAutoencoder } from '../detect/models/autoencoder.ts';
import { growIsolationForest, scoreIsolation } from '../detect/models/isolation-forest.ts';
import { learnDensities, scoreOutliers } from '../detect/models/local-outlier-factor.ts';
import type { Matrix } from '../detect/models/matrix.ts';

/** Scores each row of `score` by what was learned from `train`; higher is more anomalous. Columns are the same. */
type Detector = (data: { train: Matrix; score: Matrix; seed: number }) => Float64Array;

export const DETECTORS: Readonly<Record<string, Detector>> = {
  'isolation-forest': ({ train, score, seed }) => scoreIsolation(growIsolationForest(train, { seed }), score),
  lof: ({ train, score, seed }) => scoreOutliers(learnDensities(train, { seed }), score),
  autoencoder: ({ train, score, seed }) =>
    scoreReconstruction(trainAutoencoder(train, { seed, whitened: true }), score),
};
