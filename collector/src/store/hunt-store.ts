import type { AuditActor } from './audit-entry.ts';

/** A hunt by its name. */
export interface SavedHuntRecord {
  name: string;
  query: string;
  /** 0 where it does not run by itself. */
  everySeconds: number;
  /** Of the alert where it finds something. */
  severity: number;
  savedBy: string;
  savedAtUs: number;
  /** Up to here it ran by itself; undefined before it ever did. */
  ranUntilUs: number | undefined;
  /** Why the last run by itself failed; empty where it did not. */
  problem: string;
}

export interface HuntStore {
  /** By name. */
  list(): Promise<SavedHuntRecord[]>;
  /** False where there is one of this name that is not to be replaced, or there are too many. */
  save(hunt: SavedHuntRecord, replace: boolean, by: AuditActor): Promise<'saved' | 'exists' | 'full'>;
  remove(name: string, atUs: number, by: AuditActor): Promise<boolean>;
  ran(name: string, untilUs: number, problem: string): Promise<void>;
}
