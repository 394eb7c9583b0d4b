// What is kept of a person, as JSON lines: events with ECS names, alerts and risk. The first line says what the file is, the
// last how much is in it, so one that was cut short shows.
import { type Alert, type StoredEvent, toEcs } from '@threatguard/proto';
import { riskAt } from '../correlate/risk.ts';
import type { Person } from '../store/person-events.ts';
import type { Store } from '../store/store.ts';

const PAGE_ROWS = 500;
const FIELDS = ['user.name', 'user.target.name'] as const;

const NOT_INCLUDED =
  'signed envelopes whose events have aged out; texts of the events of others that mention the name; the audit log of this system';

export interface SubjectSources {
  store: Store;
  /** What names of hosts are known by. */
  agentName: (agentId: string) => string;
  nowUs: () => number;
}

/** Lines of the file in parts, with how many records there were so far. */
export async function* exportSubject(
  sources: SubjectSources,
  person: Person,
): AsyncGenerator<{ data: Uint8Array; records: number }> {
  const { store, agentName, nowUs } = sources;
  let records = 0;
  const part = (rows: readonly object[]) => {
    records += rows.length;
    return { data: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')), records };
  };
  const agent = person.agentId && agentName(person.agentId);
  const about = {
    type: 'subject',
    user: person.user,
    agent,
    exported_at: isoTime(nowUs()),
    not_included: NOT_INCLUDED,
  };
  yield { data: Buffer.from(`${JSON.stringify(about)}\n`), records };
  for await (const events of eventsOf(store, person)) yield part(events.map(eventRecord));
  for await (const alerts of alertsOf(store, person)) yield part(alerts.map(alertRecord));
  const entity = await store.entity({ kind: 'user', name: person.user });
  if (entity && !person.agentId) {
    const { firstSeenAtUs, lastSeenAtUs, level, reasons } = entity;
    const risk = Math.round(riskAt(level, nowUs()));
    yield part([
      { type: 'risk', risk, first_seen_at: isoTime(firstSeenAtUs), last_seen_at: isoTime(lastSeenAtUs), reasons },
    ]);
  }
  yield { data: Buffer.from(`${JSON.stringify({ type: 'end', records })}\n`), records };
}

async function* eventsOf(store: Store, { user, agentId }: Person): AsyncGenerator<StoredEvent[]> {
  for (const field of FIELDS) {
    for (let after = ''; ; ) {
      const filters = [{ field, value: user }, ...(agentId ? [{ field: 'agent.id', value: agentId }] : [])];
      const page = await store.searchEvents({ filters }, PAGE_ROWS, after);
      // A star in a search stands for anything, in a name for itself; who is both is among the first already.
      yield page.rows.filter(({ event }) => {
        const [own, target] = [event?.user?.name === user, event?.targetUser?.name === user];
        return field === 'user.name' ? own : target && !own;
      });
      if (!page.next || page.next === after) break;
      after = page.next;
    }
  }
}

async function* alertsOf(store: Store, { user, agentId }: Person): AsyncGenerator<Alert[]> {
  for (let after = ''; ; ) {
    const page = await store.alerts({ user, agent: agentId ?? '', withheld: 2 }, PAGE_ROWS, after);
    yield page.rows;
    if (!page.next || page.next === after) return;
    after = page.next;
  }
}

function eventRecord({ event, agentName }: StoredEvent) {
  return { type: 'event', 'host.name': agentName, ...(event ? toEcs(event) : {}) };
}

function alertRecord(alert: Alert) {
  const { id, title, reason, entity, agentName, count, values } = alert;
  const times = { first_at: isoTime(alert.firstAtUs ?? 0), last_at: isoTime(alert.lastAtUs ?? 0) };
  return { type: 'alert', id, title, reason, entity, host: agentName, detections: count, ...times, values };
}

function isoTime(us: number): string {
  return new Date(Math.floor(us / 1000)).toISOString();
}
