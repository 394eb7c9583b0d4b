export type ModelErrorCode =
  | 'unknown'
  | 'busy'
  | 'too_little'
  | 'over_budget'
  | 'malformed'
  | 'digest'
  | 'signature'
  | 'mismatch'
  | 'cancelled';

/** A model that is not to be had, or not to be trusted. The message says what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
