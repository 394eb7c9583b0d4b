// What one request, one address and all together may cost.

/** A thousand events with long command lines. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** Access tokens of two signatures take 8 KiB. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** For headers and body to arrive: longer is somebody who holds connections. */
export const RECEIVE_MS_MAX = 15_000;
/** For an answer; a search of the store ends itself after 5 s. */
export const ANSWER_MS_MAX = 10_000;
export const KEEP_ALIVE_MS = 65_000;
/** A thousand streams, and what else is asked meanwhile. */
export const CONNECTIONS_MAX = 2_000;
/** For requests that are being answered when the collector stops. */
export const GOODBYE_MS_MAX = 3_000;
/** A listener that cannot listen tries again. */
export const LISTEN_RETRY_MS = 5_000;
/** Clients of the stream have nothing to say. */
export const MESSAGE_BYTES_MAX = 1024;
