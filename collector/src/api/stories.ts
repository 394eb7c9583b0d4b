// What consoles ask of entities, incidents, volumes and the audit log.

import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  AuditEntry,
  GetEntityRequest,
  GetEntityResponse,
  GetIncidentRequest,
  GetIncidentResponse,
  GetVolumesRequest,
  ListAuditRequest,
  ListAuditResponse,
  ListEntitiesRequest,
  ListEntitiesResponse,
  ListIncidentsRequest,
  ListIncidentsResponse,
  VerifyAuditResponse,
  Volumes,
} from '@threatguard/proto';
import type { EntityKind } from '../correlate/entities.ts';
import { contributionAt, type Entity, HALF_LIFE_US, riskAt } from '../correlate/risk.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor, AuditEntry as StoredEntry } from '../store/audit-entry.ts';
import type { Disclosure } from '../store/disclosures.ts';
import type { TimeRange } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import { listedEntities, listedIncidents, viewedEntity, viewedIncident } from './disclosed.ts';
import { ApiError, unary } from './grpc-status.ts';
import { clampLimit } from './limits.ts';

const KINDS: readonly EntityKind[] = ['host', 'user', 'process', 'address'];
const STATES = ['open', 'closed'] as const;
const DAY_US = 86_400_000_000;
/** Of a history where nothing else is asked for. */
const HISTORY_DAYS = 7;
/** Volumes are by hour, and of more hours the series refuses to answer. */
const VOLUME_DAYS_MAX = 60;
/** ULIDs, lower case (Crockford base 32). */
const INCIDENT_ID = /^[0-9a-hjkmnp-tv-z]{1,26}$/;

export function storyHandlers(parts: {
  store: Store;
  nowUs: () => number;
  /** '' of whoever is no user, or not any more. */
  userName: (by: AuditActor) => string;
  /** Writes down what is read of persons, before it is answered. */
  disclose: (from: CallFrom, read: Disclosure) => Promise<void>;
  failed: (error: unknown) => void;
}): UntypedServiceImplementation {
  const { store, nowUs, disclose, failed } = parts;
  return {
    listEntities: unary(async (request: ListEntitiesRequest, from) => {
      await disclose(from, listedEntities(request));
      return listEntities(store, request, nowUs());
    }, failed),
    getEntity: unary(async (request: GetEntityRequest, from) => {
      await disclose(from, viewedEntity(request));
      return getEntity(store, request, nowUs());
    }, failed),
    getVolumes: unary((request: GetVolumesRequest) => getVolumes(store, request, nowUs()), failed),
    listIncidents: unary(async (request: ListIncidentsRequest, from) => {
      await disclose(from, listedIncidents(request));
      return listIncidents(store, request);
    }, failed),
    getIncident: unary(async (request: GetIncidentRequest, from) => {
      await disclose(from, viewedIncident(request));
      return getIncident(store, request);
    }, failed),
    listAudit: unary((request: ListAuditRequest) => listAudit(parts, request), failed),
    verifyAudit: unary(() => verifyAudit(store), failed),
  };
}

async function listEntities(store: Store, request: ListEntitiesRequest, nowUs: number): Promise<ListEntitiesResponse> {
  const kind = oneOf('kind', KINDS, request.kind);
  const page = await store.entities({ kind }, clampLimit(request.limit), request.after ?? '');
  return { entities: page.rows.map((entity) => told(entity, nowUs)), next: page.next };
}

function told(entity: Entity, nowUs: number) {
  return {
    name: { kind: entity.kind, name: entity.name },
    risk: riskAt(entity.level, nowUs),
    reasons: entity.reasons.map((reason) => ({ ...reason, contribution: contributionAt(reason, nowUs) })),
    firstSeenAtUs: entity.firstSeenAtUs,
    lastSeenAtUs: entity.lastSeenAtUs,
  };
}

async function getEntity(store: Store, request: GetEntityRequest, nowUs: number): Promise<GetEntityResponse> {
  const kind = oneOf('kind', KINDS, request.name?.kind);
  const name = request.name?.name ?? '';
  const entity = kind && (await store.entity({ kind, name }));
  if (!entity) throw new ApiError('not_found', 'no entity has this name; threatguard entities list shows them');
  const fromUs = request.sinceUs || nowUs - HISTORY_DAYS * DAY_US;
  const points = await store.riskHistory({ kind, name }, { fromUs, toUs: nowUs });
  return {
    entity: told(entity, nowUs),
    halfLifeUs: HALF_LIFE_US,
    history: points.map(({ atUs, level }) => ({ atUs, risk: riskAt(level, atUs) })),
  };
}

async function getVolumes(store: Store, request: GetVolumesRequest, nowUs: number): Promise<Volumes> {
  const fromUs = Math.max(request.sinceUs || nowUs - DAY_US, nowUs - VOLUME_DAYS_MAX * DAY_US);
  const [alerts, points] = await Promise.all([
    store.alertVolumes(fromUs),
    store.series({ resolution: 'hour', fromUs, toUs: nowUs }),
  ]);
  const events = new Map<number, number>();
  for (const { atUs, events: count } of points) events.set(atUs, (events.get(atUs) ?? 0) + count);
  return { alerts, events: Array.from(events, ([hourUs, count]) => ({ hourUs, count })) };
}

async function listIncidents(store: Store, request: ListIncidentsRequest): Promise<ListIncidentsResponse> {
  const filter = {
    state: oneOf('state', STATES, request.state),
    severityMin: request.severityMin ?? undefined,
    ...rangeOf(request),
  };
  const page = await store.incidents(filter, clampLimit(request.limit), request.after ?? '');
  return { incidents: page.rows, next: page.next };
}

async function getIncident(store: Store, request: GetIncidentRequest): Promise<GetIncidentResponse> {
  const id = (request.id ?? '').trim().toLowerCase();
  if (!INCIDENT_ID.test(id)) {
    throw new ApiError('invalid', 'this is not an incident id; threatguard incidents list shows them');
  }
  const [incident, ...others] = await store.incidentsByIdPrefix(id);
  if (!incident) throw new ApiError('not_found', 'no incident has this id; threatguard incidents list shows them');
  if (others.length > 0) {
    const candidates = [incident, ...others].map((match) => match.id).join(', ');
    throw new ApiError('ambiguous', `several incidents begin with this; give more of the id: ${candidates}`);
  }
  return { incident };
}

async function listAudit(
  { store, userName }: { store: Store; userName: (by: AuditActor) => string },
  request: ListAuditRequest,
): Promise<ListAuditResponse> {
  const page = await store.audit(clampLimit(request.limit), request.after ?? '', rangeOf(request));
  return {
    entries: page.rows.map((entry) => ({ ...auditMessage(entry), actorName: userName(entry.by) })),
    next: page.next,
  };
}

export function auditMessage({ by, ...entry }: StoredEntry): AuditEntry {
  return { ...entry, actorKind: by.kind, actorId: by.id, from: by.from };
}

async function verifyAudit(store: Store): Promise<VerifyAuditResponse> {
  const { entries, firstSequence, head, problem } = await store.verifyAudit();
  return {
    entries,
    firstSequence,
    headSequence: head.sequence,
    headDigest: head.digest,
    problemSequence: problem?.sequence,
    problem: problem?.what,
  };
}

function rangeOf({ sinceUs, untilUs }: { sinceUs?: number | null; untilUs?: number | null }): TimeRange {
  return { ...(sinceUs && { sinceUs }), ...(untilUs && { untilUs }) };
}

/** Undefined where nothing was asked for. */
function oneOf<T extends string>(name: string, known: readonly T[], text: string | null | undefined): T | undefined {
  if (!text) return undefined;
  const found = known.find((each) => each === text);
  if (!found) throw new ApiError('invalid', `${name} is one of ${known.join(', ')}`);
  return found;
}
