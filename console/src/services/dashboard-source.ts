import type { GetModelResponse } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import type { LiveAlerts } from './live-alerts.ts';
import { verifiedCard } from './model-card.ts';

/** What views ask, and where alerts as they come are kept. Tests answer themselves. */
export type DashboardSource = Pick<
  CollectorClient,
  | 'getStatus'
  | 'listAgents'
  | 'getAgent'
  | 'revokeAgent'
  | 'orderKeys'
  | 'listAlerts'
  | 'getAlert'
  | 'actOnAlerts'
  | 'alertHistory'
  | 'searchEvents'
  | 'listEntities'
  | 'getEvent'
  | 'getEntity'
  | 'getVolumes'
  | 'listIncidents'
  | 'getIncident'
  | 'listAudit'
  | 'listHunts'
  | 'listIntel'
  | 'listRules'
  | 'setRuleState'
  | 'showRule'
  | 'runHunt'
  | 'getKeys'
  | 'rotateKeys'
  | 'controlRotation'
  | 'listModels'
  | 'activateModel'
  | 'rollbackModel'
  | 'lookupIntel'
  | 'previewException'
  | 'addException'
  | 'listExceptions'
  | 'getException'
  | 'removeException'
> & {
  readonly alerts: LiveAlerts;
  nowMs(): number;
  /** The card of a version of a model, its signature checked; 0 for the one in use, else the newest. */
  modelCard(name: string, version: number): Promise<GetModelResponse>;
};

/** The calls of a client as a source. */
export function sourceOf(client: CollectorClient, alerts: LiveAlerts, ca: string): DashboardSource {
  return {
    ...client,
    alerts,
    nowMs: Date.now,
    modelCard: (name, version) => verifiedCard(client, ca, { name, version }),
  };
}
