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
    alerts,
    nowMs: Date.now,
    getStatus: () => client.getStatus(),
    listAgents: () => client.listAgents(),
    getAgent: (agent) => client.getAgent(agent),
    revokeAgent: (agent) => client.revokeAgent(agent),
    orderKeys: (agent) => client.orderKeys(agent),
    listAlerts: (filter, limit) => client.listAlerts(filter, limit),
    getAlert: (id) => client.getAlert(id),
    actOnAlerts: (request) => client.actOnAlerts(request),
    alertHistory: (id) => client.alertHistory(id),
    searchEvents: (query, limit) => client.searchEvents(query, limit),
    listEntities: (kind, limit) => client.listEntities(kind, limit),
    getEvent: (event) => client.getEvent(event),
    getEntity: (request) => client.getEntity(request),
    getVolumes: (sinceUs) => client.getVolumes(sinceUs),
    listIncidents: (filter, limit) => client.listIncidents(filter, limit),
    getIncident: (id) => client.getIncident(id),
    listAudit: (limit) => client.listAudit(limit),
    listIntel: (filter, limit) => client.listIntel(filter, limit),
    listRules: (request) => client.listRules(request),
    setRuleState: (request) => client.setRuleState(request),
    showRule: (id) => client.showRule(id),
    listHunts: () => client.listHunts(),
    runHunt: (request, signal) => client.runHunt(request, signal),
    getKeys: () => client.getKeys(),
    rotateKeys: (request) => client.rotateKeys(request),
    controlRotation: (action) => client.controlRotation(action),
    listModels: () => client.listModels(),
    activateModel: (request) => client.activateModel(request),
    rollbackModel: (name) => client.rollbackModel(name),
    modelCard: (name, version) => verifiedCard(client, ca, { name, version }),
    lookupIntel: (value) => client.lookupIntel(value),
    previewException: (request) => client.previewException(request),
    addException: (request) => client.addException(request),
    listExceptions: (ended) => client.listExceptions(ended),
    getException: (id) => client.getException(id),
    removeException: (id) => client.removeException(id),
  };
}
