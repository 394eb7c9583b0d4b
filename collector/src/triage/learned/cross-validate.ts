// Which learner to trust, and how far: each is asked about alerts that were raised after those it learned from.
import { applyBins, learnBins } from '../../detect/models/binned-table.ts';
import { calibrate, fitPlatt } from '../../detect/models/platt.ts';
import { brierScore, logLoss, type Said } from '../../detect/models/quality.ts';
import { toColumns } from './alert-facts.ts';
import type { Example } from './examples.ts';
import { CLASSES, LEARNERS, type Learned, type LearnerName } from './learners.ts';

/** Parts of equal size in the order of raising; all but the first are asked about. */
const BLOCKS = 6;
/** Of each kind, to learn from before a block: fewer say nothing. */
const LEAST_OF_A_KIND = 5;

export interface Fold {
  train: readonly Example[];
  test: readonly Example[];
}

export interface Folds {
  folds: Fold[];
  /** Whether only what was closed before the first alert of a block was learned from; else what was raised before it. */
  closedBefore: boolean;
}

/**
 * Of examples in the order they were raised. What was not closed when the block began would not have been known; where everything was
 * closed late there would be nothing to learn from, and what was raised before must do.
 */
export function timeFolds(examples: readonly Example[]): Folds {
  const strict = foldsOf(examples, (example, start) => example.closedAtUs < start);
  if (strict.length >= 2) return { folds: strict, closedBefore: true };
  return { folds: foldsOf(examples, () => true), closedBefore: false };
}

function foldsOf(examples: readonly Example[], known: (example: Example, startUs: number) => boolean): Fold[] {
  const folds: Fold[] = [];
  for (let block = 1; block < BLOCKS; block++) {
    const from = Math.floor((block * examples.length) / BLOCKS);
    const test = examples.slice(from, Math.floor(((block + 1) * examples.length) / BLOCKS));
    if (test.length === 0) continue;
    const train = examples.slice(0, from).filter((example) => known(example, test[0]!.raisedAtUs));
    const real = train.filter((example) => example.real).length;
    if (Math.min(real, train.length - real) >= LEAST_OF_A_KIND) folds.push({ train, test });
  }
  return folds;
}

/** What was said of the examples of one fold, and what their share of real ones before would have said. */
interface Answered {
  said: Said[];
  base: number;
}

export interface Comparison {
  name: LearnerName;
  /** What it said of all folds, uncalibrated. */
  said: Said[];
  /** What was said of the later folds, calibrated by what was said of those before. */
  calibrated: Said[];
  /** The same alerts with the share of real ones among those learned from. */
  byShare: Said[];
  loss: number;
}

/** Each learner on all folds, the best first: by log loss of what it says calibrated. At least two folds. */
export function compareLearners(folds: readonly Fold[], seed: number, done: () => void): Comparison[] {
  const compared = (Object.keys(LEARNERS) as LearnerName[]).map((name): Comparison => {
    const answered = folds.map((fold) => {
      const answer = ask(name, fold, seed);
      done();
      return answer;
    });
    const calibrated = answered.slice(1).flatMap(({ said }, at) => {
      const before = answered.slice(0, at + 1).flatMap((each) => each.said);
      return calibrateAll(before, said);
    });
    const byShare = answered
      .slice(1)
      .flatMap(({ said, base }) => said.map(({ real }) => ({ probability: base, real })));
    return { name, said: answered.flatMap(({ said }) => said), calibrated, byShare, loss: logLoss(calibrated) };
  });
  return compared.sort((a, b) => a.loss - b.loss || brierScore(a.calibrated) - brierScore(b.calibrated));
}

function ask(name: LearnerName, { train, test }: Fold, seed: number): Answered {
  const { learned, columns } = learnFrom(name, train, seed);
  const table = applyBins(columns, toColumns(test.map(({ facts }) => facts)), test.length);
  const probabilities = learned.classify(table);
  const said = test.map(({ real }, row) => ({ probability: probabilities[row * CLASSES + 1]!, real }));
  return { said, base: train.filter(({ real }) => real).length / train.length };
}

export function learnFrom(name: LearnerName, examples: readonly Example[], seed: number): LearnedFrom {
  const raw = toColumns(examples.map(({ facts }) => facts));
  const labels = Uint16Array.from(examples, ({ real }) => (real ? 1 : 0));
  const columns = learnBins(raw, labels);
  return { learned: LEARNERS[name].learn(applyBins(columns, raw, examples.length), labels, seed), columns };
}

interface LearnedFrom {
  learned: Learned;
  columns: ReturnType<typeof learnBins>;
}

function calibrateAll(before: readonly Said[], said: readonly Said[]): Said[] {
  const probabilities = before.map(({ probability }) => probability);
  const scale = fitPlatt(
    probabilities,
    before.map(({ real }) => real),
  );
  return said.map(({ probability, real }) => ({ probability: calibrate(scale, probability), real }));
}
