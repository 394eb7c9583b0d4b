// The envelopes of one run, held against the root that the tree has of it.
import { DIGEST_BYTES, STREAM_ID_BYTES } from '../envelope/index.ts';
import type { BundleRun, TreeRun } from '../v1.ts';
import { leafHash } from './merkle.ts';
import { rootFromParts } from './merkle-parts.ts';

/** Envelopes in one run; the collector begins another one there. */
export const RUN_ENVELOPES_MAX = 8192;

export interface CheckedRun {
  streamId: Uint8Array;
  first: number;
  last: number;
  root: Uint8Array;
  lastHeaderDigest: Uint8Array;
  lastReceivedAtUs: number;
}

/** Undefined where a field cannot be. */
export function checkRun(run: TreeRun): CheckedRun | undefined {
  const { streamId, root, lastHeaderDigest } = run;
  const [first, last, lastReceivedAtUs] = [run.firstSequence ?? 0, run.lastSequence ?? 0, run.lastReceivedAtUs ?? 0];
  const wellFormed =
    streamId?.length === STREAM_ID_BYTES &&
    root?.length === DIGEST_BYTES &&
    lastHeaderDigest?.length === DIGEST_BYTES &&
    Number.isSafeInteger(first) &&
    Number.isSafeInteger(last) &&
    first >= 1 &&
    last >= first &&
    last - first < RUN_ENVELOPES_MAX;
  return wellFormed ? { streamId, first, last, root, lastHeaderDigest, lastReceivedAtUs } : undefined;
}

/** Says which envelopes follow, and when they have, whether they are those the root is of. */
export class RunCheck {
  readonly run: CheckedRun;
  readonly absent: ReadonlyMap<number, Uint8Array>;
  readonly #expected: number[];
  readonly #nodes: readonly Uint8Array[];
  readonly #leaves: (Uint8Array | undefined)[];
  #next = 0;
  #endsRight = true;

  private constructor(
    run: CheckedRun,
    expected: number[],
    absent: Map<number, Uint8Array>,
    nodes: readonly Uint8Array[],
  ) {
    this.run = run;
    this.absent = absent;
    this.#expected = expected;
    this.#nodes = nodes;
    this.#leaves = new Array(run.last - run.first + 1);
    for (const [sequence, digest] of absent) this.#leaves[sequence - run.first] = leafHash(digest);
  }

  /** Undefined where it names sequences that the run does not have, or one twice. */
  static begin(run: CheckedRun, stated: BundleRun): RunCheck | undefined {
    const expected: number[] = [];
    const absent = new Map<number, Uint8Array>();
    for (const { first, last } of stated.included ?? []) {
      const [from, to] = [first ?? 0, last ?? 0];
      if (from < run.first || to > run.last || from > to || from <= (expected.at(-1) ?? 0)) return undefined;
      for (let sequence = from; sequence <= to; sequence++) expected.push(sequence);
    }
    const present = new Set(expected);
    for (const { sequence, headerDigest } of stated.absent ?? []) {
      const at = sequence ?? 0;
      const possible = at >= run.first && at <= run.last && !present.has(at) && !absent.has(at);
      if (!possible || headerDigest?.length !== DIGEST_BYTES) return undefined;
      absent.set(at, headerDigest);
    }
    return new RunCheck(run, expected, absent, stated.nodes ?? []);
  }

  /** Whether every envelope of the run is included or said to be absent. */
  get whole(): boolean {
    return this.#expected.length + this.absent.size === this.run.last - this.run.first + 1;
  }

  /** The sequence that must come next; undefined where none is to come. */
  get next(): number | undefined {
    return this.#expected[this.#next];
  }

  took(sequence: number, headerDigest: Uint8Array): void {
    this.#leaves[sequence - this.run.first] = leafHash(headerDigest);
    this.#next++;
    if (sequence === this.run.last) this.#endsRight = Buffer.compare(headerDigest, this.run.lastHeaderDigest) === 0;
  }

  /** Sequences that were to come and did not. */
  get left(): number {
    return this.#expected.length - this.#next;
  }

  get matches(): boolean {
    const root = rootFromParts(this.#leaves, this.#nodes);
    return root !== undefined && Buffer.compare(root, this.run.root) === 0 && this.#endsRight;
  }
}
