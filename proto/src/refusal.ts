/**
 * Why an envelope or a stream is refused: the same bytes will always fail, so the sender must not try them again.
 * The list is closed; every code is counted by the collector and shown in `threatguard status`.
 */
export const REFUSAL_CODES = [
  'frame_oversized', // more bytes than ENVELOPE_BYTES_MAX
  'frame_malformed', // not an AgentFrame or Envelope
  'header_malformed', // not an EnvelopeHeader, or a field of the wrong length
  'version_unsupported',
  'identity_mismatch', // header names another agent or key than the certificate of the stream
  'signature_invalid', // wrong key, wrong context or altered bytes
  'epoch_unknown', // sealed for an ML-KEM epoch the collector does not hold
  'epoch_destroyed', // sealed for one whose key is gone; the agent seals it anew where it can
  'epoch_refused', // sealed for a compromised one; the agent seals it anew
  'confirmation_refused', // an EpochConfirmation of another key than the one announced, or an older one again
  'ciphertext_invalid', // AES-GCM did not confirm: altered, or the wrong ML-KEM key
  'payload_digest_mismatch',
  'payload_malformed', // not zstd, longer than it says, or not a Batch
  'count_mismatch', // header and batch disagree about number or time of events
  'field_too_long', // an event exceeds a limit of limits.ts
  'time_out_of_range', // an event lies too far in the future
  'sequence_reordered', // lower than the last one stored, and not stored itself
  'sequence_replayed', // stored already, with other bytes
  'chain_broken', // next in sequence, but not the successor of the header before it
  'protocol_violation', // a frame out of turn
  'agent_unknown',
  'agent_revoked',
  'agent_cloned', // the same key speaks from two hosts
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** Thrown where bytes from a peer are refused. `message` is for people; it never quotes the bytes. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}
