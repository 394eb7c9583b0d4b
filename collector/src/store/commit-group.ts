import type { Alert, Detection, RefusalCode } from '@threatguard/proto';
import type { CommitBatch } from '../batch.ts';
import type { Incident } from '../correlate/incident.ts';
import type { Entity } from '../correlate/risk.ts';
import type { AlertActRecord } from '../triage/change-alert.ts';

/** What one transaction stores. Detections and what follows from them here belong to no batch: silence, gaps, refusals. */
export interface CommitGroup {
  batches: readonly CommitBatch[];
  detections: readonly Detection[];
  alerts: readonly Alert[];
  entities: readonly Entity[];
  incidents: readonly Incident[];
  refusals: readonly RefusedEnvelope[];
  /** What people did, with the alerts it changed. */
  acts: readonly AlertActRecord[];
  /** In order: of two about one alert the later one holds. */
  pile: readonly PileMove[];
}

/** An alert goes to the pile of those over the budget of their day, or comes back from it. */
export interface PileMove {
  alertId: string;
  withheld: boolean;
  atUs: number;
}

export const EMPTY_GROUP: CommitGroup = {
  batches: [],
  detections: [],
  alerts: [],
  entities: [],
  incidents: [],
  refusals: [],
  acts: [],
  pile: [],
};

export interface RefusedEnvelope {
  agentId: string;
  code: RefusalCode;
  message: string;
  atUs: number;
}
