/** Why an enrolment did not happen; nothing of the present identity was changed. */
export type EnrolErrorCode =
  | 'already_enrolled'
  | 'address_malformed'
  | 'token_malformed'
  | 'collector_unreachable'
  | 'pin_mismatch'
  | 'token_refused'
  | 'answer_invalid';

export class EnrolError extends Error {
  override readonly name = 'EnrolError';
  readonly code: EnrolErrorCode;

  constructor(code: EnrolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
