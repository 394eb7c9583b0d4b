// What `fillMissing` and `standardise` do, as nodes of a graph.
import type { Scale } from '../matrix.ts';
import type { ModelWriter } from './model-writer.ts';

/** Values ([rows, columns] of doubles) whose missing ones are the medians. */
export function medianWhereMissing(model: ModelWriter, values: string, { medians }: Scale): string {
  const middle = model.constant({ type: 'double', shape: [medians.length], values: medians });
  return model.node('Where', [model.node('IsNaN', [values]), middle, values]);
}

/** Values at mean 0 and deviation 1 by what was learned. */
export function standardWhereFilled(model: ModelWriter, values: string, scale: Scale): string {
  const row = (numbers: Float64Array) => model.constant({ type: 'double', shape: [numbers.length], values: numbers });
  const filled = medianWhereMissing(model, values, scale);
  return model.node('Div', [model.node('Sub', [filled, row(scale.means)]), row(scale.deviations)]);
}
