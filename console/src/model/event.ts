import { ECS_FIELDS, type StoredEvent, toEcs } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { humanTime, isoTime, zoneName } from './time.ts';

/** Names a stored event has beside those of the event itself. */
const STORED_KEYS = ['host.name', 'agent.id', 'event.id', 'event.ingested', 'threatguard.sequence'] as const;

/** One stream in four billion has the same. */
const STREAM_CHARS_SHOWN = 8;

/** Keys of an event in CSV, in order. */
export const EVENT_KEYS: readonly string[] = [...Object.keys(ECS_FIELDS), ...STORED_KEYS];

export function eventRecord(stored: StoredEvent): JsonRecord {
  return {
    ...(stored.event ? toEcs(stored.event) : {}),
    // By the collector's clock: a host whose clock is wrong must not sort its events elsewhere.
    '@timestamp': isoTime(stored.eventAtUs) ?? isoTime(stored.event?.observedAtUs),
    'host.name': stored.agentName ?? '',
    'agent.id': stored.reference?.agentId ?? '',
    'event.id': eventId(stored),
    'event.ingested': isoTime(stored.receivedAtUs),
    'threatguard.sequence': stored.reference?.sequence ?? undefined,
    ...Object.fromEntries(Object.entries(stored.labels ?? {}).map(([name, value]) => [`labels.${name}`, value])),
  };
}

/** AGENT/STREAM/SEQUENCE/INDEX: what `events show` and `rules explain` take. */
export function eventId({ reference }: StoredEvent): string {
  const { agentId = '', streamId, sequence = 0, index = 0 } = reference ?? {};
  return `${agentId}/${Buffer.from(streamId ?? []).toString('hex')}/${sequence}/${index}`;
}

/** The same for a table: the agent by name, of the stream what tells it from others of one agent. */
function shortEventId(stored: StoredEvent): string {
  const [, stream = '', ...place] = eventId(stored).split('/');
  return [stored.agentName ?? '', stream.slice(0, STREAM_CHARS_SHOWN), ...place].join('/');
}

/** What happened, in a few words: the command line, the log line, the path or the connection. */
export function eventSummary(stored: StoredEvent): string {
  const ecs = stored.event ? toEcs(stored.event) : {};
  const destination = ecs['destination.ip']
    ? `-> ${ecs['destination.ip']}:${ecs['destination.port'] ?? ''}`
    : undefined;
  const text =
    ecs['threatguard.authentication.command'] ??
    ecs['event.original'] ??
    ecs['process.command_line'] ??
    ecs['file.path'] ??
    destination ??
    ecs['process.name'] ??
    '';
  return String(text);
}

/** `logon failure root 192.0.2.1`: action, outcome, who, from where. */
export function eventWhat(stored: StoredEvent): string {
  const ecs = stored.event ? toEcs(stored.event) : {};
  const names = ['event.action', 'event.outcome', 'user.name', 'source.ip'] as const;
  return names
    .map((name) => ecs[name])
    .filter((value) => value !== undefined)
    .join(' ');
}

export function eventColumns(look: { utc: boolean; nowMs: number }): Column<StoredEvent>[] {
  const field = (name: string) => (stored: StoredEvent) => {
    const value = stored.event ? ECS_FIELDS[name]?.read(stored.event) : undefined;
    return value === undefined ? '' : String(value);
  };
  return [
    {
      title: `TIME (${zoneName(look.nowMs, look.utc)})`,
      cell: (stored) => humanTime(stored.eventAtUs || stored.event?.observedAtUs, look.utc),
    },
    { title: 'HOST', cell: (stored) => stored.agentName ?? '', shrink: true },
    { title: 'ACTION', cell: field('event.action'), shrink: true },
    { title: 'OUTCOME', cell: field('event.outcome'), optional: true },
    { title: 'USER', cell: field('user.name'), shrink: true },
    { title: 'ADDRESS', cell: field('source.ip'), shrink: true, optional: true },
    {
      title: 'PROCESS',
      cell: (stored) => field('process.executable')(stored) || field('service.name')(stored),
      shrink: true,
      optional: true,
    },
    { title: 'SUMMARY', cell: eventSummary, shrink: true },
    { title: 'EVENT', cell: shortEventId, optional: true },
  ];
}
