import { createHash } from 'node:crypto';
import {
  consistencyRanges,
  EMPTY_ROOT,
  GrowingTree,
  inclusionRanges,
  joinParts,
  leafHash,
  missingParts,
  perfectParts,
  rootFromParts,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '@threatguard/proto/evidence';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// RFC 9162 2.1 word by word, over the leaves themselves: slow, and independent of what is tested.
const sha = (...parts: Uint8Array[]) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const split = (n: number) => 2 ** Math.ceil(Math.log2(n) - 1);

function mth(leaves: Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return sha(Buffer.from([0]), leaves[0]!);
  const k = split(leaves.length);
  return sha(Buffer.from([1]), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

function path(m: number, leaves: Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

function subproof(m: number, leaves: Uint8Array[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

const leavesOf = (size: number) => Array.from({ length: size }, (_, index) => Buffer.from(`leaf ${index}`));

/** A log as the store keeps it: hashes of perfect subtrees by place. */
function logOf(leaves: Uint8Array[]) {
  const nodes = new Map<string, Uint8Array>();
  const tree = new GrowingTree(0, []);
  for (const leaf of leaves) {
    for (const { level, position, hash } of tree.append(leafHash(leaf))) nodes.set(`${level}/${position}`, hash);
  }
  const root = (from: number, to: number) =>
    joinParts(perfectParts(from, to).map(({ level, position }) => nodes.get(`${level}/${position}`)!));
  return { tree, nodes, root };
}

describe('a tree', () => {
  it('has the roots of RFC 6962: its published test vectors', () => {
    // The leaves and roots of certificate-transparency's reference tests, which section 2.1.3 of the RFC draws for 7 leaves.
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const hashes = inputs.map((hex) => leafHash(Buffer.from(hex, 'hex')));
    const found = hashes.map((_, last) => Buffer.from(rootOf(hashes.slice(0, last + 1))).toString('hex'));
    expect(found).toEqual(roots);
    expect(Buffer.from(EMPTY_ROOT)).toEqual(sha());
  });

  it('grows to the root, the inclusion proofs and the consistency proofs that the RFC defines', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = leavesOf(size);
      const { tree, root } = logOf(leaves);
      expect(Buffer.from(tree.root())).toEqual(mth(leaves));
      for (let index = 0; index < size; index++) {
        const proof = inclusionRanges(index, size).map(({ from, to }) => Buffer.from(root(from, to)));
        expect(proof).toEqual(path(index, leaves));
      }
      for (let first = 1; first < size; first++) {
        const proof = consistencyRanges(first, size).map(({ from, to }) => Buffer.from(root(from, to)));
        expect(proof).toEqual(subproof(first, leaves, true));
      }
    }
  });

  it('goes on from what is stored of it', () => {
    const leaves = leavesOf(100);
    for (const cut of [0, 1, 2, 31, 32, 33, 99]) {
      const { nodes } = logOf(leaves.slice(0, cut));
      const tree = new GrowingTree(
        cut,
        perfectParts(0, cut).map(({ level, position }) => nodes.get(`${level}/${position}`)!),
      );
      for (const leaf of leaves.slice(cut)) tree.append(leafHash(leaf));
      expect(Buffer.from(tree.root())).toEqual(mth(leaves));
    }
  });
});

const flip = (bytes: Uint8Array, bit: number) => {
  const copy = Uint8Array.from(bytes);
  copy[Math.floor(bit / 8) % copy.length]! ^= 1 << (bit % 8);
  return copy;
};

describe('a proof', () => {
  const tree = fc.integer({ min: 1, max: 300 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      index: fc.nat(size - 1),
      first: fc.integer({ min: 1, max: size }),
      bit: fc.nat(255),
    }),
  );

  it('of inclusion holds for its leaf, place and tree, and for no other', () => {
    fc.assert(
      fc.property(tree, ({ size, index, bit }) => {
        const leaves = leavesOf(size);
        const { root } = logOf(leaves);
        const proof = inclusionRanges(index, size).map(({ from, to }) => root(from, to));
        const good = { leaf: leafHash(leaves[index]!), index, size, proof, root: root(0, size) };
        expect(verifyInclusion(good)).toBe(true);
        expect(verifyInclusion({ ...good, leaf: flip(good.leaf, bit) })).toBe(false);
        expect(verifyInclusion({ ...good, root: flip(good.root, bit) })).toBe(false);
        expect(verifyInclusion({ ...good, index: index + 1 })).toBe(false);
        expect(verifyInclusion({ ...good, index: index - 1 })).toBe(false);
        expect(verifyInclusion({ ...good, proof: [...proof, good.root] })).toBe(false);
        if (proof.length > 0) {
          expect(verifyInclusion({ ...good, proof: proof.slice(1) })).toBe(false);
          expect(verifyInclusion({ ...good, proof: proof.with(0, flip(proof[0]!, bit)) })).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of consistency holds for how a tree began, and not for another tree', () => {
    fc.assert(
      fc.property(tree, ({ size, first, bit }) => {
        const leaves = leavesOf(size);
        const { root } = logOf(leaves);
        const proof = consistencyRanges(first, size).map(({ from, to }) => root(from, to));
        const good = { first: { size: first, root: root(0, first) }, second: { size, root: root(0, size) }, proof };
        expect(verifyConsistency(good)).toBe(true);
        const other = logOf(leaves.with(first - 1, Buffer.from('another leaf')));
        expect(verifyConsistency({ ...good, first: { size: first, root: other.root(0, first) } })).toBe(false);
        expect(verifyConsistency({ ...good, second: { size, root: other.root(0, size) } })).toBe(false);
        expect(verifyConsistency({ ...good, proof: [...proof, good.second.root] })).toBe(false);
        if (proof.length > 0) {
          expect(verifyConsistency({ ...good, proof: proof.slice(1) })).toBe(false);
          expect(verifyConsistency({ ...good, proof: proof.with(0, flip(proof[0]!, bit)) })).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is refused, not thrown over, whatever it holds', () => {
    const hash = fc.uint8Array({ maxLength: 40 });
    const size = fc.oneof(fc.integer({ min: -2, max: 70 }), fc.constantFrom(2 ** 53, Number.NaN, 2 ** 40, 0.5));
    fc.assert(
      fc.property(hash, hash, size, size, fc.array(hash, { maxLength: 60 }), (a, b, m, n, proof) => {
        expect(verifyInclusion({ leaf: a, index: m, size: n, proof, root: b })).toBe(false);
        const wrong = verifyConsistency({ first: { size: m, root: a }, second: { size: n, root: b }, proof });
        expect(wrong && Buffer.compare(a, b) !== 0 && m !== 0).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('of some leaves gives the root of all, and no root where a node is missing, added or changed', () => {
    const shown = fc
      .integer({ min: 1, max: 130 })
      .chain((size) => fc.array(fc.boolean(), { minLength: size, maxLength: size }));
    fc.assert(
      fc.property(shown, fc.nat(255), (known, bit) => {
        const leaves = known.map((_, index) => leafHash(Buffer.from([index])));
        const nodes = missingParts(leaves, (index) => known[index]!);
        const some = leaves.map((leaf, index) => (known[index] ? leaf : undefined));
        const root = rootOf(leaves);
        const found = (parts: Uint8Array[]) => rootFromParts(some, parts);
        expect(Buffer.from(found(nodes)!)).toEqual(Buffer.from(root));
        expect(found([...nodes, root])).toBeUndefined();
        if (nodes.length > 0) {
          expect(found(nodes.slice(1))).toBeUndefined();
          expect(found(nodes.with(0, flip(nodes[0]!, bit)))).not.toEqual(root);
        }
      }),
      { numRuns: 100 },
    );
  });
});
