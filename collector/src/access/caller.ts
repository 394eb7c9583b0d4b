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

/** Where a request comes from: for the audit log, and for what wrong passwords cost. */
export interface Origin {
  /** HOST:PORT. */
  from: string;
  /** The address, or its network. */
  network: string;
  correlationId?: string | undefined;
}
