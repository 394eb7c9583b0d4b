// Entries of the audit log: what a console, an agent or the collector itself changed.
import type { AuditEntry } from '../v1.ts';
import { customString, formatCef } from './cef.ts';
import { ECS_OBSERVER } from './ecs-alert.ts';
import { type ExportDocument, nestDocument, withoutEmpty } from './json.ts';
import { ocsfMetadata } from './ocsf-alert.ts';
import { ocsfHead } from './ocsf-classes.ts';
import { type Exporter, PRODUCT, toIso, toMs, VENDOR } from './source.ts';

/** How the last word of an action reads in each schema; anything else is a change. */
const VERBS: Record<string, { ecs: string; activityId: number; activityName: string }> = {
  ...verb(['added', 'created', 'made', 'enrolled', 'issued', 'started', 'opened'], 'creation', 1, 'Create'),
  ...verb(['read', 'exported', 'viewed'], 'access', 2, 'Read'),
  ...verb(['removed', 'deleted', 'destroyed', 'revoked', 'pruned', 'erased'], 'deletion', 4, 'Delete'),
};
const CHANGE = { ecs: 'change', activityId: 3, activityName: 'Update' };

function verb(words: readonly string[], ecs: string, activityId: number, activityName: string) {
  return Object.fromEntries(words.map((word) => [word, { ecs, activityId, activityName }]));
}

function verbOf({ action }: AuditEntry) {
  const word = (action ?? '').split(/[._]/).at(-1)!;
  return Object.hasOwn(VERBS, word) ? VERBS[word]! : CHANGE;
}

/** Names one entry for ever: entries are numbered without a gap. */
export function auditKeyOf(entry: AuditEntry): string {
  return `audit:${entry.sequence ?? 0}`;
}

const hex = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('hex');

function sentence(entry: AuditEntry): string {
  const who = [entry.actorKind, entry.actorId].filter(Boolean).join(' ');
  return `${entry.action ?? ''} ${entry.subject ?? ''} by ${who}`;
}

export function auditToEcs(entry: AuditEntry, exporter: Exporter): ExportDocument {
  const flat: ExportDocument = {};
  for (const [name, read] of Object.entries(ECS_OBSERVER)) flat[name] = read(exporter);
  return withoutEmpty(
    nestDocument({
      ...flat,
      '@timestamp': toIso(entry.atUs) ?? new Date(0).toISOString(),
      message: sentence(entry),
      'event.kind': 'event',
      'event.category': ['configuration'],
      'event.type': [verbOf(entry).ecs],
      'event.outcome': 'success',
      'event.action': entry.action,
      'event.id': auditKeyOf(entry),
      'event.module': 'threatguard',
      'event.dataset': 'threatguard.audit',
      'event.hash': hex(entry.digest) || undefined,
      'user.name': entry.actorId || undefined,
      'source.address': entry.from || undefined,
      'threatguard.audit.actor': entry.actorKind || undefined,
      'threatguard.audit.subject': entry.subject || undefined,
      'threatguard.audit.before': entry.before || undefined,
      'threatguard.audit.after': entry.after || undefined,
    }),
  );
}

/** Entity Management (3004). */
export function auditToOcsf(entry: AuditEntry, exporter: Exporter): ExportDocument {
  const { activityId, activityName } = verbOf(entry);
  const data = (text: string | null | undefined) => (text ? { data: text } : undefined);
  return withoutEmpty({
    ...ocsfHead({ classUid: 3004, activityId, activityName }),
    metadata: ocsfMetadata(exporter, { uid: auditKeyOf(entry), logName: 'threatguard.audit' }),
    time: toMs(entry.atUs),
    severity_id: 1,
    severity: 'Informational',
    status_id: 1,
    status: 'Success',
    message: sentence(entry),
    actor: { user: { name: entry.actorId || undefined, type: entry.actorKind || undefined }, app_name: PRODUCT },
    entity: { uid: entry.subject || 'none', type: (entry.action ?? '').split('.')[0] || 'none', ...data(entry.before) },
    entity_result: entry.after ? { uid: entry.subject || 'none', data: entry.after } : undefined,
    unmapped: { action: entry.action, from: entry.from || undefined, digest: hex(entry.digest) || undefined },
  });
}

export function auditToCef(entry: AuditEntry, exporter: Exporter): string {
  return formatCef({
    vendor: VENDOR,
    product: PRODUCT,
    version: exporter.version,
    classId: entry.action ?? '',
    name: sentence(entry),
    severity: 1,
    extension: [
      { key: 'rt', value: toMs(entry.atUs) },
      { key: 'externalId', value: auditKeyOf(entry), charactersMax: 40 },
      { key: 'act', value: entry.action ?? '', charactersMax: 63 },
      { key: 'suser', value: entry.actorId ?? '' },
      { key: 'duser', value: entry.subject ?? '' },
      ...customString(1, 'before', entry.before ?? ''),
      ...customString(2, 'after', entry.after ?? ''),
      ...customString(3, 'digest', hex(entry.digest)),
    ],
  });
}

export function auditToJson(entry: AuditEntry): ExportDocument {
  return withoutEmpty({
    sequence: entry.sequence ?? 0,
    at: toIso(entry.atUs),
    actor: { kind: entry.actorKind, id: entry.actorId || undefined },
    from: entry.from || undefined,
    action: entry.action,
    subject: entry.subject || undefined,
    before: entry.before || undefined,
    after: entry.after || undefined,
    digest: hex(entry.digest) || undefined,
  });
}
