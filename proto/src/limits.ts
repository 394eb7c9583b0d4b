// Every limit both ends must agree on, units last. An agent clips or splits to them; a collector refuses what exceeds them.

/** Events in one batch: at 1 KiB each a full batch stays within BATCH_BYTES_MAX. */
export const BATCH_EVENTS_MAX = 4096;
/** An encoded Batch before compression. Also the ceiling given to zstd, so a bomb ends there. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** An encoded Envelope, as it stands in the spool and in one gRPC message. */
export const ENVELOPE_BYTES_MAX = 8 * 1024 * 1024 + 64 * 1024;
/** An encoded EnvelopeHeader: keys, digests and a bounded list of losses. */
export const HEADER_BYTES_MAX = 32 * 1024;
/** Loss entries in one header; more are folded by sensor and reason. */
export const HEADER_LOSSES_MAX = 64;
/** One string field of an event, in UTF-8 bytes, except those named below. */
export const FIELD_BYTES_MAX = 4 * 1024;
/** All arguments of one process together, in UTF-8 bytes. */
export const ARGS_BYTES_MAX = 32 * 1024;
/** Entries of one repeated field of an event. */
export const FIELD_ENTRIES_MAX = 4096;
/** The original log line, in UTF-8 bytes. */
export const ORIGINAL_BYTES_MAX = 16 * 1024;
/** One gRPC message of the console and enrolment services. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Envelopes in flight on one stream that are not acknowledged yet. */
export const UNACKNOWLEDGED_ENVELOPES_MAX = 64;
/** Events further in the future than this, by the collector's clock corrected by the measured offset, are refused. */
export const FUTURE_EVENT_MS_MAX = 10 * 60 * 1000;
/** A clock offset beyond this is reported as an alert. */
export const CLOCK_OFFSET_MS_MAX = 5 * 60 * 1000;
