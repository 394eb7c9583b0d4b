// Where the events of an encoded Batch stand, so that what an agent signed can be stored byte for byte.

/** Tag of `Batch.events`: field 1, length-delimited (protobuf encoding, "Message Structure"). */
const EVENTS_TAG = 0x0a;
/** A length beyond four bytes of varint is beyond any batch. */
const LENGTH_SHIFT_MAX = 21;

/**
 * Start and end of each event in the bytes of a Batch, in pairs. Undefined where there stands anything else than that many
 * events: decoding is what judges a batch, this only finds what it would find.
 */
export function eventSpans(batch: Uint8Array, count: number): Uint32Array | undefined {
  const spans = new Uint32Array(count * 2);
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (batch[at++] !== EVENTS_TAG) return undefined;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = batch[at++];
      if (byte === undefined || shift > LENGTH_SHIFT_MAX) return undefined;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    spans[index * 2] = at;
    at += length;
    if (at > batch.length) return undefined;
    spans[index * 2 + 1] = at;
  }
  return at === batch.length ? spans : undefined;
}
