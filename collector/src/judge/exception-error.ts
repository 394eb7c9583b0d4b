/** An exception that cannot be made. The message says why, or what to do instead. */
export class ExceptionError extends Error {
  override readonly name = 'ExceptionError';
  readonly code: 'field' | 'rule' | 'limit' | 'exists' | 'request';

  constructor(code: ExceptionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
