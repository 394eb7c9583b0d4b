// Alerts and events in the Common Event Format: which key holds what. Keys and the characters they allow are those of its
// extension dictionary; addresses of version 6 have keys of their own.
import { isIPv6 } from 'node:net';
import { ECS_FIELDS } from '../ecs.ts';
import { severityName } from '../subjects.ts';
import { type Alert, AlertState, Direction, type HostEvent, Severity, type StoredEvent } from '../v1.ts';
import { type CefMember, customString, formatCef } from './cef.ts';
import { alertKeyOf, type Exporter, eventKeyOf, eventTimeUs, PRODUCT, toMs, VENDOR } from './source.ts';

/** CEF counts to 10: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high. */
const SEVERITIES: Record<number, number> = {
  [Severity.INFORMATIONAL]: 1,
  [Severity.LOW]: 3,
  [Severity.MEDIUM]: 6,
  [Severity.HIGH]: 8,
  [Severity.CRITICAL]: 10,
};

function addressed(short: 'src' | 'dst', ip: string | undefined): CefMember[] {
  if (!ip || !isIPv6(ip)) return [{ key: short, value: ip }];
  const [key, label] = short === 'src' ? ['c6a2', 'Source IPv6 Address'] : ['c6a3', 'Destination IPv6 Address'];
  return [
    { key: `${key}Label`, value: label },
    { key, value: ip },
  ];
}

const stateName = (alert: Alert) => (AlertState[alert.state ?? 0] ?? 'open').toLowerCase();

/** One alert as a line of CEF. */
export function alertToCef(alert: Alert, exporter: Exporter): string {
  const values = alert.values ?? {};
  const extension: CefMember[] = [
    { key: 'rt', value: toMs(alert.updatedAtUs || alert.raisedAtUs) },
    { key: 'start', value: toMs(alert.firstAtUs) },
    { key: 'end', value: toMs(alert.lastAtUs) },
    { key: 'externalId', value: alertKeyOf(alert), charactersMax: 40 },
    { key: 'deviceExternalId', value: alert.agentId ?? '', charactersMax: 255 },
    { key: 'dvchost', value: alert.agentName ?? '', charactersMax: 100 },
    { key: 'cnt', value: alert.count ?? 0 },
    { key: 'cat', value: (alert.tactics ?? []).join(',') },
    { key: 'msg', value: alert.reason ?? '' },
    ...addressed('src', values['source.ip']),
    ...addressed('dst', values['destination.ip']),
    { key: 'suser', value: values['user.name'] },
    { key: 'duser', value: values['user.target.name'] },
    { key: 'dproc', value: values['process.executable'] ?? values['process.name'] },
    { key: 'filePath', value: values['file.path'] },
    ...customString(1, 'techniques', (alert.techniques ?? []).join(',')),
    ...customString(2, 'entity', alert.entity ?? ''),
    ...customString(3, 'state', stateName(alert)),
    ...customString(4, 'severity', severityName(alert.severity ?? 0)),
    ...customString(5, 'commandLine', values['process.command_line']),
    { key: 'cn1Label', value: 'risk' },
    { key: 'cn1', value: alert.risk ?? 0 },
  ];
  return formatCef({
    vendor: VENDOR,
    product: PRODUCT,
    version: exporter.version,
    classId: alert.ruleId ?? '',
    name: alert.title ?? '',
    severity: SEVERITIES[alert.severity ?? 0] ?? 0,
    extension,
  });
}

/** Keys that are one ECS field each. */
const EVENT_KEYS: readonly { key: string; field: string; charactersMax?: number }[] = [
  { key: 'act', field: 'event.action', charactersMax: 63 },
  { key: 'outcome', field: 'event.outcome', charactersMax: 63 },
  { key: 'reason', field: 'event.reason' },
  { key: 'cat', field: 'event.category' },
  { key: 'app', field: 'service.name', charactersMax: 31 },
  { key: 'suser', field: 'user.name' },
  { key: 'suid', field: 'user.id' },
  { key: 'duser', field: 'user.target.name' },
  { key: 'duid', field: 'user.target.id' },
  { key: 'spt', field: 'source.port' },
  { key: 'dpt', field: 'destination.port' },
  { key: 'proto', field: 'network.transport', charactersMax: 31 },
  { key: 'out', field: 'source.bytes' },
  { key: 'in', field: 'destination.bytes' },
  { key: 'dpid', field: 'process.pid' },
  { key: 'dproc', field: 'process.executable' },
  { key: 'spid', field: 'process.parent.pid' },
  { key: 'sproc', field: 'process.parent.executable' },
  { key: 'filePath', field: 'file.path' },
  { key: 'fileHash', field: 'file.hash.sha256', charactersMax: 255 },
  { key: 'fsize', field: 'file.size' },
  { key: 'destinationDnsDomain', field: 'dns.question.name', charactersMax: 255 },
  { key: 'msg', field: 'event.original' },
];

function fieldOf(event: HostEvent, name: string): string | number | undefined {
  const value = ECS_FIELDS[name]?.read(event);
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** One stored event as a line of CEF. */
export function eventToCef(stored: StoredEvent, exporter: Exporter): string {
  const event = stored.event ?? {};
  const action = String(fieldOf(event, 'event.action') ?? 'event');
  const direction = event.network?.direction;
  const extension: CefMember[] = [
    { key: 'rt', value: toMs(eventTimeUs(stored)) },
    // 40 characters are allowed, and the key of an event has more: it stands where there is room.
    ...customString(6, 'eventId', eventKeyOf(stored.reference)),
    { key: 'deviceExternalId', value: stored.reference?.agentId ?? '', charactersMax: 255 },
    { key: 'dvchost', value: stored.agentName ?? '', charactersMax: 100 },
    ...EVENT_KEYS.map(({ key, field, charactersMax }) => ({
      key,
      value: fieldOf(event, field),
      ...(charactersMax !== undefined && { charactersMax }),
    })),
    ...addressed('src', fieldOf(event, 'source.ip')?.toString()),
    ...addressed('dst', fieldOf(event, 'destination.ip')?.toString()),
    { key: 'deviceDirection', value: direction ? (direction === Direction.OUTBOUND ? 1 : 0) : undefined },
    ...customString(5, 'commandLine', event.process?.args?.join(' ')),
  ];
  return formatCef({
    vendor: VENDOR,
    product: PRODUCT,
    version: exporter.version,
    classId: action,
    name: action.replaceAll('-', ' '),
    severity: 0,
    extension,
  });
}
