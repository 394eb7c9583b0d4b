// What is kept of users, their sessions and their tokens.
import type { AuditActor } from './audit-entry.ts';

export interface UserRecord {
  /** UUID. */
  id: string;
  /** As it is written at a login: lower case, unique. */
  name: string;
  role: string;
  /** Fewer than those of the role; undefined for all of them. */
  scopes: readonly string[] | undefined;
  /** A hash with its parameters; empty where the user logs in elsewhere. */
  password: string;
  /** Sealed. */
  totpSecret: Uint8Array | undefined;
  /** Sealed; asked for, and not confirmed by a code yet. */
  totpPending: Uint8Array | undefined;
  totpStep: number;
  issuer: string;
  subject: string;
  madeAtUs: number;
  lastLoginAtUs: number | undefined;
}

/** `undefined` takes off what may be missing. */
export type UserChange = Partial<
  Pick<UserRecord, 'role' | 'password' | 'totpSecret' | 'totpPending' | 'totpStep' | 'lastLoginAtUs'>
>;

export interface SessionRecord {
  /** UUID. */
  id: string;
  userId: string;
  /** Of the refresh token that is good. */
  generation: number;
  /** HOST:PORT of the login. */
  from: string;
  madeAtUs: number;
  usedAtUs: number;
  expiresAtUs: number;
}

export interface UserTokenRecord {
  id: string;
  userId: string;
  /** SHA-256 of the secret. */
  secretHash: Uint8Array;
  label: string;
  scopes: readonly string[];
  madeAtUs: number;
  expiresAtUs: number;
}

/** An entry of the audit log, written with the change it tells of. */
export interface AccessFact {
  action: string;
  subject: string;
  before?: unknown;
  after?: unknown;
  atUs: number;
  by: AuditActor;
}

/** Each change and its entry in one transaction. Failed calls throw StoreError. */
export interface AccessStore {
  /** Higher after each change of users, sessions or tokens, whoever made it. */
  version(): Promise<number>;
  /** Told of each change that was committed here, with its version, before whoever made it is answered. */
  onChange(listener: (version: number) => Promise<void>): void;
  users(): Promise<UserRecord[]>;
  addUser(user: UserRecord, fact: AccessFact): Promise<void>;
  /**
   * Only what is named: another collector may change the rest meanwhile. False where there is no such user. A fact that is
   * left out is nothing to be audited: the time of a login.
   */
  changeUser(id: string, change: UserChange, fact?: AccessFact): Promise<boolean>;
  /** A code is good once, wherever it is shown: false where one of this step or a later one was used. */
  useTotpStep(id: string, step: number): Promise<boolean>;
  /** With sessions and tokens. */
  removeUser(id: string, fact: AccessFact): Promise<void>;
  /** Those that are not over. */
  sessions(nowUs: number): Promise<SessionRecord[]>;
  saveSession(session: SessionRecord, fact?: AccessFact): Promise<void>;
  /** The next generation of one there is; false where it was ended, or another collector was first. */
  renewSession(next: SessionRecord): Promise<boolean>;
  /** Sealed; what is kept goes with the session. */
  keepProviderTokens(sessionId: string, sealed: Uint8Array): Promise<void>;
  providerTokens(sessionId: string): Promise<Uint8Array | undefined>;
  removeSessions(ids: readonly string[], fact?: AccessFact): Promise<void>;
  /** Those that are not over. */
  tokens(nowUs: number): Promise<UserTokenRecord[]>;
  addToken(token: UserTokenRecord, fact: AccessFact): Promise<void>;
  removeToken(id: string, fact: AccessFact): Promise<void>;
  recordFact(fact: AccessFact): Promise<void>;
}
