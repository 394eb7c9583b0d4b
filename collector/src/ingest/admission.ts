// Sequence, chain and replay: whether a verified envelope is the next of its stream, a repeat, or something that must not be.
//
// Form: the newest position of every stream of one agent, as one session knows it. Loaded from the store when the session
// starts, advanced when an envelope is handed to the writer. `inFlight` holds what was handed over and is not committed.
import { NO_PREVIOUS_DIGEST, type StreamPosition, type VerifiedHeader } from '@threatguard/proto';

/** A stream is new only where a host lost its spool. An agent with more is not an agent. */
const STREAMS_MAX = 1000;

export type Verdict =
  | { verdict: 'accept'; gap: { expectedSequence: number } | undefined; restartedAfter: number | undefined }
  /** Committed, or about to be: to be acknowledged once `committed`, not processed. */
  | { verdict: 'duplicate'; committed: Promise<unknown> }
  | { verdict: 'refuse'; code: 'chain_broken' | 'sequence_replayed' | 'sequence_reordered' | 'protocol_violation' };

/** The digest of a stored header; undefined where none is stored. */
export type FindDigest = (streamId: Uint8Array, sequence: number) => Promise<Uint8Array | undefined>;

export class StreamChain {
  readonly #positions: Map<string, StreamPosition>;
  readonly #inFlight = new Map<string, { headerDigest: Uint8Array; committed: Promise<unknown> }>();
  readonly #findDigest: FindDigest;

  constructor(parts: { positions: readonly StreamPosition[]; findDigest: FindDigest }) {
    this.#positions = new Map(parts.positions.map((position) => [hex(position.streamId), position]));
    this.#findDigest = parts.findDigest;
  }

  /** The newest sequence known of a stream, 0 for none. */
  lastSequence(streamId: Uint8Array): number {
    return this.#positions.get(hex(streamId))?.sequence ?? 0;
  }

  /** Of that sequence; empty where there is none. */
  lastHeaderDigest(streamId: Uint8Array): Uint8Array {
    return this.#positions.get(hex(streamId))?.headerDigest ?? new Uint8Array();
  }

  async admit(header: VerifiedHeader): Promise<Verdict> {
    const position = this.#positions.get(hex(header.streamId));
    if (!position && this.#positions.size >= STREAMS_MAX) return { verdict: 'refuse', code: 'protocol_violation' };
    const last = position?.sequence ?? 0;
    if (header.sequence <= last) return this.#judgeSeen(header);

    const restartedAfter = position ? undefined : this.#highestSequence();
    if (header.sequence > last + 1) {
      return { verdict: 'accept', gap: { expectedSequence: last + 1 }, restartedAfter };
    }
    const follows = sameBytes(header.previousHeaderDigest, position?.headerDigest ?? NO_PREVIOUS_DIGEST);
    if (!follows) return { verdict: 'refuse', code: 'chain_broken' };
    return { verdict: 'accept', gap: undefined, restartedAfter };
  }

  /** What was accepted went to the writer: the stream stands there now. */
  advance(header: VerifiedHeader, committed: Promise<unknown>): void {
    const { streamId, sequence, headerDigest } = header;
    this.#positions.set(hex(streamId), { streamId, sequence, headerDigest });
    const key = flightKey(header);
    this.#inFlight.set(key, { headerDigest, committed });
    const forget = () => this.#inFlight.delete(key);
    committed.then(forget, forget);
  }

  #highestSequence(): number | undefined {
    if (this.#positions.size === 0) return undefined;
    return [...this.#positions.values()].reduce((highest, { sequence }) => Math.max(highest, sequence), 0);
  }

  async #judgeSeen(header: VerifiedHeader): Promise<Verdict> {
    const flying = this.#inFlight.get(flightKey(header));
    const seen = flying?.headerDigest ?? (await this.#findDigest(header.streamId, header.sequence));
    if (!seen) return { verdict: 'refuse', code: 'sequence_reordered' };
    if (!sameBytes(seen, header.headerDigest)) return { verdict: 'refuse', code: 'sequence_replayed' };
    return { verdict: 'duplicate', committed: flying?.committed ?? Promise.resolve() };
  }
}

function flightKey(header: VerifiedHeader): string {
  return `${hex(header.streamId)}:${header.sequence}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
