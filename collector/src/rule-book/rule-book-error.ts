export type RuleBookErrorCode =
  | 'not_found'
  | 'ambiguous'
  | 'invalid'
  | 'too_large'
  | 'busy' // others change rules, or have theirs looked at, at the same time
  | 'unsafe'; // would take from others what they need

/** What is asked of the rule book cannot be done. The message says why, and what to do. */
export class RuleBookError extends Error {
  override readonly name = 'RuleBookError';
  readonly code: RuleBookErrorCode;

  constructor(code: RuleBookErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
