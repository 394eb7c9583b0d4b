// Whom and what an alert is about, in the words of DESIGN.md: user, host, process image, address.
import type { Alert } from '@threatguard/proto';
import { LOCAL_ACCOUNTS } from '../detect/local-accounts.ts';

export type EntityKind = 'host' | 'user' | 'process' | 'address';

export interface EntityName {
  kind: EntityKind;
  /** host: the agent's name; user: `name`, or `name@host` for an account every host has of its own; process: a path. */
  name: string;
}

/** Part of the key of a table; longer names are attempts, and what they begin with tells them apart well enough. */
const NAME_LENGTH_MAX = 512;

/** Accounts below 1000 are the host's own, where the id is known (login.defs, UID_MIN). */
const SYSTEM_UID_MAX = 999;

const ADDRESSES = ['source.ip'] as const;
const USERS = [
  ['user.name', 'user.id'],
  ['user.target.name', 'user.target.id'],
] as const;

/** None twice. What an alert does not name it is not about. */
export function entitiesOf(alert: Alert): EntityName[] {
  const host = alert.agentName || alert.agentId || '';
  const values = alert.values ?? {};
  const named: EntityName[] = [{ kind: 'host', name: host }];
  for (const [nameField, idField] of USERS) {
    const name = values[nameField] ?? '';
    const id = values[idField];
    const local = LOCAL_ACCOUNTS.has(name) || (id !== undefined && Number(id) <= SYSTEM_UID_MAX);
    if (!local) named.push({ kind: 'user', name });
    else if (host) named.push({ kind: 'user', name: `${name}@${host}` });
  }
  for (const field of ADDRESSES) {
    const name = values[field] ?? '';
    if (!isOwnAddress(name)) named.push({ kind: 'address', name });
  }
  named.push({ kind: 'process', name: values['process.executable'] ?? '' });
  const unique = new Map<string, EntityName>();
  for (const { kind, name } of named) {
    const entity = { kind, name: name.slice(0, NAME_LENGTH_MAX).toWellFormed().replaceAll('\0', '\uFFFD') };
    if (name) unique.set(entityKey(entity), entity);
  }
  return [...unique.values()];
}

export function entityKey({ kind, name }: EntityName): string {
  return `${kind} ${name}`;
}

/** A host's own: it tells nothing of where somebody comes from. */
function isOwnAddress(address: string): boolean {
  return /^127\.|^::1$|^::$|^0\.0\.0\.0$/.test(address);
}
