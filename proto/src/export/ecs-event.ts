// Events as whole ECS documents: the fields of ../ecs.ts, and what documents have beside them.
import { toEcs } from '../ecs.ts';
import { Activity, type StoredEvent } from '../v1.ts';
import { ECS_OBSERVER } from './ecs-alert.ts';
import { type ExportDocument, type ExportValue, nestDocument, withoutEmpty } from './json.ts';
import { type Exporter, eventKeyOf, eventTimeUs, toIso } from './source.ts';

/** ECS event.type by activity: what the schema allows for its category. */
const TYPES: Record<number, readonly string[]> = {
  [Activity.LOGON]: ['start'],
  [Activity.LOGOFF]: ['end'],
  [Activity.PRIVILEGE]: ['start'],
  [Activity.PREAUTH_CLOSED]: ['end'],
  [Activity.EXEC]: ['start'],
  [Activity.EXIT]: ['end'],
  [Activity.CREDENTIALS_CHANGED]: ['change'],
  [Activity.TRACED]: ['access'],
  [Activity.CONNECTION_OPENED]: ['connection', 'start'],
  [Activity.CONNECTION_CLOSED]: ['connection', 'end'],
  [Activity.LISTENING]: ['info'],
  [Activity.DNS_QUERY]: ['protocol'],
  [Activity.FILE_CREATED]: ['creation'],
  [Activity.FILE_MODIFIED]: ['change'],
  [Activity.FILE_DELETED]: ['deletion'],
  [Activity.FILE_ATTRIBUTES]: ['change'],
  [Activity.USER_CREATED]: ['user', 'creation'],
  [Activity.USER_DELETED]: ['user', 'deletion'],
  [Activity.USER_MODIFIED]: ['user', 'change'],
  [Activity.GROUP_CREATED]: ['group', 'creation'],
  [Activity.GROUP_DELETED]: ['group', 'deletion'],
  [Activity.GROUP_MODIFIED]: ['group', 'change'],
  [Activity.PASSWORD_CHANGED]: ['user', 'change'],
};

/** Fields whose ECS type is not the one we search by: ids are keywords, the processor's use is a share of 1. */
const RETYPED: Record<string, (value: ExportValue) => ExportValue> = {
  'user.id': String,
  'user.target.id': String,
  'user.target.group.id': String,
  'user.effective.id': String,
  'user.effective.group.id': String,
  'file.uid': String,
  'file.gid': String,
  'host.cpu.usage': (percent) => Math.round(Number(percent) * 10) / 1000,
  'event.category': (category) => [category],
};

const ECS_STORED: Record<string, (stored: StoredEvent) => ExportValue> = {
  // By the collector's clock: a host whose clock is wrong must not sort its events elsewhere.
  '@timestamp': (stored) => toIso(eventTimeUs(stored)) ?? new Date(0).toISOString(),
  'event.kind': (stored) => (stored.event?.activity === Activity.SAMPLE ? 'metric' : 'event'),
  'event.type': ({ event }) => TYPES[event?.activity ?? 0] ?? ['info'],
  'event.id': ({ reference }) => eventKeyOf(reference),
  'event.created': ({ event }) => toIso(event?.observedAtUs),
  'event.ingested': ({ receivedAtUs }) => toIso(receivedAtUs),
  'event.dataset': ({ event }) => (event?.sensor ? `threatguard.${event.sensor}` : 'threatguard.event'),
  'agent.id': ({ reference }) => reference?.agentId || undefined,
  'agent.name': ({ agentName }) => agentName || undefined,
  'agent.type': () => 'threatguard',
  'host.name': ({ agentName }) => agentName || undefined,
  'host.id': ({ reference }) => reference?.agentId || undefined,
  'threatguard.sequence': ({ reference }) => reference?.sequence ?? undefined,
};

/** One stored event as an ECS document. */
export function eventToEcs(stored: StoredEvent, exporter: Exporter): ExportDocument {
  const flat: ExportDocument = {};
  for (const [name, read] of Object.entries(ECS_OBSERVER)) flat[name] = read(exporter);
  for (const [name, value] of Object.entries(stored.event ? toEcs(stored.event) : {})) {
    flat[name] = Object.hasOwn(RETYPED, name) ? RETYPED[name]!(value) : value;
  }
  flat['event.outcome'] ??= 'unknown';
  for (const [name, read] of Object.entries(ECS_STORED)) flat[name] = read(stored);
  return withoutEmpty(nestDocument(flat));
}
