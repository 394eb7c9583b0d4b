// Which token comes next, by what came after the same tokens before: contexts of every length up to a few, each smoothed by
// the next shorter one (Witten and Bell, "The Zero-Frequency Problem", IEEE Transactions on Information Theory 37, 1991; method C).
//
// Form: a context is a node; `#nodes` finds the node of a longer context by the shorter one's and the token before it. A node has
// how often it was followed by each token.
const CONTEXT_MAX = 5;
/** Contexts beyond this many are not kept: what was seen first stays. */
const NODES_MAX = 2_000_000;

interface Context {
  total: number;
  counts: Map<number, number>;
}

export class ContextTree {
  readonly #tokens: number;
  readonly #nodes = new Map<number, number>();
  readonly #contexts: Context[] = [{ total: 0, counts: new Map() }];

  /** Tokens are numbers below `tokens`. */
  constructor(tokens: number) {
    this.#tokens = tokens;
  }

  learn(sequence: ArrayLike<number>): void {
    for (let at = 0; at < sequence.length; at++) {
      const token = sequence[at]!;
      let node = 0;
      this.#count(node, token);
      for (let back = 1; back <= CONTEXT_MAX && at - back >= 0; back++) {
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
      const { total, counts } = this.#contexts[node]!;
      if (total > 0) probability = ((counts.get(token) ?? 0) + counts.size * probability) / (total + counts.size);
      node =
        at - back >= 0 && back <= CONTEXT_MAX ? this.#nodes.get(this.#keyOf(node, sequence[at - back]!)) : undefined;
    }
    return probability;
  }

  #count(node: number, token: number): void {
    const context = this.#contexts[node]!;
    context.total++;
    context.counts.set(token, (context.counts.get(token) ?? 0) + 1);
  }

  #extend(node: number, before: number): number | undefined {
    const key = this.#keyOf(node, before);
    const known = this.#nodes.get(key);
    if (known !== undefined || this.#contexts.length >= NODES_MAX) return known;
    this.#nodes.set(key, this.#contexts.length);
    this.#contexts.push({ total: 0, counts: new Map() });
    return this.#contexts.length - 1;
  }

  #keyOf(node: number, token: number): number {
    return node * this.#tokens + token;
  }
}
