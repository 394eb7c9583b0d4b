import type { Alert, StoredEvent } from '@threatguard/proto';
import { toEcs } from '@threatguard/proto';
import type { Pivot } from '../view.ts';

/** Fields from which one goes on, by what they are called. */
const FIELDS: readonly (readonly [string, string])[] = [
  ['user.name', 'user'],
  ['user.target.name', 'user'],
  ['source.ip', 'address'],
  ['destination.ip', 'address'],
  ['threatguard.process.stdio_socket.remote_address', 'address'],
  ['process.executable', 'process'],
  ['process.hash.sha256', 'hash'],
  ['file.path', 'file'],
  ['file.hash.sha256', 'hash'],
];

/** To everything about one value of a field. */
export function pivotTo(field: string, value: string, label: string): Pivot {
  return { label: `${label} ${value}`, value, place: { view: 'about', arg: `${field}:${value}` } };
}

function pivotsOf(values: Record<string, unknown>, host: string): Pivot[] {
  const found = FIELDS.flatMap(([field, label]) => {
    const value = values[field];
    return typeof value === 'string' && value !== '' ? [pivotTo(field, value, label)] : [];
  });
  const hosts = host ? [pivotTo('host.name', host, 'host')] : [];
  return [...new Map([...found, ...hosts].map((each) => [each.value, each])).values()];
}

export function alertPivots(alert: Alert): Pivot[] {
  return pivotsOf(alert.values ?? {}, alert.agentName ?? '');
}

export function eventPivots(stored: StoredEvent): Pivot[] {
  return pivotsOf(stored.event ? toEcs(stored.event) : {}, stored.agentName ?? '');
}
