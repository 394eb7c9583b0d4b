/** Audit can't be used here. The message says why and what would fix it. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  readonly code: 'refused' | 'no_answer' | 'locked' | 'off' | 'architecture';

  constructor(code: AuditError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
