import type { Alert } from '@threatguard/proto';
import { findAlert } from '../../api/alerts.ts';
import type { Store } from '../../store/store.ts';
import { HOUR_US } from '../analysis/behaviour.ts';
import { correlateAlerts } from '../analysis/correlate.ts';
import { findEntity } from '../analysis/find-entity.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import { describeIncident, severityNumber } from '../schemas/findings.ts';
import { guarded } from '../schemas/problem.ts';
import { correlateAnswer, correlateBody } from '../schemas/threat.ts';
import { spanUs } from '../times.ts';

const ALERTS_MAX = 500;

export interface CorrelationRouteParts {
  store: Store;
  nowMs: () => number;
}

export function correlationRoute(app: HttpApp, { store, nowMs }: CorrelationRouteParts): void {
  app.post(
    '/api/threat/correlate-threats',
    {
      config: { access: 'analysis:run', cost: 5 },
      schema: {
        tags: ['analysis'],
        summary: 'The stories alerts tell together: those named, those about an entity, or all of a time',
        body: correlateBody,
        response: { 200: correlateAnswer, ...guarded('not_found', 'conflict', 'unavailable', 'timed_out') },
      },
    },
    async (request) => {
      const { alerts, complete } = await chooseAlerts(request.body, request.due);
      const { incidents, entities, tactics } = correlateAlerts(alerts);
      return { alerts: alerts.length, incidents: incidents.map(describeIncident), entities, tactics, complete };
    },
  );

  async function chooseAlerts(
    { alerts: ids, entity, since, until, severity }: typeof correlateBody._output,
    signal: AbortSignal,
  ): Promise<{ alerts: Alert[]; complete: boolean }> {
    if (ids) {
      const named = [];
      for (const id of new Set(ids)) named.push(await findAlert(store, id));
      return { alerts: named, complete: true };
    }
    if (entity) {
      const known = await findEntity(store, entity);
      if (!known) throw new ProblemError('not_found', `no alert was ever about the ${entity.kind} "${entity.name}"`);
      const found = await Promise.all(known.reasons.map(({ alertId }) => store.alertsByIdPrefix(alertId)));
      return { alerts: found.flat(), complete: true };
    }
    const filter = {
      sinceUs: nowMs() * 1000 - 24 * HOUR_US,
      ...spanUs({ since, until }, '/body'),
      ...(severity && { severityMin: severityNumber(severity) }),
    };
    const { rows, next } = await store.alerts(filter, ALERTS_MAX, '', signal);
    return { alerts: rows, complete: next === '' };
  }
}
