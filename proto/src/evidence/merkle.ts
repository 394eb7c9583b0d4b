// Merkle trees as RFC 9162 section 2.1 defines them (RFC 6962 had the same hashes): pure functions over hashes.
//
// A range [from, to) of leaves that an algorithm of the RFC names is made of perfect subtrees, whose roots never change once
// their leaves are there. They are what a log stores, by level and position: the node (level, position) covers the leaves
// position * 2^level to (position + 1) * 2^level - 1.
import { createHash } from 'node:crypto';

export interface NodePlace {
  level: number;
  position: number;
}

interface LeafRange {
  from: number;
  to: number;
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Of no leaves (RFC 9162 2.1.1). */
export const EMPTY_ROOT: Uint8Array = createHash('sha256').digest();

export function leafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(leaf).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The perfect subtrees that a range is made of, left to right; those of [0, n) are all a tree of n leaves needs to grow. */
export function perfectParts(from: number, to: number): NodePlace[] {
  const parts: NodePlace[] = [];
  for (let at = from; at < to; ) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level++;
    parts.push({ level, position: at / 2 ** level });
    at += 2 ** level;
  }
  return parts;
}

/** The root over perfect subtrees, left to right, each larger than the next. */
export function joinParts(roots: readonly Uint8Array[]): Uint8Array {
  return (
    roots.reduceRight<Uint8Array | undefined>((right, left) => (right ? nodeHash(left, right) : left), undefined) ??
    EMPTY_ROOT
  );
}

/** The root over the hashes of leaves, in memory of their number's logarithm beside them. */
export function rootOf(leafHashes: readonly Uint8Array[]): Uint8Array {
  const growing = new GrowingTree(0, []);
  for (const hash of leafHashes) growing.append(hash);
  return growing.root();
}

/** A tree that is only appended to: what is kept in memory are the perfect subtrees it is made of. */
export class GrowingTree {
  #size: number;
  readonly #roots: { level: number; hash: Uint8Array }[];

  /** Goes on with a tree of `size` leaves; `roots` are those of `perfectParts(0, size)`. */
  constructor(size: number, roots: readonly Uint8Array[]) {
    this.#size = size;
    this.#roots = perfectParts(0, size).map(({ level }, index) => ({ level, hash: roots[index]! }));
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a leaf; returns every node that is complete with it, the leaf first. */
  append(hash: Uint8Array): (NodePlace & { hash: Uint8Array })[] {
    const made = [{ level: 0, position: this.#size, hash }];
    let node = { level: 0, hash };
    for (let last = this.#roots.at(-1); last?.level === node.level; last = this.#roots.at(-1)) {
      this.#roots.pop();
      node = { level: node.level + 1, hash: nodeHash(last.hash, node.hash) };
      made.push({ ...node, position: Math.floor(this.#size / 2 ** node.level) });
    }
    this.#roots.push(node);
    this.#size++;
    return made;
  }

  root(): Uint8Array {
    return joinParts(this.#roots.map(({ hash }) => hash));
  }
}

/** What an inclusion proof of a leaf holds, in its order (RFC 9162 2.1.3.1). */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.unshift({ from: middle, to });
      to = middle;
    } else {
      ranges.unshift({ from, to: middle });
      from = middle;
    }
  }
  return ranges;
}

/** What a proof holds that the tree of `first` leaves is the beginning of that of `second` (RFC 9162 2.1.4.1). */
export function consistencyRanges(first: number, second: number): LeafRange[] {
  if (first <= 0 || first >= second) return [];
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = second;
  let whole = true;
  while (to > first) {
    const middle = from + splitOf(to - from);
    if (first <= middle) {
      ranges.unshift({ from: middle, to });
      to = middle;
    } else {
      ranges.unshift({ from, to: middle });
      from = middle;
      whole = false;
    }
  }
  return whole ? ranges : [{ from, to }, ...ranges];
}

/** RFC 9162 2.1.3.2. Never throws, whatever the proof holds. */
export function verifyInclusion(parts: {
  leaf: Uint8Array;
  index: number;
  size: number;
  proof: readonly Uint8Array[];
  root: Uint8Array;
}): boolean {
  const { index, size, proof } = parts;
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let position = index;
  let last = size - 1;
  let hash = parts.leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(position) || position === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(position) && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(hash, parts.root);
}

/** RFC 9162 2.1.4.2, and that of no leaves, which is the beginning of every tree. Never throws. */
export function verifyConsistency(parts: {
  first: { size: number; root: Uint8Array };
  second: { size: number; root: Uint8Array };
  proof: readonly Uint8Array[];
}): boolean {
  const { first, second } = parts;
  if (!isCount(first.size) || !isCount(second.size) || first.size > second.size) return false;
  if (first.size === 0) return parts.proof.length === 0 && same(first.root, EMPTY_ROOT);
  if (first.size === second.size) return parts.proof.length === 0 && same(first.root, second.root);
  const isPower = perfectParts(0, first.size).length === 1;
  const [start, ...rest] = isPower ? [first.root, ...parts.proof] : parts.proof;
  if (!start) return false;
  let position = first.size - 1;
  let last = second.size - 1;
  while (isOdd(position)) {
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  let before = start;
  let after = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(position) || position === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (!isOdd(position) && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      after = nodeHash(after, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(before, first.root) && same(after, second.root);
}

/** The largest power of two below `size`. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
