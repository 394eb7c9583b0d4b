import type { AuditEntry } from '@threatguard/proto';
import { auditActor, auditColumns } from '../../../model/audit.ts';
import { humanTime } from '../../../model/time.ts';
import { type ListColumn, list, page } from '../view.ts';
import { heading, pair, wrapped } from './page-parts.ts';

const ENTRIES_MAX = 500;
const REFRESH_MS = 5_000;

export const audit = list<AuditEntry>({
  name: 'audit',
  aliases: ['au', 'log'],
  summary: 'who changed what',
  refreshMs: REFRESH_MS,
  command: () => `threatguard audit list --limit ${ENTRIES_MAX}`,
  rows: (source) => source.listAudit(ENTRIES_MAX),
  id: ({ sequence }) => String(sequence ?? 0),
  columns: ({ utc }) =>
    auditColumns(utc).map(
      (column): ListColumn<AuditEntry> =>
        column.title === 'NUMBER' ? { ...column, order: ({ sequence }) => sequence ?? 0 } : column,
    ),
  open: ({ sequence }) => ({ view: 'entry', arg: String(sequence ?? 0) }),
  pivots: ({ subject, action }) =>
    action?.startsWith('alert.') && subject
      ? [{ label: `alert ${subject}`, value: subject, place: { view: 'alert', arg: subject } }]
      : [],
  empty: 'nothing was changed yet',
});

export const auditEntry = page<AuditEntry>({
  name: 'entry',
  aliases: [],
  summary: 'one entry of the audit log',
  takes: 'a number',
  refreshMs: 0,
  command: () => 'threatguard audit list --output json',
  load: async (source, number) =>
    (await source.listAudit(ENTRIES_MAX)).find(({ sequence }) => String(sequence ?? 0) === number) ?? {},
  lines: (entry, look) => [
    pair('number', String(entry.sequence ?? 0)),
    pair('at', humanTime(entry.atUs, look.utc)),
    pair('who', auditActor(entry)),
    pair('from', entry.from ?? ''),
    pair('action', entry.action ?? ''),
    pair('subject', entry.subject ?? ''),
    ...heading('before'),
    ...wrapped(entry.before || '-', look, { value: entry.before ?? '' }),
    ...heading('after'),
    ...wrapped(entry.after || '-', look, { value: entry.after ?? '' }),
  ],
});
