import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  CreateTokenRequest,
  GetAgentRequest,
  GetAlertRequest,
  ListAlertsRequest,
  RevokeAgentRequest,
  SearchEventsRequest,
} from '@threatguard/proto';
import type { AlertFeed } from '../publish/alert-feed.ts';
import type { AuditActor } from '../store/store.ts';
import { type AgentsParts, createJoinToken, getAgent, listAgents, revokeAgent } from './agents.ts';
import { getAlert, listAlerts } from './alerts.ts';
import { unary } from './grpc-status.ts';
import { clampLimit } from './limits.ts';
import { reportStatus, type StatusParts } from './status.ts';
import { storyHandlers } from './stories.ts';
import { watchAlerts } from './watch-alerts.ts';

const FILTERS_MAX = 32;

export interface ConsoleServiceParts {
  status: StatusParts;
  agents: AgentsParts;
  feed: AlertFeed;
  /** Who calls from an address: for the audit log. */
  actor: (address: string) => AuditActor;
  failed: (error: unknown) => void;
}

/** The Console service. Callers are consoles: authorisation is done before. */
export function consoleHandlers(parts: ConsoleServiceParts): UntypedServiceImplementation {
  const { agents, actor, failed } = parts;
  const { store } = agents;
  return {
    getStatus: unary(() => reportStatus(parts.status), failed),
    listAgents: unary(async () => ({ agents: await listAgents(agents) }), failed),
    getAgent: unary((request: GetAgentRequest) => getAgent(agents, request), failed),
    revokeAgent: unary((request: RevokeAgentRequest, from) => revokeAgent(agents, request, actor(from)), failed),
    createToken: unary((request: CreateTokenRequest, from) => createJoinToken(agents, request, actor(from)), failed),
    listAlerts: unary((request: ListAlertsRequest, _, signal) => listAlerts(store, request, signal), failed),
    getAlert: unary((request: GetAlertRequest) => getAlert(store, request), failed),
    watchAlerts: watchAlerts(parts.feed),
    searchEvents: unary(async (request: SearchEventsRequest, _, signal) => {
      const query = {
        filters: (request.filters ?? []).slice(0, FILTERS_MAX),
        sinceUs: request.sinceUs || undefined,
        untilUs: request.untilUs || undefined,
      };
      const page = await store.searchEvents(query, clampLimit(request.limit), request.after ?? '', signal);
      return { events: page.rows, next: page.next, searchedBackToUs: page.searchedBackToUs };
    }, failed),
    ...storyHandlers({ store, nowUs: agents.nowUs, failed }),
  };
}
