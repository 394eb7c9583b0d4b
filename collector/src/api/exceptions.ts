import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  AddExceptionRequest,
  AddExceptionResponse,
  Alert,
  AlertBudgetReport,
  FieldValue,
  GetExceptionRequest,
  GetExceptionResponse,
  ListExceptionsRequest,
  PreviewExceptionRequest,
  PreviewExceptionResponse,
  RemoveExceptionRequest,
  RuleException,
  SetAlertBudgetRequest,
} from '@threatguard/proto';
import { type AlertBudget, BUDGET_MAX } from '../correlate/alert-budget.ts';
import { UlidSource } from '../correlate/ulid.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import { ExceptionError } from '../judge/exception-error.ts';
import { HOST_FIELD } from '../judge/exception-index.ts';
import type { Judge } from '../judge/judge.ts';
import { measureException } from '../judge/measure-exception.ts';
import { proposeException } from '../judge/propose-exception.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { PileMove } from '../store/commit-group.ts';
import type { ExceptionRecord } from '../store/judgement-store.ts';
import type { Store } from '../store/store.ts';
import { findAlert } from './alerts.ts';
import { ApiError, unary } from './grpc-status.ts';

const DAY_US = 86_400_000_000;
/** What an exception would have hidden is counted this far back. */
const MEASURED_DAYS = 30;
/** Unless another time is asked for. */
const EXPIRES_DAYS = 30;
const EXPIRES_DAYS_MAX = 3_650;
const REASON_CHARS_MAX = 500;
const HIDDEN_SHOWN = 20;
const EXCEPTION_ID = /^[0-9a-hjkmnp-tv-z]{1,26}$/;

export interface ExceptionsParts {
  store: Pick<Store, 'alertsByIdPrefix' | 'judgements'>;
  judge: Judge;
  budget: AlertBudget;
  movePile: (moves: readonly PileMove[]) => Promise<void>;
  agentName: (agentId: string) => string;
  actor: (from: CallFrom) => AuditActor;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/** The Exceptions service. Callers are consoles: authorisation is done before. */
export function exceptionsHandlers(parts: ExceptionsParts): UntypedServiceImplementation {
  const { store, actor, nowUs, failed } = parts;
  const ulids = new UlidSource();
  let adding: Promise<unknown> = Promise.resolve();
  return {
    previewException: unary((request: PreviewExceptionRequest) => previewException(parts, request), failed),
    addException: unary((request: AddExceptionRequest, from) => {
      const about = { id: ulids.next(Math.floor(nowUs() / 1000)), by: actor(from) };
      // One after the other: of two that say the same the second is refused.
      const added = adding.then(() => addException(parts, request, about));
      adding = added.catch(() => undefined);
      return added;
    }, failed),
    listExceptions: unary(async ({ ended }: ListExceptionsRequest) => {
      const records = await store.judgements.exceptions(ended ? undefined : nowUs());
      return { exceptions: records.map((record) => toMessage(parts, record)) };
    }, failed),
    getException: unary((request: GetExceptionRequest) => getException(parts, request), failed),
    removeException: unary(async (request: RemoveExceptionRequest, from) => {
      const { id } = await findException(parts, request.id ?? '');
      const removed = await store.judgements.removeException(id, nowUs(), actor(from));
      if (!removed) throw new ApiError('invalid', `exception ${id} was removed already`);
      parts.judge.exceptions.remove(id);
      return { exception: toMessage(parts, removed) };
    }, failed),
    getAlertBudget: unary(() => reportBudget(parts), failed),
    setAlertBudget: unary(async ({ perDay }: SetAlertBudgetRequest, from) => {
      const wanted = perDay ?? 0;
      if (wanted > BUDGET_MAX) throw new ApiError('invalid', `a budget is at most ${BUDGET_MAX} alerts a day`);
      await store.judgements.setBudget(wanted, nowUs(), actor(from));
      await parts.movePile(parts.budget.setPerDay(wanted, nowUs()));
      return reportBudget(parts);
    }, failed),
  };
}

async function previewException(
  parts: ExceptionsParts,
  request: PreviewExceptionRequest,
): Promise<PreviewExceptionResponse> {
  const { store, agentName, nowUs } = parts;
  const alert = await findAlert(store, request.alertId ?? '');
  const { conditions, others } = proposeException(alert, request.fields ?? []);
  const ruleId = alert.ruleId ?? '';
  const sinceUs = nowUs() - MEASURED_DAYS * DAY_US;
  const stored = store.judgements.detectionsOf(ruleId, sinceUs);
  return {
    alertId: alert.id,
    alertRevision: alert.revision,
    ruleId,
    ruleTitle: alert.title,
    conditions: named(parts, conditions),
    others: named(parts, others),
    reach: await measureException(conditions, stored, { sinceUs, agentName }),
  };
}

/** From the alert as it was when it was previewed: what is saved is what was shown. */
async function addException(
  parts: ExceptionsParts,
  request: AddExceptionRequest,
  { id, by }: { id: string; by: AuditActor },
): Promise<AddExceptionResponse> {
  const { store, judge, nowUs } = parts;
  const { alertId = '', alertRevision = 0, fields = [] } = request;
  if (!fields?.length)
    throw new ExceptionError('request', 'name the fields of the exception, as the preview gave them');
  const alert = await store.judgements.alertRevision(alertId ?? '', alertRevision ?? 0);
  if (!alert) throw new ApiError('not_found', 'no alert has this id and revision; look at it again');
  const exception = draftException(alert, request, { id, by, nowUs: nowUs() });
  judge.exceptions.removeExpired(nowUs());
  judge.exceptions.check(exception);
  await store.judgements.addException(exception, by);
  judge.exceptions.add(exception);
  return { exception: toMessage(parts, exception) };
}

function draftException(
  alert: Alert,
  request: AddExceptionRequest,
  { id, by, nowUs }: { id: string; by: AuditActor; nowUs: number },
): ExceptionRecord {
  const reason = (request.reason ?? '').trim();
  if (reason.length > REASON_CHARS_MAX) {
    throw new ExceptionError('request', `a reason is at most ${REASON_CHARS_MAX} characters`);
  }
  const seconds = request.expiresSeconds || EXPIRES_DAYS * 86_400;
  if (seconds > EXPIRES_DAYS_MAX * 86_400) {
    throw new ExceptionError('request', `an exception expires within ${EXPIRES_DAYS_MAX} days, or never`);
  }
  return {
    id,
    ruleId: alert.ruleId ?? '',
    ruleTitle: alert.title ?? '',
    conditions: proposeException(alert, request.fields ?? []).conditions,
    reason,
    alertId: alert.id ?? '',
    madeBy: by.id,
    madeAtUs: nowUs,
    expiresAtUs: request.neverExpires ? undefined : nowUs + seconds * 1_000_000,
    removedBy: '',
    removedAtUs: undefined,
    hidden: 0,
    lastHiddenAtUs: undefined,
  };
}

async function getException(parts: ExceptionsParts, request: GetExceptionRequest): Promise<GetExceptionResponse> {
  const record = await findException(parts, request.id ?? '');
  const hidden = await parts.store.judgements.hiddenBy(record.id, HIDDEN_SHOWN);
  return { exception: toMessage(parts, record), hidden };
}

async function findException({ store }: ExceptionsParts, text: string): Promise<ExceptionRecord> {
  const id = text.trim().toLowerCase();
  const shown = 'threatguard alerts exceptions list shows them';
  if (!EXCEPTION_ID.test(id)) throw new ApiError('invalid', `this is not the id of an exception; ${shown}`);
  const [found, ...others] = await store.judgements.exceptionsByIdPrefix(id);
  if (!found) throw new ApiError('not_found', `no exception has this id; ${shown}`);
  if (others.length > 0) {
    const candidates = [found, ...others].map((match) => match.id).join(', ');
    throw new ApiError('ambiguous', `several exceptions begin with this; give more of the id: ${candidates}`);
  }
  return found;
}

async function reportBudget({ store, budget, nowUs }: ExceptionsParts): Promise<AlertBudgetReport> {
  const set = await store.judgements.budget();
  const { dayUs, shown, withheld } = budget.report(nowUs());
  const withheldOpen = await store.judgements.withheldOpen();
  const { perDay } = budget;
  return { perDay, setBy: set?.setBy, setAtUs: set?.setAtUs, dayUs, shown, withheld, withheldOpen };
}

function toMessage(parts: ExceptionsParts, record: ExceptionRecord): RuleException {
  return { ...record, conditions: named(parts, record.conditions) };
}

/** With the names of hosts, which people know better than their ids. */
function named({ agentName }: ExceptionsParts, conditions: ExceptionRecord['conditions']): FieldValue[] {
  return conditions.map((each) => (each.field === HOST_FIELD ? { ...each, name: agentName(each.value) } : { ...each }));
}
