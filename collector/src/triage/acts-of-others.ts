// What analysts did about alerts at other collectors of the store.
//
// Form: #own has the acts of this collector that were not met among the stored ones yet. Invariant: one is added before it can be
// stored, and leaves when it is met, or was not stored.
import type { Alert } from '@threatguard/proto';
import type { ActOfOthers, SharedStateStore } from '../store/shared-store.ts';
import type { Store } from '../store/store.ts';
import type { AlertActRecord } from './change-alert.ts';
import type { TriageScoring } from './learned/triage-scoring.ts';
import type { TriageDesk } from './triage-desk.ts';

/** Of one read: each is an alert to be read as well. */
const ACTS_PAGE = 256;

export interface ActsOfOthersParts {
  store: Pick<Store, 'alertsByIdPrefix'> & { shared: Pick<SharedStateStore, 'actsAfter'> };
  desk: () => Pick<TriageDesk, 'takeIn'>;
  scoring: Pick<TriageScoring, 'decidedElsewhere'>;
}

export class ActsOfOthers {
  readonly #parts: ActsOfOthersParts;
  readonly #own = new Set<string>();

  constructor(parts: ActsOfOthersParts) {
    this.#parts = parts;
  }

  /** Stores acts of this collector, and knows them when they are met. */
  async storing(acts: readonly AlertActRecord[], store: () => Promise<void>): Promise<void> {
    const keys = acts.map(({ after }) => actKey(after.id ?? '', after.triageVersion ?? 0));
    for (const key of keys) this.#own.add(key);
    try {
      await store();
    } catch (error) {
      for (const key of keys) this.#own.delete(key);
      throw error;
    }
  }

  /** After a version of the topic `alert acts`. */
  async takeIn(after: number): Promise<void> {
    const { store } = this.#parts;
    for (let from = after; ; ) {
      const acts = await store.shared.actsAfter(from, ACTS_PAGE);
      const others = acts.filter((act) => !this.#own.delete(actKey(act.alertId, act.version)));
      if (others.length > 0) await this.#takeIn(others);
      if (acts.length < ACTS_PAGE) return;
      from = acts.at(-1)!.change;
    }
  }

  async #takeIn(acts: readonly ActOfOthers[]): Promise<void> {
    const { store, desk, scoring } = this.#parts;
    const ids = [...new Set(acts.map(({ alertId }) => alertId))];
    const found = await Promise.all(
      ids.map(async (id) => (await store.alertsByIdPrefix(id)).find((one) => one.id === id)),
    );
    const alerts = new Map(
      found.filter((alert) => alert !== undefined).map((alert): [string, Alert] => [alert.id!, alert]),
    );
    await desk().takeIn([...alerts.values()]);
    scoring.decidedElsewhere(
      acts.flatMap((act) => {
        const alert = alerts.get(act.alertId);
        return alert ? [{ alert, act }] : [];
      }),
    );
  }
}

function actKey(alertId: string, version: number): string {
  return `${alertId}:${version}`;
}
