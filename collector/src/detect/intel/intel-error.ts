export type IntelErrorCode = 'invalid' | 'not_found' | 'scheduled' | 'full' | 'busy';

/** What cannot be done with indicators; the message says what to do instead. */
export class IntelError extends Error {
  override readonly name = 'IntelError';
  readonly code: IntelErrorCode;

  constructor(code: IntelErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
