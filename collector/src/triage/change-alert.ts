// What an act of an analyst makes of an alert. Pure.
import { type Alert, AlertState, AlertVerdict } from '@threatguard/proto';
import type { AuditActor } from '../store/audit-entry.ts';

export type TriageActionName = 'acknowledge' | 'assign' | 'note' | 'close' | 'reopen';

/** What is to be done, with what of it belongs to the action; the rest is empty. */
export interface Decision {
  action: TriageActionName;
  /** The note, or the reason of a closing. */
  text: string;
  /** Of `assign`; empty for nobody. */
  assignee: string;
  /** Of `close`. */
  verdict: AlertVerdict;
}

/** One act as it is kept: `before` and `after` are the alert around it. */
export interface AlertActRecord {
  before: Alert;
  after: Alert;
  decision: Decision;
  by: AuditActor;
  atUs: number;
}

export type TriageErrorCode = 'not_found' | 'ambiguous' | 'conflict' | 'no_change' | 'closed';

/** Why an alert stays as it is. The message is for people. */
export class TriageError extends Error {
  override readonly name = 'TriageError';
  readonly code: TriageErrorCode;

  constructor(code: TriageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The alert after the act, one revision and one triage version on. Throws TriageError where the act does not apply. */
export function changeAlert(alert: Alert, decision: Decision, nowUs: number): Alert {
  return {
    ...alert,
    ...effectOf(alert, decision),
    triageVersion: (alert.triageVersion ?? 0) + 1,
    revision: (alert.revision ?? 0) + 1,
    // A clock that was turned back must not make a change look older than what it changed.
    updatedAtUs: Math.max(nowUs, alert.updatedAtUs ?? 0),
  };
}

function effectOf(alert: Alert, { action, assignee, verdict }: Decision): Alert {
  const closed = alert.state === AlertState.CLOSED;
  switch (action) {
    case 'acknowledge':
      if (closed) throw new TriageError('closed', 'it is closed; reopen it first');
      if (alert.state === AlertState.ACKNOWLEDGED) throw new TriageError('no_change', 'it is acknowledged already');
      return { state: AlertState.ACKNOWLEDGED };
    case 'assign':
      if ((alert.assignee ?? '') === assignee) {
        const whom = assignee ? `is assigned to ${assignee} already` : 'is assigned to nobody';
        throw new TriageError('no_change', `it ${whom}`);
      }
      return { assignee };
    case 'note':
      return {};
    case 'close':
      if (closed) throw new TriageError('closed', 'it is closed already; reopen it to give another verdict');
      return { state: AlertState.CLOSED, verdict };
    case 'reopen':
      if (!closed) throw new TriageError('no_change', 'it is not closed');
      return { state: AlertState.OPEN, verdict: AlertVerdict.ALERT_VERDICT_UNSPECIFIED };
  }
}
