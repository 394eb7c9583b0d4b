// What consoles read of persons, as the audit log names it. Two polls that ask for the same are the same, whenever they come.
import type {
  FieldFilter,
  GetAlertRequest,
  GetEntityRequest,
  ListAlertsRequest,
  SearchEventsRequest,
} from '@threatguard/proto';
import type { Disclosure } from '../store/disclosures.ts';

export function searchedEvents({ filters, sinceUs, untilUs, limit }: SearchEventsRequest): Disclosure {
  const asked = (filters ?? []).map(filterText).sort().join(' ');
  return {
    action: 'events.searched',
    subject: asked || 'all events',
    after: { sinceUs: sinceUs || undefined, untilUs: untilUs || undefined, limit: limit || undefined },
  };
}

/** Also of one that is not there: who asked for it is what the log is for. */
export function viewedEvent({ event }: { event?: string | null }): Disclosure {
  return { action: 'event.viewed', subject: event ?? '' };
}

export function viewedAlert({ id }: GetAlertRequest): Disclosure {
  return { action: 'alert.viewed', subject: id ?? '' };
}

export function listedAlerts({ filter }: Pick<ListAlertsRequest, 'filter'>, action = 'alerts.listed'): Disclosure {
  const { agent, user, technique, severityMin, state } = filter ?? {};
  const asked = Object.entries({ agent, user, technique, severityMin, state }).filter(([, value]) => value);
  const labels = (filter?.labels ?? []).map(filterText);
  const said = [...asked.map(([name, value]) => `${name}=${value}`), ...labels];
  return { action, subject: said.join(' ') || 'all alerts' };
}

export function listedEntities({ kind }: { kind?: string | null }): Disclosure {
  return { action: 'entities.listed', subject: kind || 'all kinds' };
}

export function viewedEntity({ name }: GetEntityRequest): Disclosure {
  return { action: 'entity.viewed', subject: `${name?.kind ?? ''} ${name?.name ?? ''}` };
}

export function viewedIncident({ id }: { id?: string | null }): Disclosure {
  return { action: 'incident.viewed', subject: id ?? '' };
}

export function listedIncidents({ state }: { state?: string | null }): Disclosure {
  return { action: 'incidents.listed', subject: state || 'all incidents' };
}

function filterText({ field, value, negated }: FieldFilter): string {
  return `${negated ? '-' : ''}${field}=${value}`;
}
