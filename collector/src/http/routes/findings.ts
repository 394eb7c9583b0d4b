// What was found: alerts, incidents, the risk of entities.
import { AlertOrder, AlertState } from '@threatguard/proto';
import type { z } from 'zod';
import { findAlert, listAlerts } from '../../api/alerts.ts';
import { contributionAt, HALF_LIFE_US, riskAt } from '../../correlate/risk.ts';
import type { Store } from '../../store/store.ts';
import { findEntity } from '../analysis/find-entity.ts';
import { type ModelBehaviour, sayLearning } from '../analysis/model-behaviour.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { describeAlert, describeEvent, describeIncident, severityNumber } from '../schemas/findings.ts';
import { guarded } from '../schemas/problem.ts';
import {
  alertsAnswer,
  alertsQuery,
  idParams,
  incidentsAnswer,
  incidentsQuery,
  oneAlertAnswer,
  oneIncidentAnswer,
  riskAnswer,
  riskParams,
} from '../schemas/threat.ts';
import { SharedAnswers, writeSharedOnce } from '../shared-answers.ts';
import { isoTime, isoTimeUs, spanUs } from '../times.ts';

/** The hour that goes on, and the one before it. */
const PRESENT_US = 2 * 3_600_000_000;
const ORDERS = { newest: AlertOrder.ALERT_ORDER_NEWEST, triage: AlertOrder.ALERT_ORDER_TRIAGE } as const;
const WEEK_US = 7 * 24 * 3_600_000_000;

export interface FindingRoutesParts {
  store: Store;
  behaviour: ModelBehaviour;
  nowMs: () => number;
}

export function findingRoutes(app: HttpApp, { store, behaviour, nowMs }: FindingRoutesParts): void {
  const pages = new SharedAnswers<z.output<typeof alertsAnswer>>();

  app.get(
    '/api/threat/alerts',
    {
      config: { access: 'alerts:read' },
      schema: {
        tags: ['findings'],
        summary: 'Alerts, the newest first or the likeliest to be real',
        querystring: alertsQuery,
        response: { 200: alertsAnswer, ...guarded('unavailable', 'timed_out') },
      },
      serializerCompiler: writeSharedOnce,
    },
    (request) => {
      const { limit, after = '', severity, state, since, until, sort, ...rest } = request.query;
      const filter = {
        ...rest,
        ...(severity && { severityMin: severityNumber(severity) }),
        ...(state && { state: AlertState[state.toUpperCase() as 'OPEN'] }),
        ...spanUs({ since, until }, '/query'),
      };
      const page = { filter, limit, after, order: ORDERS[sort] };
      return pages.ask(JSON.stringify(page), request.due, async (signal) => {
        const { alerts = [], next } = await listAlerts(store, page, signal);
        return { alerts: alerts.map(describeAlert), next: next ?? '' };
      });
    },
  );

  app.get(
    '/api/threat/alerts/:id',
    {
      config: { access: 'alerts:read' },
      schema: {
        tags: ['findings'],
        summary: 'One alert; with the events it speaks of for who has events:read',
        params: idParams,
        response: { 200: oneAlertAnswer, ...guarded('not_found', 'conflict', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const alert = await findAlert(store, request.params.id);
      const mayRead = request.caller!.scopes.has('events:read');
      const events = mayRead ? await store.eventsByReference(alert.events ?? []) : [];
      return { alert: describeAlert(alert), events: events.map(describeEvent) };
    },
  );

  app.get(
    '/api/threat/incidents',
    {
      config: { access: 'incidents:read' },
      schema: {
        tags: ['findings'],
        summary: 'Incidents, the newest change first',
        querystring: incidentsQuery,
        response: { 200: incidentsAnswer, ...guarded('unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { limit, after = '', state, severity } = request.query;
      const filter = { state, severityMin: severity && severityNumber(severity) };
      const { rows, next } = await store.incidents(filter, limit, after);
      return { incidents: rows.map(describeIncident), next };
    },
  );

  app.get(
    '/api/threat/incidents/:id',
    {
      config: { access: 'incidents:read' },
      schema: {
        tags: ['findings'],
        summary: 'One incident with its alerts in the order of the story',
        params: idParams,
        response: { 200: oneIncidentAnswer, ...guarded('not_found', 'conflict', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const [incident, ...others] = await store.incidentsByIdPrefix(request.params.id.toLowerCase());
      if (!incident) throw new ProblemError('not_found', 'no incident has this id');
      if (others.length > 0)
        throw new ProblemError('conflict', 'several incidents begin with this; give more of the id');
      return { incident: describeIncident(incident) };
    },
  );

  app.get(
    '/api/threat/risk-profile/:kind/:id',
    {
      config: { access: 'risk:read' },
      schema: {
        tags: ['findings'],
        summary: 'The risk of a host, user, program or address now, why, and how it went',
        params: riskParams,
        response: { 200: riskAnswer, ...guarded('not_found', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { kind, id } = request.params;
      const nowUs = nowMs() * 1000;
      const entity = await findEntity(store, { kind, name: id });
      if (!entity) throw new ProblemError('not_found', `no alert was ever about the ${kind} "${id}"`);
      const { name } = entity;
      const points = await store.riskHistory({ kind, name }, { fromUs: nowUs - WEEK_US, toUs: nowUs });
      const window = { fromUs: nowUs - PRESENT_US, toUs: nowUs, stored: false };
      const model = await behaviour.assess({ kind, name }, window);
      return {
        entity: { kind, name },
        risk: hundredths(riskAt(entity.level, nowUs)),
        half_life_hours: HALF_LIFE_US / 3_600_000_000,
        reasons: entity.reasons.map((reason) => ({
          alert_id: reason.alertId,
          rule_id: reason.ruleId,
          title: reason.title,
          contribution: hundredths(contributionAt(reason, nowUs)),
          at: isoTime(reason.atUs / 1000),
        })),
        history: points.map(({ atUs, level }) => ({ at: isoTime(atUs / 1000), risk: hundredths(riskAt(level, atUs)) })),
        first_seen_at: isoTimeUs(entity.firstSeenAtUs),
        last_seen_at: isoTimeUs(entity.lastSeenAtUs),
        behaviour: model
          ? {
              anomaly_score: model.score,
              confidence: model.confidence,
              learning: model.learning,
              reasons: [...sayLearning(model), ...model.reasons],
            }
          : null,
      };
    },
  );
}

/** More digits would say more than is known. */
function hundredths(risk: number): number {
  return Math.round(risk * 100) / 100;
}
