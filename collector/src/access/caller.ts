import type { Scope } from './scopes.ts';

/** Who calls, as it was proven. */
export interface Caller {
  kind: 'user' | 'token';
  /** Of the session, or of the token. */
  id: string;
  userId: string;
  /** Of the user; of a token, its owner's. */
  name: string;
  scopes: ReadonlySet<Scope>;
  /** When what proved it ends, microseconds. */
  expiresAtUs: number;
}
