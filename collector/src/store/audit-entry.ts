/** Who changes something, and from where. */
export interface AuditActor {
  kind: 'collector' | 'console' | 'agent' | 'token' | 'user';
  id: string;
  /** HOST:PORT of the peer; empty for the collector itself. */
  from: string;
  /** Of the request, where it has one. */
  correlationId?: string;
  /** Of the certificate a user called over. */
  consoleId?: string;
}

export interface AuditEntry {
  /** 1 for the first ever, no number left out. */
  sequence: number;
  atUs: number;
  by: AuditActor;
  action: string;
  subject: string;
  /** Canonical JSON; empty for nothing. */
  before: string;
  after: string;
  previousDigest: Uint8Array;
  digest: Uint8Array;
}

export interface AuditVerification {
  /** Entries found to be in order. */
  entries: number;
  /** The first that is kept. */
  firstSequence: number;
  head: { sequence: number; digest: Uint8Array };
  /** The first entry that is not what was written; undefined where all are. */
  problem: { sequence: number; what: 'missing' | 'altered' } | undefined;
}
