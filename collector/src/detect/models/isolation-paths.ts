// The trees of an isolation forest as they are walked: row after row, by many callers in turn, so that what a path touches is mostly
// not in the processor's caches.
//
// Form: a node is NODE_BYTES: its threshold (double), its feature and its right child (int32); its left child is the next node, as trees
// are grown depth first. A leaf is its own child, whatever the row has: no value is below -Infinity. All trees are walked for as many
// steps as the deepest has, four side by side and without a branch that depends on a value: their loads wait together.
import type { IsolationForest } from './isolation-forest.ts';

const NODE_BYTES = 16;
const NODE_DOUBLES = 2;
const NODE_WORDS = 4;
const FEATURE = 2;
const RIGHT = 3;

export class IsolationPaths {
  readonly #thresholds: Float64Array;
  readonly #words: Int32Array;
  readonly #depths: Float64Array;
  readonly #roots: Int32Array;
  readonly #steps: number;

  constructor({ roots, features, thresholds, rights, depths, sampleSize }: IsolationForest) {
    const room = new ArrayBuffer(features.length * NODE_BYTES);
    this.#thresholds = new Float64Array(room);
    this.#words = new Int32Array(room);
    this.#depths = depths;
    this.#roots = roots;
    this.#steps = Math.ceil(Math.log2(Math.max(2, sampleSize)));
    for (let node = 0; node < features.length; node++) {
      const leaf = features[node]! < 0;
      this.#thresholds[node * NODE_DOUBLES] = leaf ? Number.NEGATIVE_INFINITY : thresholds[node]!;
      this.#words[node * NODE_WORDS + FEATURE] = leaf ? 0 : features[node]!;
      this.#words[node * NODE_WORDS + RIGHT] = leaf ? node : rights[node]!;
    }
  }

  /** The lengths of the paths of a row through all trees, summed; the row begins at a place of `values`, none of which is NaN. */
  lengthOf(values: Float64Array, at: number): number {
    const roots = this.#roots;
    const depths = this.#depths;
    const steps = this.#steps;
    let sum = 0;
    let tree = 0;
    for (; tree + 3 < roots.length; tree += 4) {
      let first = roots[tree]!;
      let second = roots[tree + 1]!;
      let third = roots[tree + 2]!;
      let fourth = roots[tree + 3]!;
      for (let step = 0; step < steps; step++) {
        first = this.#childOf(first, values, at);
        second = this.#childOf(second, values, at);
        third = this.#childOf(third, values, at);
        fourth = this.#childOf(fourth, values, at);
      }
      sum += depths[first]!;
      sum += depths[second]!;
      sum += depths[third]!;
      sum += depths[fourth]!;
    }
    for (; tree < roots.length; tree++) {
      let node = roots[tree]!;
      for (let step = 0; step < steps; step++) node = this.#childOf(node, values, at);
      sum += depths[node]!;
    }
    return sum;
  }

  #childOf(node: number, values: Float64Array, at: number): number {
    const right = this.#words[node * NODE_WORDS + RIGHT]!;
    const feature = this.#words[node * NODE_WORDS + FEATURE]!;
    const isLeft = +(values[at + feature]! < this.#thresholds[node * NODE_DOUBLES]!);
    return right ^ ((right ^ (node + 1)) & -isLeft);
  }
}
