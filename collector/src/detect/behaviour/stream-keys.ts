// The name under which a stream's position is known, made once: an agent keeps to one stream for as long as it runs.
//
// Form: of each agent the stream it sent last. Invariant: at most AGENTS_MAX; beyond it all are made again, which costs a microsecond each.

/** Ten times the agents of a fleet. */
const AGENTS_MAX = 100_000;

export class StreamKeys {
  readonly #last = new Map<string, { streamId: Uint8Array; key: string }>();

  of(agentId: string, streamId: Uint8Array): string {
    const last = this.#last.get(agentId);
    if (last && isSame(last.streamId, streamId)) return last.key;
    const key = `${agentId} ${Buffer.from(streamId.buffer, streamId.byteOffset, streamId.length).toString('hex')}`;
    if (this.#last.size >= AGENTS_MAX) this.#last.clear();
    // A copy: what came belongs to whoever brought it.
    this.#last.set(agentId, { streamId: Uint8Array.from(streamId), key });
    return key;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
