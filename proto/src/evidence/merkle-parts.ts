// Of a Merkle tree some leaves are shown and the rest is summed up: the roots of the largest parts without a shown leaf, from
// left to right. With one leaf shown these are its inclusion proof, with all of them there are none.
import { nodeHash, rootOf, splitOf } from './merkle.ts';

/** Roots of the largest parts that hold none of the leaves `known` names, left to right. */
export function missingParts(leafHashes: readonly Uint8Array[], known: (index: number) => boolean): Uint8Array[] {
  const nodes: Uint8Array[] = [];
  walk(leafHashes.length, known, {
    unknown: (from, to) => nodes.push(rootOf(leafHashes.slice(from, to))),
    known: () => 0,
    join: () => 0,
  });
  return nodes;
}

/** The root of a tree some of whose leaves are known and the rest is told by `nodes`; undefined where these do not fit. */
export function rootFromParts(
  leafHashes: readonly (Uint8Array | undefined)[],
  nodes: readonly Uint8Array[],
): Uint8Array | undefined {
  let next = 0;
  const root = walk<Uint8Array | undefined>(leafHashes.length, (index) => leafHashes[index] !== undefined, {
    unknown: () => nodes[next++],
    known: (index) => leafHashes[index],
    join: (left, right) => left && right && nodeHash(left, right),
  });
  return next === nodes.length ? root : undefined;
}

/** From left to right over the largest parts without a known leaf, and the known leaves. */
function walk<T>(
  size: number,
  known: (index: number) => boolean,
  visit: { unknown: (from: number, to: number) => T; known: (index: number) => T; join: (left: T, right: T) => T },
): T {
  // How many known leaves lie before each: whether a range holds any is then one subtraction.
  const before = new Uint32Array(size + 1);
  for (let index = 0; index < size; index++) before[index + 1] = before[index]! + (known(index) ? 1 : 0);
  const over = (from: number, to: number): T => {
    if (before[from] === before[to]) return visit.unknown(from, to);
    if (to - from === 1) return visit.known(from);
    const middle = from + splitOf(to - from);
    const left = over(from, middle);
    return visit.join(left, over(middle, to));
  };
  return over(0, size);
}
