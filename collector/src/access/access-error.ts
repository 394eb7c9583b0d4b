export type AccessErrorCode =
  | 'wrong_credentials' // one answer to a name nobody has, a wrong password and a wrong code
  | 'locked' // too many wrong ones; wait
  | 'not_known' // a token that is of nobody, or not any more
  | 'weak_password'
  | 'name_taken'
  | 'name_invalid'
  | 'no_such_user'
  | 'no_such_token'
  | 'last_admin' // nobody would be left who may change users
  | 'scope_beyond' // a scope whoever asks, or the user, does not have
  | 'first_admin_done'
  | 'no_local_password' // the user logs in elsewhere
  | 'not_vouched' // what a provider of single sign-on sent, or a browser brought, proves nobody
  | 'no_role' // none of the groups somebody is in has a role here
  | 'provider_unavailable'
  | 'invalid_settings' // what stands in collector.yaml; only at the start
  | 'busy';

export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly code: AccessErrorCode;
  /** Seconds after which it may be tried again; undefined where waiting does not help. */
  readonly retryAfterS: number | undefined;

  constructor(code: AccessErrorCode, message: string, more: { retryAfterS?: number; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.retryAfterS = more.retryAfterS;
  }
}
