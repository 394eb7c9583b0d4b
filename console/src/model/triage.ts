import { type ActResult, type AlertAct, AlertState, AlertVerdict, TriageAction } from '@threatguard/proto';
import { stateName, verdictName } from './alert.ts';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { humanTime, isoTime, zoneName } from './time.ts';

/** What an alert may be closed with, as people write it. */
export const VERDICTS = {
  'true-positive': AlertVerdict.TRUE_POSITIVE,
  'false-positive': AlertVerdict.FALSE_POSITIVE,
  benign: AlertVerdict.BENIGN,
} as const;
export type VerdictName = keyof typeof VERDICTS;

/** What states are called in `--status`. */
export const STATUSES = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  closed: AlertState.CLOSED,
} as const;

/** Each act by its word in commands, and what it did to an alert. */
export const ACTS = {
  ack: { action: TriageAction.ACKNOWLEDGE, done: 'acknowledged' },
  assign: { action: TriageAction.ASSIGN, done: 'assigned' },
  note: { action: TriageAction.NOTE, done: 'noted' },
  close: { action: TriageAction.CLOSE, done: 'closed' },
  reopen: { action: TriageAction.REOPEN, done: 'reopened' },
} as const;
export type ActWord = keyof typeof ACTS;

function actName(action: TriageAction | null | undefined): string {
  const found = Object.values(ACTS).find((act) => act.action === action);
  return found?.done ?? 'changed';
}

/** One act of a history in JSON. */
export function actRecord(act: AlertAct): JsonRecord {
  return {
    triage_version: act.triageVersion ?? 0,
    at: isoTime(act.atUs),
    by: { kind: act.actorKind ?? '', id: act.actorId ?? '' },
    act: actName(act.action),
    text: act.text || undefined,
    state: stateName(act.state),
    assignee: act.assignee || undefined,
    verdict: verdictName(act.verdict) || undefined,
  };
}

/** What an act came to, in a few words: `closed as false-positive: backup job`. */
export function actText(act: AlertAct): string {
  const { action } = act;
  const what =
    action === TriageAction.CLOSE
      ? `closed as ${verdictName(act.verdict)}`
      : action === TriageAction.ASSIGN
        ? act.assignee
          ? `assigned to ${act.assignee}`
          : 'assigned to nobody'
        : actName(action);
  return act.text ? `${what}: ${act.text}` : what;
}

export function actColumns(look: { utc: boolean; nowMs: number }): Column<AlertAct>[] {
  return [
    { title: `AT (${zoneName(look.nowMs, look.utc)})`, cell: (act) => humanTime(act.atUs, look.utc) },
    { title: 'WHO', cell: (act) => `${act.actorKind ?? ''} ${act.actorId ?? ''}`.trim(), shrink: true },
    { title: 'DID', cell: actText, shrink: true },
  ];
}

/** Keys of what an act made of each alert, in JSON and CSV. */
export const RESULT_KEYS = ['id', 'changed', 'refusal', 'message', 'state', 'assignee', 'verdict', 'triage_version'];

export function resultRecord({ id, alert, refusal, message }: ActResult): JsonRecord {
  return {
    id: id ?? '',
    changed: Boolean(alert),
    refusal: refusal || undefined,
    message: message || undefined,
    state: alert ? stateName(alert.state) : undefined,
    assignee: alert?.assignee || undefined,
    verdict: verdictName(alert?.verdict) || undefined,
    triage_version: alert ? (alert.triageVersion ?? 0) : undefined,
  };
}

export function resultColumns(word: ActWord): Column<ActResult>[] {
  return [
    { title: 'ID', cell: ({ id }) => id ?? '' },
    {
      title: 'RESULT',
      cell: ({ alert, message }) => (alert ? ACTS[word].done : `not changed: ${message ?? ''}`),
      shrink: true,
    },
    { title: 'TITLE', cell: ({ alert }) => alert?.title ?? '', shrink: true, optional: true },
  ];
}
