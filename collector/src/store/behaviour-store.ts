// What is stored of behaviour and of models.
import type { StoredEvent } from '@threatguard/proto';
import type { AuditActor } from './audit-entry.ts';

/** Hours of entities of one kind that are over, as models are trained from them (detect/behaviour/hour-rows.ts). */
export interface HoursBlock {
  /** Its place in ENTITY_KINDS. */
  kind: number;
  firstAtUs: number;
  lastAtUs: number;
  hours: number;
  bytes: Uint8Array;
}

/** Pieces of sequences of one family that are over (detect/behaviour/sequences/gathering.ts). */
export interface SequencesBlock {
  /** Its place in FAMILIES. */
  family: number;
  firstAtUs: number;
  lastAtUs: number;
  sequences: number;
  bytes: Uint8Array;
}

export interface BehaviourSave {
  atUs: number;
  parts: readonly Uint8Array[];
  hours: readonly HoursBlock[];
  sequences?: readonly SequencesBlock[];
}

/** What models know of behaviour. */
export interface BehaviourStore {
  /** Replaces the checkpoint and adds hours and sequences, in one transaction. */
  save(save: BehaviourSave): Promise<void>;
  /** The parts of the checkpoint; none where there is none. */
  load(): Promise<Uint8Array[]>;
  hoursStored(): Promise<number>;
  /** When the first of them begins and the last ends; both 0 where there are none. */
  hoursSpan(): Promise<{ fromUs: number; toUs: number }>;
  /** In the order they were stored, those that end at a time or later. */
  hours(kind: number, fromUs: number): AsyncIterable<HoursBlock>;
  sequencesStored(): Promise<number>;
  /** As of hours. */
  sequencesSpan(): Promise<{ fromUs: number; toUs: number }>;
  sequences(family: number, fromUs: number): AsyncIterable<SequencesBlock>;
  /**
   * What is stored of every stream beyond a position (by agent and stream in hex), received since a time, oldest first: the
   * events of one envelope at once. Of more than `eventsMax` the newest.
   */
  eventsAfter(
    positions: ReadonlyMap<string, number>,
    limits: { sinceUs: number; eventsMax: number },
  ): AsyncIterable<StoredEvent[]>;
}

/** A version of a trained model. */
export interface ModelRecord {
  name: string;
  version: number;
  /** JSON, as it was signed. */
  card: string;
  /** SHA-256 of what was trained. */
  digest: Uint8Array;
  state: 'active' | 'ready' | 'retired' | 'refused';
  createdAtUs: number;
  signature: Uint8Array;
  /** DER: of the key that signed it. */
  certificate: Uint8Array;
  /** Why it is not in use; empty where there is nothing to say. */
  notice: string;
}

/** Every change is an entry of the audit log in the same transaction; without an actor the collector made it. */
export interface ModelStore {
  /** By name, newest version first. */
  list(): Promise<ModelRecord[]>;
  add(record: ModelRecord, atUs: number, by?: AuditActor): Promise<void>;
  /** The version that was active is retired. */
  activate(model: { name: string; version: number }, atUs: number, by?: AuditActor): Promise<void>;
  setState(change: Pick<ModelRecord, 'name' | 'version' | 'state' | 'notice'>, atUs: number): Promise<void>;
  /** With its file, where that is kept. */
  remove(name: string, version: number): Promise<void>;
  /** For collectors of this store that did not train it. */
  keepFile(model: { name: string; version: number }, bytes: Uint8Array): Promise<void>;
  /** Undefined where it is not kept. */
  file(model: { name: string; version: number }): Promise<Uint8Array | undefined>;
}
