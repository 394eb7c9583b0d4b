import { type handleServerStreamingCall, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  CreateTokenRequest,
  GetAgentRequest,
  GetAlertRequest,
  GetEventRequest,
  LabelAgentRequest,
  ListAlertsRequest,
  RemoveAgentRequest,
  RevokeAgentRequest,
  SearchEventsRequest,
  SignedAlert,
  WatchAlertsRequest,
} from '@threatguard/proto';
import type { AccessLog } from '../compliance/access-log.ts';
import { type CallFrom, callFrom } from '../ingest/call-from.ts';
import type { AlertFeed } from '../publish/alert-feed.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { Disclosure } from '../store/disclosures.ts';
import {
  type AgentsParts,
  createJoinToken,
  getAgent,
  labelAgent,
  listAgents,
  removeAgent,
  revokeAgent,
} from './agents.ts';
import { getAlert, listAlerts } from './alerts.ts';
import { listedAlerts, searchedEvents, viewedAlert, viewedEvent } from './disclosed.ts';
import { findEvent } from './event-id.ts';
import { toStatus, unary } from './grpc-status.ts';
import { clampLimit } from './limits.ts';
import { reportStatus, type StatusParts } from './status.ts';
import { storyHandlers } from './stories.ts';
import { watchAlerts } from './watch-alerts.ts';

const FILTERS_MAX = 32;

export interface ConsoleServiceParts {
  status: StatusParts;
  agents: AgentsParts;
  feed: AlertFeed;
  accesses: Pick<AccessLog, 'note'>;
  /** '' of whoever is no user, or not any more. */
  userName: (by: AuditActor) => string;
  /** Who makes a call: for the audit log. */
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}

/** The Console service. Callers are consoles: authorisation is done before. */
export function consoleHandlers(parts: ConsoleServiceParts): UntypedServiceImplementation {
  const { agents, actor, failed } = parts;
  const { store } = agents;
  const disclose = (from: CallFrom, read: Disclosure) => parts.accesses.note(actor(from), read);
  return {
    getStatus: unary(() => reportStatus(parts.status), failed),
    listAgents: unary(async () => ({ agents: await listAgents(agents) }), failed),
    getAgent: unary((request: GetAgentRequest) => getAgent(agents, request), failed),
    revokeAgent: unary((request: RevokeAgentRequest, from) => revokeAgent(agents, request, actor(from)), failed),
    labelAgent: unary((request: LabelAgentRequest, from) => labelAgent(agents, request, actor(from)), failed),
    removeAgent: unary((request: RemoveAgentRequest, from) => removeAgent(agents, request, actor(from)), failed),
    createToken: unary((request: CreateTokenRequest, from) => createJoinToken(agents, request, actor(from)), failed),
    listAlerts: unary(async (request: ListAlertsRequest, from, signal) => {
      await disclose(from, listedAlerts(request));
      return listAlerts(store, request, signal);
    }, failed),
    getAlert: unary(async (request: GetAlertRequest, from) => {
      await disclose(from, viewedAlert(request));
      return getAlert(store, request);
    }, failed),
    watchAlerts: watchDisclosed(parts, disclose),
    searchEvents: unary(async (request: SearchEventsRequest, from, signal) => {
      await disclose(from, searchedEvents(request));
      const query = {
        filters: (request.filters ?? []).slice(0, FILTERS_MAX),
        sinceUs: request.sinceUs || undefined,
        untilUs: request.untilUs || undefined,
      };
      const page = await store.searchEvents(query, clampLimit(request.limit), request.after ?? '', signal);
      return { events: page.rows, next: page.next, searchedBackToUs: page.searchedBackToUs };
    }, failed),
    getEvent: unary(async (request: GetEventRequest, from) => {
      await disclose(from, viewedEvent(request));
      return findEvent(agents, request.event ?? '');
    }, failed),
    ...storyHandlers({ store, nowUs: agents.nowUs, userName: parts.userName, disclose, failed }),
  };
}

/** A watch is one read, however long it lasts. */
function watchDisclosed(
  { feed, agents, failed }: ConsoleServiceParts,
  disclose: (from: CallFrom, read: Disclosure) => Promise<void>,
): handleServerStreamingCall<WatchAlertsRequest, SignedAlert> {
  const watch = watchAlerts(feed, (id) => agents.fleet.agent(id)?.labels);
  return (call) => {
    disclose(callFrom(call), listedAlerts(call.request, 'alerts.watched')).then(
      () => {
        if (!call.cancelled) watch(call);
      },
      (error) => {
        const known = toStatus(error);
        if (!known) failed(error);
        call.emit('error', known ?? { code: status.INTERNAL, details: 'the collector failed; its log says why' });
      },
    );
  };
}
