// What forwarding asks of a store. Only types and limits.
import type { Alert } from '@threatguard/proto';
import type { AuditEntry } from './audit-entry.ts';

/** Revisions of alerts that wait at most, for the target that is furthest behind; a million take some 100 MiB. */
export const FORWARD_QUEUE_ROWS_MAX = 1_000_000;

export type ForwardStream = 'alerts' | 'audit';

/** One stream to one target, as it is kept. */
export interface ForwardCursor {
  name: string;
  stream: ForwardStream;
  /** Everything up to here was delivered, passed over or missed. */
  cursor: number;
  delivered: number;
  /** The target will not have them, and said so. */
  refused: number;
  /** Gone before they could be delivered: retention, or the limit of the queue. */
  missed: number;
  deliveredAtUs: number | undefined;
}

export interface ForwardItem {
  position: number;
  /** What waits, when: the oldest says how far a target is behind. */
  atUs: number;
  /** Undefined where retention has removed it meanwhile: it counts as missed. */
  content: { kind: 'alert'; alert: Alert } | { kind: 'audit'; entry: AuditEntry } | undefined;
}

export interface ForwardProgress {
  /** The new cursor; never moves back. */
  cursor: number;
  delivered: number;
  refused: number;
  missed: number;
  atUs: number;
}

export interface ForwardingStore {
  /**
   * Makes the targets exactly these, and gives them as they stand. A new one begins with what comes from now on; one that is
   * not named any more is forgotten, with what waited for it alone.
   */
  useTargets(targets: readonly { name: string; stream: ForwardStream }[]): Promise<ForwardCursor[]>;
  /** The next after a cursor, in order: of alerts, revisions of one alert in theirs. */
  next(stream: ForwardStream, after: number, limit: number): Promise<ForwardItem[]>;
  /** How far a target is; undefined where there is none such. */
  cursor(target: { name: string; stream: ForwardStream }): Promise<number | undefined>;
  advance(target: { name: string; stream: ForwardStream }, progress: ForwardProgress): Promise<void>;
  /** How many wait for a target, counted up to 100,000, and since when the oldest does. */
  waiting(target: { name: string; stream: ForwardStream }): Promise<{ count: number; oldestAtUs: number | undefined }>;
  /** The targets as they stand. */
  targets(): Promise<ForwardCursor[]>;
}
