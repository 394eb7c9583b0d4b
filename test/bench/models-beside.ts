// Quality and speed of every model's algorithm on generated data with known truth, beside scikit-learn on the same data in the
// same run where python3-sklearn is installed. One core: all seconds are of CPU time.
import { comparisons } from './models-algorithms.ts';
import { runSklearn, sklearnVersion } from './models-sklearn.ts';
import { printFigure, round } from './report.ts';

export interface AlgorithmReport extends Record<string, unknown> {
  /** Of scikit-learn, or `skipped`. */
  sklearn: string;
  models: Record<string, unknown>;
  /** By name: their seconds over ours. */
  speedVsSklearn: Record<string, number>;
}

/** Runs those whose name has this part and prints what came of it. */
export function reportAlgorithms(part: string): AlgorithmReport {
  const chosen = comparisons().filter(({ name }) => name.includes(part));
  const version = sklearnVersion();
  if (!version) console.log('scikit-learn: skipped, python3-sklearn is not installed');
  const theirs = version ? runSklearn(chosen.flatMap(({ task }) => task ?? [])) : new Map();
  const models: Record<string, unknown> = {};
  const speedVsSklearn: Record<string, number> = {};
  for (const { name, run, judge } of chosen) {
    const { seconds, ...ours } = run();
    const other = theirs.get(name);
    const quality = other && judge?.(other);
    models[name] = { ...ours, ...(quality && { sklearnQuality: quality }) };
    if (other) speedVsSklearn[name] = round((other.trainS + other.scoreS) / seconds);
    const beside = other
      ? `   scikit-learn ${JSON.stringify(quality)}, we are ${speedVsSklearn[name]} times as fast`
      : '';
    printFigure(name, `${JSON.stringify(ours.quality)} in ${round(seconds)} CPU s${beside}`);
  }
  return { sklearn: version ?? 'skipped', models, speedVsSklearn };
}
