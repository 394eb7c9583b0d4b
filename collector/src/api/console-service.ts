import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  CreateTokenRequest,
  GetAlertRequest,
  ListAlertsRequest,
  RevokeAgentRequest,
  SearchEventsRequest,
} from '@threatguard/proto';
import type { AlertFeed } from '../publish/alert-feed.ts';
import { type AgentsParts, createJoinToken, listAgents, revokeAgent } from './agents.ts';
import { getAlert, listAlerts } from './alerts.ts';
import { unary } from './grpc-status.ts';
import { clampLimit } from './limits.ts';
import { reportStatus, type StatusParts } from './status.ts';
import { watchAlerts } from './watch-alerts.ts';

const FILTERS_MAX = 32;

export interface ConsoleServiceParts {
  status: StatusParts;
  agents: AgentsParts;
  feed: AlertFeed;
  failed: (error: unknown) => void;
}

/** The Console service. Callers are consoles: authorisation is done before. */
export function consoleHandlers(parts: ConsoleServiceParts): UntypedServiceImplementation {
  const { agents, failed } = parts;
  const { store } = agents;
  return {
    getStatus: unary(() => reportStatus(parts.status), failed),
    listAgents: unary(async () => ({ agents: await listAgents(agents) }), failed),
    revokeAgent: unary((request: RevokeAgentRequest) => revokeAgent(agents, request), failed),
    createToken: unary((request: CreateTokenRequest) => createJoinToken(agents, request), failed),
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
  };
}
