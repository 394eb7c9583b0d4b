// What is stored of ML-KEM epochs, their rotation, and what agents proved of them.
import type { AuditActor } from './audit-entry.ts';

/** An epoch whose private key the collector holds. */
export interface HeldKey {
  epoch: number;
  algorithm: string;
  /** Of the SubjectPublicKeyInfo. */
  publicKeySha256: Uint8Array;
  createdAtUs: number;
}

/**
 * `announced`: agents are told to seal for it. `draining`: what was sealed for it is still opened. `refused`: compromised,
 * no thread has the key any more, its file waits for the last agent. `destroying`: decided, and under way.
 */
type KemKeyState = 'announced' | 'draining' | 'refused' | 'destroying' | 'destroyed';

/** One epoch of the fleet's ML-KEM key. */
export interface KemKeyRecord extends HeldKey {
  state: KemKeyState;
  announcedAtUs: number | undefined;
  destroyedAtUs: number | undefined;
}

/** One rotation of the fleet's ML-KEM key, named by the epoch it leads to. */
export interface RotationRecord {
  epoch: number;
  /** The epoch that was announced before it. */
  fromEpoch: number;
  /** `canary`: only `canaryAgents` are told. `draining`: all have proved the new epoch. */
  phase: 'canary' | 'announced' | 'draining' | 'done' | 'aborted';
  paused: boolean;
  compromised: boolean;
  canaryAgents: readonly string[];
  startedBy: string;
  startedAtUs: number;
  /** To all; undefined until then. */
  announcedAtUs: number | undefined;
  endedAtUs: number | undefined;
}

export interface RotationSchedule {
  everySeconds: number;
  nextAtUs: number;
}

/** What an agent proved last, and what it holds since. */
export interface AgentEpochRecord {
  agentId: string;
  epoch: number;
  /** By the agent's clock. */
  confirmedAtUs: number;
  receivedAtUs: number;
  /** SHA-256 over the body and the signature of the EpochConfirmation. */
  confirmationSha256: Uint8Array;
  /** 0 where nothing waits in its spool. */
  oldestSpooledEpoch: number;
  /** Later it said something older than it had proved: two hosts speak as one agent, or one came back from a backup. */
  contradicted: boolean;
}

export interface AgentEpochUpdate extends AgentEpochRecord {
  /** As it came. Some 3 KiB, which nobody needs in memory for a whole fleet. */
  confirmation?: { body: Uint8Array; signature: Uint8Array };
}

export interface EpochState {
  /** Newest epoch first. */
  keys: KemKeyRecord[];
  /** The running one, or the last. */
  rotation: RotationRecord | undefined;
  schedule: RotationSchedule | undefined;
  agents: AgentEpochRecord[];
}

/** One step of a rotation. `action` names it in the audit log as `kem_rotation.<action>`; a null schedule ends it. */
export interface EpochChange {
  atUs: number;
  action: string;
  keys?: readonly KemKeyRecord[];
  rotation?: RotationRecord;
  schedule?: RotationSchedule | null;
  /** What the audit entry says beside the state. */
  facts?: Record<string, string | number>;
}

export interface EpochStore {
  load(): Promise<EpochState>;
  /** All of it and its audit entries, in one transaction. */
  change(change: EpochChange, by: AuditActor): Promise<void>;
  /** A record without `confirmation` leaves the one that is stored as it is. */
  saveAgents(records: readonly AgentEpochUpdate[]): Promise<void>;
}
