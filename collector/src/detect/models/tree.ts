// A decision tree over bins, as the forest and boosting grow it.
//
// Form: nodes in arrays, the root is 0. A node with `features[n]` >= 0 sends a row left where the bit of its bin is set in the
// 256 bits from `sets[n * 8]` on; so a cut through numbers, a choice of categories and where missing values go are one thing.
// A leaf has feature -1 and its answer in `leaves`, `width` numbers from `answers[n] * width` on.
import { type BinnedTable, MISSING_BIN } from './binned-table.ts';

export interface Tree {
  features: Int32Array;
  lefts: Int32Array;
  rights: Int32Array;
  sets: Uint32Array;
  answers: Int32Array;
  leaves: Float64Array;
  width: number;
}

const LEAF = -1;
const SET_WORDS = 8;

export class TreeBuilder {
  readonly #width: number;
  readonly #features: number[] = [];
  readonly #lefts: number[] = [];
  readonly #rights: number[] = [];
  readonly #sets: number[] = [];
  readonly #answers: number[] = [];
  readonly #leaves: number[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** A node that is a leaf until it is split or given an answer. */
  addNode(): number {
    this.#features.push(LEAF);
    this.#lefts.push(0);
    this.#rights.push(0);
    this.#answers.push(0);
    for (let word = 0; word < SET_WORDS; word++) this.#sets.push(0);
    return this.#features.length - 1;
  }

  /** Makes a node ask whether a row's bin of `feature` is among `leftBins`; gives its children. */
  split(node: number, feature: number, leftBins: Iterable<number>): { left: number; right: number } {
    this.#features[node] = feature;
    for (const bin of leftBins) this.#sets[node * SET_WORDS + (bin >> 5)]! |= 1 << (bin & 31);
    const left = this.addNode();
    const right = this.addNode();
    this.#lefts[node] = left;
    this.#rights[node] = right;
    return { left, right };
  }

  answer(node: number, values: ArrayLike<number>): void {
    this.#answers[node] = this.#leaves.length / this.#width;
    for (let at = 0; at < this.#width; at++) this.#leaves.push(values[at]!);
  }

  build(): Tree {
    return {
      features: Int32Array.from(this.#features),
      lefts: Int32Array.from(this.#lefts),
      rights: Int32Array.from(this.#rights),
      sets: Uint32Array.from(this.#sets),
      answers: Int32Array.from(this.#answers),
      leaves: Float64Array.from(this.#leaves),
      width: this.#width,
    };
  }
}

/** Whether the bin is in the set of this node. */
export function goesLeft(sets: Uint32Array, node: number, bin: number): boolean {
  return ((sets[node * SET_WORDS + (bin >> 5)]! >>> (bin & 31)) & 1) === 1;
}

/** Where the answer for a row begins in `leaves`. */
export function answerAt(tree: Tree, { bins }: BinnedTable, row: number): number {
  const { features, lefts, rights, sets } = tree;
  let node = 0;
  for (let feature = features[0]!; feature >= 0; feature = features[node]!) {
    node = goesLeft(sets, node, bins[feature]![row]!) ? lefts[node]! : rights[node]!;
  }
  return tree.answers[node]! * tree.width;
}

/**
 * The bins that go left where the rows of some of them do: of categories these; of numbers also those between and below them,
 * which no row of this node has but another may, up to the middle before `next`, the lowest bin of numbers that goes right.
 */
export function leftOf(kind: 'number' | 'category', bins: readonly number[], next?: number): number[] {
  if (kind === 'category') return [...bins];
  const highest = Math.max(...bins);
  const last = next !== undefined && next > highest && highest > MISSING_BIN ? (highest + next - 1) >> 1 : highest;
  const missing = bins.includes(MISSING_BIN) ? [MISSING_BIN] : [];
  return [...missing, ...Array.from({ length: last }, (_, at) => at + 1)];
}
