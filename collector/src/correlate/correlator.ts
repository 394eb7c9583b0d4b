// What follows from detections: alerts, the risk of whom they are about, and the incidents they belong to.
import type { Alert, Detection } from '@threatguard/proto';
import type { PileMove } from '../store/commit-group.ts';
import type { Store } from '../store/store.ts';
import { AlertBudget } from './alert-budget.ts';
import { AlertFolder, FOLD_WINDOW_US, type FoldContext } from './alert-folder.ts';
import type { Incident } from './incident.ts';
import { IncidentJoiner, JOIN_WINDOW_US } from './incidents.ts';
import { type Entity, RiskLedger } from './risk.ts';

/** What one change brings. It is stored together or not at all. */
export interface Correlated {
  alerts: Alert[];
  entities: Entity[];
  incidents: Incident[];
  /** Alerts that go over the budget of their day, or have room in it again. */
  pile: PileMove[];
}

export class Correlator {
  readonly folder = new AlertFolder();
  readonly risk = new RiskLedger();
  readonly incidents = new IncidentJoiner();
  readonly budget = new AlertBudget();

  /** Goes on where the store stands. */
  static async load(
    store: Pick<Store, 'openAlertsSince' | 'openIncidentsSince' | 'activeEntities'>,
    nowUs: number,
  ): Promise<Correlator> {
    const correlator = new Correlator();
    const alerts = await store.openAlertsSince(nowUs - Math.max(FOLD_WINDOW_US, JOIN_WINDOW_US));
    correlator.folder.restore(alerts);
    correlator.incidents.restore(await store.openIncidentsSince(nowUs - JOIN_WINDOW_US), alerts);
    correlator.risk.restore(await store.activeEntities());
    return correlator;
  }

  /** What was given up for lack of room, one line each; none while all fits. */
  notices(): string[] {
    const counts = [
      [this.folder.evicted, 'alerts', 'more of the same raises new ones'],
      [this.risk.evicted, 'entities', 'their risk begins anew'],
      [this.incidents.evicted, 'alerts and incidents', 'later alerts do not join them'],
    ] as const;
    return counts.flatMap(([count, what, why]) =>
      count > 0 ? `${count} ${what} were forgotten for lack of room while active: ${why}` : [],
    );
  }

  correlate(detections: readonly Detection[], context: FoldContext): Correlated {
    if (detections.length === 0) return { alerts: [], entities: [], incidents: [], pile: [] };
    const alerts = this.folder.fold(detections, context);
    const { nowUs } = context;
    const entities = this.risk.weigh(alerts, nowUs);
    const incidents = this.incidents.join(alerts, nowUs);
    for (const alert of alerts) {
      // The highest it ever was: what was shown for its risk is not withheld because that decayed.
      alert.risk = Math.max(alert.risk ?? 0, Math.round(this.risk.riskOf(alert, nowUs)));
    }
    return { alerts, entities, incidents, pile: this.budget.place(alerts, nowUs) };
  }
}
