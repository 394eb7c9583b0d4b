import type { PileMove } from '../store/commit-group.ts';
import type { Store } from '../store/store.ts';
import type { AlertBudget } from './alert-budget.ts';

const DAY_US = 86_400_000_000;

/**
 * Continues the budget where the store stands: what somebody has set goes before what is configured. Gives what changes for
 * the alerts of this day, because another budget was configured meanwhile.
 */
export async function startBudget(
  budget: AlertBudget,
  parts: { store: Pick<Store, 'judgements'>; configured: number; nowUs: number },
): Promise<PileMove[]> {
  const { store, configured, nowUs } = parts;
  budget.restore(await store.judgements.alertsOfDay(nowUs - (nowUs % DAY_US)), nowUs);
  const set = await store.judgements.budget();
  return budget.setPerDay(set?.perDay ?? configured, nowUs);
}
