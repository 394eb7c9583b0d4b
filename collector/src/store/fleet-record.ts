import type { SignedKeySuccession } from '@threatguard/proto';

export interface AgentRecord {
  id: string;
  name: string;
  machineId: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  keyId: string;
  certificate: Uint8Array;
  certificateExpiresAtUs: number;
  enrolledAtUs: number;
  revokedAtUs: number | undefined;
  /** From the last hello or heartbeat; 0 and empty before the first. */
  lastSeenAtUs: number;
  version: string;
  os: string;
  kernel: string;
  /** Of the token that enrolled it; empty for none. */
  group: string;
  /** The agent that took the place of this one. Such a one is revoked as well. */
  supersededBy: string | undefined;
  /** Since when a new signing key is asked of it; undefined where none is. */
  keyOrderedAtUs: number | undefined;
  /** What administrators say of it, in order of their names. */
  labels: Readonly<Record<string, string>>;
  /** Taken off the list of the fleet; such a one is revoked as well. */
  removedAtUs: number | undefined;
  /** SHA-256 of the key of the CA whose certificate it last connected with, hex; undefined before it ever did. */
  presentedCa: string | undefined;
}

/** A certificate an agent has or had. */
export interface AgentCertificate {
  agentId: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  keyId: string;
  notBeforeUs: number;
  notAfterUs: number;
  /** DER. */
  certificate: Uint8Array;
  /** Where its key replaced another; undefined where it is the first, or renewed. */
  succession: SignedKeySuccession | undefined;
}

/** A certificate a console was seen with. */
export interface ConsoleCertificate {
  name: string;
  keyId: string;
  certificate: Uint8Array;
  expiresAtUs: number;
  lastSeenAtUs: number;
}

/** What changes with a certificate of an agent. */
export interface CertificateChange {
  action:
    | 'agent.renewed'
    | 'agent.recovered'
    | 'agent.key_ordered'
    | 'agent.key_granted'
    | 'agent.key_rotated'
    | 'agent.ca_followed';
  /** To be kept of the agent from now on. */
  agent: AgentRecord;
  /** A certificate that was issued with it. */
  issued?: AgentCertificate;
  before: unknown;
  after: unknown;
}

/** What sessions of an agent were protected with, and from when to when. */
export interface AgentSession {
  agentId: string;
  tlsProtocol: string;
  tlsGroup: string;
  signatureAlgorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  keyId: string;
  /** Empty where the agent does not say. */
  provider: string;
  certificateExpiresAtUs: number;
  firstAtUs: number;
  lastAtUs: number;
}

export interface TokenRecord {
  id: string;
  /** SHA-256 of the secret. */
  secretHash: Uint8Array;
  label: string;
  usesLeft: number;
  madeAtUs: number;
  expiresAtUs: number;
  /** What the agents it enrols belong to. */
  group: string;
  /** Whether they take the place of agents of the same host name. */
  replaces: boolean;
}

export type UsedToken = Pick<TokenRecord, 'group' | 'replaces' | 'label'>;
