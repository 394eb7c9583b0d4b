import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type ActRequest,
  type ActResponse,
  type AlertHistory,
  AlertVerdict,
  type GetAlertHistoryRequest,
  TriageAction,
} from '@threatguard/proto';
import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { Store } from '../store/store.ts';
import type { Decision, TriageActionName } from '../triage/change-alert.ts';
import type { TriageDesk } from '../triage/triage-desk.ts';
import { ApiError, unary } from './grpc-status.ts';

/** Alerts in one request: what a person marks, not what a script deletes. */
const TARGETS_MAX = 200;
/** A note or a reason, in UTF-16 units. */
const TEXT_LENGTH_MAX = 4_096;
const ASSIGNEE_LENGTH_MAX = 128;
/** ULIDs, lower case (Crockford base 32), or how one begins. */
const ALERT_ID = /^[0-9a-hjkmnp-tv-z]{1,26}$/;

const ACTIONS: Partial<Record<TriageAction, TriageActionName>> = {
  [TriageAction.ACKNOWLEDGE]: 'acknowledge',
  [TriageAction.ASSIGN]: 'assign',
  [TriageAction.NOTE]: 'note',
  [TriageAction.CLOSE]: 'close',
  [TriageAction.REOPEN]: 'reopen',
};
const ACTION_CODES = Object.fromEntries(Object.entries(ACTIONS).map(([code, name]) => [name, Number(code)]));

/** The Triage service. Callers are consoles: authorisation is done before. */
export function triageHandlers(parts: {
  desk: TriageDesk;
  store: Pick<Store, 'alertActs'>;
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}): UntypedServiceImplementation {
  const { desk, store, actor, failed } = parts;
  return {
    act: unary((request: ActRequest, from) => act(desk, request, actor(from)), failed),
    getHistory: unary(async ({ id = '' }: GetAlertHistoryRequest): Promise<AlertHistory> => {
      if (!ALERT_ID.test(id)) throw new ApiError('invalid', 'this is not an alert id');
      const acts = await store.alertActs(id);
      return {
        acts: acts.map(({ version, action, ...act }) => ({
          ...act,
          triageVersion: version,
          action: ACTION_CODES[action],
        })),
      };
    }, failed),
  };
}

async function act(desk: TriageDesk, request: ActRequest, by: AuditActor): Promise<ActResponse> {
  const targets = (request.targets ?? []).map(({ id, triageVersion }) => ({
    id: (id ?? '').trim().toLowerCase(),
    version: triageVersion ?? undefined,
  }));
  if (targets.length === 0 || targets.length > TARGETS_MAX) {
    throw new ApiError('invalid', `name 1 to ${TARGETS_MAX} alerts, not ${targets.length}`);
  }
  const wrong = targets.find(({ id }) => !ALERT_ID.test(id));
  if (wrong) throw new ApiError('invalid', 'this is not an alert id; threatguard alerts list shows them');
  const results = await desk.act(targets, readDecision(request), by);
  return {
    results: results.map((result) =>
      'alert' in result ? result : { id: result.id, refusal: result.refusal, message: result.message },
    ),
  };
}

function readDecision(request: ActRequest): Decision {
  const action = ACTIONS[request.action ?? TriageAction.TRIAGE_ACTION_UNSPECIFIED];
  if (!action) throw new ApiError('invalid', 'an act is acknowledge, assign, note, close or reopen');
  const text = bounded('the text', request.text, TEXT_LENGTH_MAX);
  const assignee = bounded('the name', request.assignee, ASSIGNEE_LENGTH_MAX);
  const verdict = request.verdict ?? AlertVerdict.ALERT_VERDICT_UNSPECIFIED;
  if (action === 'note' && !text) throw new ApiError('invalid', 'a note says something');
  const known = verdict > AlertVerdict.ALERT_VERDICT_UNSPECIFIED && AlertVerdict[verdict] !== undefined;
  if (action === 'close' && !known) {
    throw new ApiError('invalid', 'an alert is closed with a verdict: true positive, false positive or benign');
  }
  return {
    action,
    text,
    assignee: action === 'assign' ? assignee : '',
    verdict: action === 'close' ? verdict : AlertVerdict.ALERT_VERDICT_UNSPECIFIED,
  };
}

function bounded(what: string, text: string | null | undefined, lengthMax: number): string {
  const trimmed = (text ?? '').trim();
  if (trimmed.length > lengthMax) throw new ApiError('invalid', `${what} may have ${lengthMax} characters`);
  return trimmed;
}
