// What the judge and the alert budget ask of a store. Only types and a limit: they stand before it in the straight line.
import type { Alert, Detection } from '@threatguard/proto';
import type { AuditActor } from './audit-entry.ts';

/** Exceptions that may be in force at once. */
export const EXCEPTIONS_MAX = 10_000;

/** Detections of one rule in which every condition holds letter for letter are recorded and raise no alert. */
export interface ExceptionRecord {
  /** ULID, lower case. */
  id: string;
  ruleId: string;
  ruleTitle: string;
  /** At least one, in order of the fields' names, none twice. */
  conditions: readonly { field: string; value: string }[];
  reason: string;
  alertId: string;
  madeBy: string;
  madeAtUs: number;
  /** Undefined where it does not expire. */
  expiresAtUs: number | undefined;
  removedBy: string;
  removedAtUs: number | undefined;
  /** Detections it kept from being alerts, and when the newest of them happened. */
  hidden: number;
  lastHiddenAtUs: number | undefined;
}

export interface StoredDetection {
  detection: Detection;
  lastAtUs: number;
}

/** When a rule alerted last about an entity of an agent. */
export interface Alerted {
  ruleId: string;
  agentId: string;
  entity: string;
  lastAtUs: number;
}

export interface AlertBudgetRecord {
  /** 0 where all alerts are shown. */
  perDay: number;
  setBy: string;
  setAtUs: number;
}

/** What analysts decided about detections and alerts, and what the judge goes on from after a restart. */
export interface JudgementStore {
  /** Newest first: all, or those in force at a time. */
  exceptions(inForceAtUs?: number): Promise<ExceptionRecord[]>;
  exceptionsByIdPrefix(prefix: string): Promise<ExceptionRecord[]>;
  /** With its audit entry, in one transaction; so are the other changes here. */
  addException(record: ExceptionRecord, by: AuditActor): Promise<void>;
  /** Undefined where there is none, or it was removed before. */
  removeException(id: string, atUs: number, by: AuditActor): Promise<ExceptionRecord | undefined>;
  /** Detections an exception hides, newest first. */
  hiddenBy(id: string, limit: number): Promise<Detection[]>;
  /** All that is kept of a rule, newest first, in pages. */
  detectionsOf(ruleId: string, sinceUs: number): AsyncIterable<StoredDetection[]>;
  lastAlerted(ruleId: string, sinceUs: number, limit: number): Promise<Alerted[]>;
  /** How many detections were suppressed that fold into this alert. */
  suppressedLike(alert: Alert): Promise<number>;
  alertRevision(id: string, revision: number): Promise<Alert | undefined>;
  /** Alerts raised since a time, with whether they are withheld. */
  alertsOfDay(sinceUs: number): Promise<Alert[]>;
  /** Alerts over the budget of their day, and not closed. */
  withheldOpen(): Promise<number>;
  /** Undefined where nobody has set one. */
  budget(): Promise<AlertBudgetRecord | undefined>;
  setBudget(perDay: number, atUs: number, by: AuditActor): Promise<void>;
}
