/**
 * 53 bits of a text, as a whole number above 0: what first-seen sets keep instead of the text. Two multiplicative hashes of
 * 32 bits (as in FNV-1a, with a last mixing as in MurmurHash3). Two of a million texts are equal once in some 18,000 fleets, and
 * then something new is not noticed as new; a host that looks for such a text hides nothing that its rules see.
 */
export function hashText(text: string): number {
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x5bd1e995);
    low ^= low >>> 13;
  }
  return (mix(high) >>> 11) * 2 ** 32 + mix(low) + 1;
}

/** One hash of two: an item of one category is not the same text in another. */
export function hashPair(first: number, second: number): number {
  const high = mix(((first / 2 ** 32) | 0) ^ Math.imul(second | 0, 0x9e3779b1));
  const low = mix((first | 0) ^ Math.imul((second / 2 ** 32) | 0, 0x85ebca6b) ^ Math.imul(second | 0, 0xc2b2ae35));
  return (high >>> 11) * 2 ** 32 + low + 1;
}

function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
