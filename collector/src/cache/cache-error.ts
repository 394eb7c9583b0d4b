export type CacheErrorCode =
  | 'address' // not an address of a Redis
  | 'secret'; // a file that has a password or a certificate cannot be used

export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
