// From verdicts to a model. Pure: the same verdicts and seed give the same model.
import type { BinnedColumn } from '../../detect/models/binned-table.ts';
import { valuesOf } from '../../detect/models/onnx/export-trees.ts';
import { fitPlatt, type PlattScale } from '../../detect/models/platt.ts';
import { brierScore, calibrationError, logLoss, rocAuc } from '../../detect/models/quality.ts';
import { Random } from '../../detect/models/random.ts';
import { TRIAGE_FEATURES, toColumns } from './alert-facts.ts';
import { compareLearners, learnFrom, timeFolds } from './cross-validate.ts';
import type { Example } from './examples.ts';
import { LEARNERS, type Learned, type LearnerName } from './learners.ts';

/** Verdicts of each kind before anything is learned: below it the share alone is off by a fifth. */
export const VERDICTS_LEAST = 25;
/** Ordinary alerts that take the place of what is explained, to see what it did. */
const BACKGROUND_ROWS = 8;

/** What is kept of a model: with it and onnxruntime an alert is scored. */
export interface TriageBody {
  learner: LearnerName;
  onnx: Uint8Array;
  columns: BinnedColumn[];
  scale: PlattScale;
  verdicts: number;
  /** Rows as the model takes them, one after the other. */
  background: Float64Array;
}

export interface LearnedTriage {
  body: TriageBody;
  learned: Learned;
  parameters: Record<string, number | string>;
  /** Of alerts raised after those it learned from: see `measureTriage`. */
  metrics: Record<string, number>;
}

/** Undefined where too few are of one kind, or those of one kind came all at once. Examples in the order they were raised. */
export function learnTriage(
  examples: readonly Example[],
  { seed, progress }: { seed: number; progress: (done: number, total: number) => void },
): LearnedTriage | undefined {
  const real = examples.filter((example) => example.real).length;
  const { folds, closedBefore } = timeFolds(examples);
  if (Math.min(real, examples.length - real) < VERDICTS_LEAST || folds.length < 2) return undefined;
  const names = Object.keys(LEARNERS).length;
  let trained = 0;
  const step = () => progress(++trained, folds.length * names + 1);
  const compared = compareLearners(folds, seed, step);
  const best = compared[0]!;
  const { learned, columns } = learnFrom(best.name, examples, seed);
  step();
  const scale = fitPlatt(
    best.said.map(({ probability }) => probability),
    best.said.map((each) => each.real),
  );
  const raw = toColumns(examples.map(({ facts }) => facts));
  const values = valuesOf(columns, raw, examples.length);
  const width = TRIAGE_FEATURES.length;
  const drawn = new Random(seed).sample(Math.min(BACKGROUND_ROWS, examples.length), examples.length);
  const background = new Float64Array(drawn.length * width);
  for (const [at, row] of drawn.entries()) background.set(values.subarray(row * width, (row + 1) * width), at * width);
  const onnx = learned.export(columns);
  return {
    learned,
    body: { learner: best.name, onnx, columns, scale, verdicts: examples.length, background },
    parameters: {
      learner: best.name,
      ...LEARNERS[best.name].parameters,
      folds: folds.length,
      foldsLearnFrom: closedBefore ? 'closed before' : 'raised before',
      plattSlope: scale.slope,
      plattOffset: scale.offset,
    },
    metrics: {
      ...measureTriage(best.calibrated),
      brierByShare: brierScore(best.byShare),
      ...Object.fromEntries(compared.map(({ name, loss }) => [`logLoss ${name}`, loss])),
    },
  };
}

/** Of probabilities and what the alerts were found to be. */
export function measureTriage(said: readonly { probability: number; real: boolean }[]): Record<string, number> {
  const auc = rocAuc(said);
  return {
    alertsHeldOut: said.length,
    brier: brierScore(said),
    logLoss: logLoss(said),
    ...(Number.isFinite(auc) && { rocAuc: auc }),
    calibrationError: calibrationError(said),
  };
}
