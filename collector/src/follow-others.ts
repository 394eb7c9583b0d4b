// What this collector holds in memory and another one of the same store may change, put together: by topic, who takes it in.
import { CHANGES_SUBJECT } from '@threatguard/proto';
import { ChangesOfOthers } from './changes-of-others.ts';
import type { RunningModels } from './detect/behaviour/start.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Publishing } from './publish/start-publishing.ts';
import type { Detecting } from './start-detection.ts';
import type { Intel } from './start-intel.ts';
import type { Store } from './store/store.ts';
import type { ActsOfOthers } from './triage/acts-of-others.ts';

/** Agents say that they are there every so often, and the store is told at least every 15 s. */
const SEEN_MS = 10_000;
const SEEN_BACK_US = 60_000_000;

export interface Followers {
  fleet: Fleet;
  rules: Detecting['rules'];
  judge: Detecting['judge'];
  correlator: Detecting['correlator'];
  pipeline: Detecting['pipeline'];
  models: RunningModels | undefined;
  intel: Intel;
  acts: ActsOfOthers;
  /** Alerts a day where nobody has set a budget. */
  budgetConfigured: number;
}

/** Undefined for an embedded store, which is this collector's alone. Opened before anything else is read from the store. */
export async function openChanges(parts: {
  store: Store;
  publishing: Pick<Publishing, 'announce' | 'onChanges'>;
  failed: (error: unknown) => void;
}): Promise<ChangesOfOthers | undefined> {
  const { store, publishing, failed } = parts;
  if (store.engine === 'pglite') return undefined;
  const tell = () => publishing.announce(CHANGES_SUBJECT, new Uint8Array());
  return ChangesOfOthers.open({ store: store.shared, tell, failed });
}

/** From now on what others change is taken in, until disposed. */
export function followOthers(
  changes: ChangesOfOthers,
  parts: Followers & {
    store: Store;
    publishing: Pick<Publishing, 'onChanges'>;
    nowUs: () => number;
    failed: (error: unknown) => void;
  },
): AsyncDisposable {
  const { fleet, rules, judge, correlator, pipeline, models, intel, acts, store, nowUs, failed } = parts;
  changes.follow('agents', (after) => fleet.takeIn(after));
  changes.follow('rules', () => rules.book.takeIn());
  changes.follow('exceptions', async () => judge.restore(await store.judgements.exceptions(nowUs())));
  changes.follow('indicators', () => intel.library.takeIn());
  changes.follow('alert acts', (after) => acts.takeIn(after));
  if (models) changes.follow('models', () => models.takeIn());
  changes.follow('alert budget', async () => {
    const perDay = (await store.judgements.budget())?.perDay ?? parts.budgetConfigured;
    if (perDay !== correlator.budget.perDay) await pipeline.movePile(correlator.budget.setPerDay(perDay, nowUs()));
  });
  parts.publishing.onChanges(() => void changes.look({ heard: true }));
  changes.start();
  const seen = setInterval(() => void fleet.takeInSeen(nowUs() - SEEN_BACK_US).catch(failed), SEEN_MS).unref();
  return {
    // Before what they are taken into stops.
    async [Symbol.asyncDispose]() {
      clearInterval(seen);
      await changes[Symbol.asyncDispose]();
    },
  };
}
