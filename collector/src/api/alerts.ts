import type {
  Alert,
  GetAlertRequest,
  GetAlertResponse,
  ListAlertsRequest,
  ListAlertsResponse,
} from '@threatguard/proto';
import type { Store } from '../store/store.ts';
import { ApiError } from './grpc-status.ts';
import { clampLimit } from './limits.ts';

/** ULIDs, lower case (Crockford base 32). */
const ALERT_ID = /^[0-9a-hjkmnp-tv-z]{1,26}$/;

export async function listAlerts(
  store: Store,
  request: ListAlertsRequest,
  signal: AbortSignal,
): Promise<ListAlertsResponse> {
  const { filter, limit, after, order } = request;
  const page = await store.alerts(filter ?? {}, clampLimit(limit), after ?? '', signal, order ?? undefined);
  return { alerts: page.rows, next: page.next };
}

export async function getAlert(store: Store, request: GetAlertRequest): Promise<GetAlertResponse> {
  const alert = await findAlert(store, request.id ?? '');
  const suppressed = await store.judgements.suppressedLike(alert);
  const events = await store.eventsByReference(alert.events ?? []);
  return { alert, events, suppressed, triage: alert.triage };
}

/** The alert with this id, or the only one whose id begins so. Throws ApiError. */
export async function findAlert(store: Pick<Store, 'alertsByIdPrefix'>, text: string): Promise<Alert> {
  const id = text.trim().toLowerCase();
  if (!ALERT_ID.test(id)) throw new ApiError('invalid', 'this is not an alert id; threatguard alerts list shows them');
  const [alert, ...others] = await store.alertsByIdPrefix(id);
  if (!alert) throw new ApiError('not_found', 'no alert has this id; threatguard alerts list shows them');
  if (others.length > 0) {
    const candidates = [alert, ...others].map((match) => match.id).join(', ');
    throw new ApiError('ambiguous', `several alerts begin with this; give more of the id: ${candidates}`);
  }
  return alert;
}
