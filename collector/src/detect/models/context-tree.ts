// Which token comes next, by what came after the same tokens before: contexts of every length up to a few, each smoothed by
// the next shorter one (Witten and Bell, "The Zero-Frequency Problem", IEEE Transactions on Information Theory 37, 1991; method C).
//
// Form: a context is a node, 0 the empty one; `#nodes` finds the node of a longer context by the shorter one's and the token
// before it. `#counts` has how often a node was followed by a token; of each node all of these are `#totals`, different ones `#kinds`.
import { type PairEntries, PairTable } from './pair-table.ts';

const CONTEXT_MAX = 5;
/** Contexts beyond this many are not kept: what was seen first stays. */
const NODES_MAX = 3_000_000;

/** A tree, to be kept. */
export interface ContextTreeState {
  tokens: number;
  contextMax: number;
  nodes: PairEntries;
  counts: PairEntries;
  totals: Uint32Array;
  kinds: Uint32Array;
}

/** What came after the tokens before a place. */
export interface Followers {
  /** How many tokens of the context. */
  length: number;
  /** How often something came after it, how often the token of the place, and what came most often. */
  total: number;
  count: number;
  commonest: number[];
}

export class ContextTree {
  readonly #tokens: number;
  readonly #contextMax: number;
  readonly #nodes = new PairTable();
  readonly #counts = new PairTable();
  #totals = new Uint32Array(1024);
  #kinds = new Uint32Array(1024);
  #size = 1;

  /** Tokens are numbers below `tokens`. */
  constructor(tokens: number, contextMax = CONTEXT_MAX) {
    this.#tokens = tokens;
    this.#contextMax = contextMax;
  }

  static of({ tokens, contextMax, nodes, counts, totals, kinds }: ContextTreeState): ContextTree {
    const tree = new ContextTree(tokens, contextMax);
    tree.#nodes.restore(nodes);
    tree.#counts.restore(counts);
    tree.#totals = Uint32Array.from(totals);
    tree.#kinds = Uint32Array.from(kinds);
    tree.#size = totals.length;
    return tree;
  }

  state(): ContextTreeState {
    return {
      tokens: this.#tokens,
      contextMax: this.#contextMax,
      nodes: this.#nodes.entries(),
      counts: this.#counts.entries(),
      totals: this.#totals.slice(0, this.#size),
      kinds: this.#kinds.slice(0, this.#size),
    };
  }

  learn(sequence: ArrayLike<number>): void {
    for (let at = 0; at < sequence.length; at++) {
      const token = sequence[at]!;
      let node = 0;
      this.#count(node, token);
      for (let back = 1; back <= this.#contextMax && at - back >= 0; back++) {
        const longer = this.#extend(node, sequence[at - back]!);
        if (longer === undefined) break;
        node = longer;
        this.#count(node, token);
      }
    }
  }

  /** The probability of the token at a place of a sequence after those before it; never 0. */
  probability(sequence: ArrayLike<number>, at: number): number {
    const token = sequence[at]!;
    let probability = 1 / (this.#tokens + 1);
    let node: number | undefined = 0;
    for (let back = 1; node !== undefined; back++) {
      const total = this.#totals[node]!;
      const kinds = this.#kinds[node]!;
      if (total > 0) probability = ((this.#counts.get(node, token) ?? 0) + kinds * probability) / (total + kinds);
      node = at - back >= 0 && back <= this.#contextMax ? this.#nodes.get(node, sequence[at - back]!) : undefined;
    }
    return probability;
  }

  /** Of the longest context before a place that was seen at least `least` times; of none where not even the empty one was. */
  followers(sequence: ArrayLike<number>, at: number, { least, most }: { least: number; most: number }): Followers {
    let node = 0;
    let length = 0;
    for (let back = 1; at - back >= 0 && back <= this.#contextMax; back++) {
      const longer = this.#nodes.get(node, sequence[at - back]!);
      if (longer === undefined || this.#totals[longer]! < least) break;
      node = longer;
      length = back;
    }
    const counted: [token: number, count: number][] = [];
    for (let token = 0; token < this.#tokens; token++) {
      const count = this.#counts.get(node, token);
      if (count !== undefined) counted.push([token, count]);
    }
    counted.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const commonest = counted.slice(0, most).map(([token]) => token);
    return { length, total: this.#totals[node]!, count: this.#counts.get(node, sequence[at]!) ?? 0, commonest };
  }

  #count(node: number, token: number): void {
    const before = this.#counts.get(node, token);
    this.#counts.set(node, token, (before ?? 0) + 1);
    this.#totals[node]!++;
    if (before === undefined) this.#kinds[node]!++;
  }

  #extend(node: number, before: number): number | undefined {
    const known = this.#nodes.get(node, before);
    if (known !== undefined || this.#size >= NODES_MAX) return known;
    if (this.#size === this.#totals.length) {
      this.#totals = twice(this.#totals);
      this.#kinds = twice(this.#kinds);
    }
    this.#nodes.set(node, before, this.#size);
    return this.#size++;
  }
}

function twice(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}
