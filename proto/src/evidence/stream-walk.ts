// One stream of one agent, as a bundle goes through it: sequence by sequence, each header naming the one before it.
import { DIGEST_BYTES, NO_PREVIOUS_DIGEST, type VerifiedHeader } from '../envelope/index.ts';
import type { LossReason } from '../loss.ts';
import type { Loss } from '../v1.ts';

/** What a host counts when it gave up whole envelopes: sequences are missing then, and it says so itself. */
const LOST_ENVELOPES: readonly LossReason[] = ['spool_overflow', 'spool_damaged', 'refused'];
/** Gaps of one stream that are told one by one. */
const GAPS_MAX = 1000;

export interface Gap {
  first: number;
  last: number;
  /** The host counted lost envelopes after it. */
  counted: boolean;
}

export class StreamWalk {
  /** Hex, as people read it. */
  readonly name: string;
  readonly gaps: Gap[] = [];
  #last: { sequence: number; digest: Uint8Array | undefined } | undefined;

  constructor(streamId: Uint8Array) {
    this.name = Buffer.from(streamId).toString('hex');
  }

  get lastSequence(): number | undefined {
    return this.#last?.sequence;
  }

  /** What comes next begins at `first`; sequences between are a gap. False where it was there already. */
  begin(first: number, { fromStart }: { fromStart: boolean }): boolean {
    const last = this.#last?.sequence ?? (fromStart ? 0 : first - 1);
    if (first <= last) return false;
    if (first > last + 1 && this.gaps.length < GAPS_MAX)
      this.gaps.push({ first: last + 1, last: first - 1, counted: false });
    return true;
  }

  /** Whether a header is the successor of the one before it; true where the one before is not known. */
  follows(header: VerifiedHeader): boolean {
    const before =
      header.sequence === 1
        ? NO_PREVIOUS_DIGEST
        : this.#last?.sequence === header.sequence - 1
          ? this.#last.digest
          : undefined;
    return before === undefined || Buffer.compare(before, header.previousHeaderDigest) === 0;
  }

  advance(sequence: number, digest: Uint8Array | null | undefined): void {
    this.#last = { sequence, digest: digest?.length === DIGEST_BYTES ? digest : undefined };
  }

  count(losses: readonly Loss[]): void {
    const lost = losses.some(
      ({ reason, count }) => (LOST_ENVELOPES as readonly string[]).includes(reason ?? '') && count,
    );
    if (lost) for (const gap of this.gaps) gap.counted = true;
  }
}
