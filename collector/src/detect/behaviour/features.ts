// The features of an entity's hour: one row each, in the order in which they stand in stored windows. Models know them by
// their place, so rows are only ever added at the end, and FEATURES_VERSION goes up when one changes its meaning.

export const FEATURES_VERSION = 1;

export interface Feature {
  name: string;
  /** Of the value. `count` is said as a number alone, `bytes` with its prefix. */
  unit: 'count' | 'bytes' | 'percent';
  /** How it is said after the value: "43 MB out", "12 failed logons". */
  said: string;
  /** What is counted within the hour. */
  computed: string;
}

export const FEATURES = [
  { name: 'logons', unit: 'count', said: 'logons', computed: 'successful logons' },
  { name: 'logons_failed', unit: 'count', said: 'failed logons', computed: 'failed logons, repeated ones as often' },
  { name: 'accounts_tried', unit: 'count', said: 'accounts tried', computed: 'different users of failed logons' },
  { name: 'sources', unit: 'count', said: 'source networks', computed: 'different networks of logons, failed or not' },
  { name: 'privilege_uses', unit: 'count', said: 'uses of sudo, su or doas', computed: 'events of activity PRIVILEGE' },
  { name: 'programs', unit: 'count', said: 'programs started', computed: 'events of activity EXEC' },
  { name: 'programs_distinct', unit: 'count', said: 'different programs', computed: 'different executables started' },
  {
    name: 'programs_new',
    unit: 'count',
    said: 'programs never started before',
    computed: 'executables new to the entity',
  },
  { name: 'connections', unit: 'count', said: 'connections out', computed: 'connections opened from the host' },
  { name: 'destinations', unit: 'count', said: 'destination networks', computed: 'different networks connected to' },
  {
    name: 'destinations_new',
    unit: 'count',
    said: 'networks never connected to before',
    computed: 'destination networks new to the entity',
  },
  { name: 'bytes_out', unit: 'bytes', said: 'out', computed: 'bytes the host sent, of connections that were closed' },
  { name: 'bytes_in', unit: 'bytes', said: 'in', computed: 'bytes the host received, of connections that were closed' },
  { name: 'files_changed', unit: 'count', said: 'watched files changed', computed: 'changes of watched paths' },
  { name: 'load', unit: 'percent', said: 'processor load', computed: 'mean of the samples of processor use' },
  { name: 'hosts', unit: 'count', said: 'hosts', computed: 'different hosts with a logon or a program of the user' },
] as const satisfies readonly Feature[];

export type FeatureName = (typeof FEATURES)[number]['name'];

export const FEATURE_COUNT = FEATURES.length;

/** Place of each feature in a row. */
export const AT = Object.fromEntries(FEATURES.map(({ name }, at) => [name, at])) as Record<FeatureName, number>;

/** Bits that estimate how many different items an hour had. */
const SKETCH_WORDS = 8;
const SKETCH_BITS = SKETCH_WORDS * 32;

/** Features that count different items, each with a sketch of its own. */
export const DISTINCT = [AT.accounts_tried, AT.sources, AT.programs_distinct, AT.destinations, AT.hosts] as const;
export const SKETCHES_WORDS = DISTINCT.length * SKETCH_WORDS;

/** The bit of an item in any sketch, by its hash. */
export function sketchBit(hash: number): number {
  return (hash ^ (hash / 2 ** 37)) & (SKETCH_BITS - 1);
}

/**
 * Notes an item, by its bit, in the sketch of the `which`-th of DISTINCT; whether that changed it. Linear counting (Whang, Vander-Zanden and
 * Taylor, 1990): exact for few, within a tenth up to some 400, full at some 1,400.
 */
export function sketch(words: Uint32Array, which: number, bit: number): boolean {
  const word = which * SKETCH_WORDS + (bit >>> 5);
  const mask = 1 << (bit & 31);
  if ((words[word]! & mask) !== 0) return false;
  words[word]! |= mask;
  return true;
}

export function estimateDistinct(words: Uint32Array, which: number): number {
  let taken = 0;
  for (let word = which * SKETCH_WORDS; word < (which + 1) * SKETCH_WORDS; word++) taken += bitsIn(words[word]!);
  // A full sketch is as good as one with half a bit free.
  return Math.round(SKETCH_BITS * Math.log(SKETCH_BITS / Math.max(0.5, SKETCH_BITS - taken)));
}

function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
