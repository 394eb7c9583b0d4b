import type { Store } from '../store/store.ts';
import type { RuleEngine } from './rules/rule-engine.ts';

/** How far back windows are rebuilt: most rules look no further, and a start should not take minutes. */
const REPLAY_US_MAX = 15 * 60 * 1_000_000;
const REPLAY_EVENTS_MAX = 1_000_000;

/** Rebuilds the windows of the rules from the store, as they were before the collector ended. */
export async function replayWindows(parts: {
  engine: RuleEngine;
  store: Pick<Store, 'eventsSince'>;
  nowUs: number;
}): Promise<void> {
  const { engine, store, nowUs } = parts;
  let replayed = 0;
  for await (const events of store.eventsSince(nowUs - Math.min(engine.windowUsMax, REPLAY_US_MAX))) {
    engine.replay(events);
    replayed += events.length;
    if (replayed >= REPLAY_EVENTS_MAX) break;
  }
}
