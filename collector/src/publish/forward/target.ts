// What forwarding knows of a target, whatever it speaks.

/** One thing to be sent, as it will be sent, however often. */
export interface ForwardRecord {
  /** Names it for ever: what a receiver knows a repeat by. */
  key: string;
  /** What it is: MSGID of syslog. */
  kind: 'alert' | 'audit';
  /** 1 informational to 5 critical. */
  severity: number;
  atUs: number;
  /** In the format of the target, one line. */
  text: string;
}

export interface ForwardTarget {
  /** What `deliver` is given at most, in records and in bytes of their text; one record may be larger. */
  readonly recordsMax: number;
  readonly bytesMax: number;
  /**
   * Resolves when the target has all of it, with how many of them it will not take however often they come. Throws
   * DeliveryError where some may be missing: all of them come again.
   */
  deliver(records: readonly ForwardRecord[], signal: AbortSignal): Promise<{ refused: number }>;
}

export type DeliveryErrorCode = 'settings' | 'unreachable' | 'timed_out' | 'unconfirmed' | 'answer' | 'private_address';

/** Nothing may be taken for delivered. The message says what the operator reads in `threatguard status`. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: DeliveryErrorCode;
  /** Not before this time has passed, where the target said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: DeliveryErrorCode, message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
