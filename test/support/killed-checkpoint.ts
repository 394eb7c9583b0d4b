// A collector's models that are killed while a checkpoint is being written: run as a process of its own with the directory of a store;
// it kills itself between two slices. What it had observed and stored is the same for whoever imports this.
import { BehaviourKeeper } from '../../collector/src/detect/behaviour/keeper.ts';
import { type Observations, observe } from '../../collector/src/detect/behaviour/observations.ts';
import { openStore } from '../../collector/src/store/open.ts';
import { ordinaryHours } from './behaviour-events.ts';
import { group, makeBatch } from './stores.ts';

const HOUR_US = 3_600_000_000;
/** When the batches of makeBatch are received. */
export const START_US = 1_790_000_000_000_000;
export const OPTIONS = { learningDays: 1, alertsPerHostDay: 0.5, seed: 1 };
const agentId = '5f1c6a52-97a4-4f1c-9d5f-0d2d6d1b7c11';
const streamId = Buffer.alloc(16, 7);

function eventsOf(sequence: number) {
  return ordinaryHours({ user: 'alice', fromUs: START_US + sequence * HOUR_US, hours: 1 });
}

/** The n-th envelope, as models see it. */
export function envelope(sequence: number): Observations {
  const events = eventsOf(sequence);
  const eventTimesUs = Float64Array.from(events, ({ observedAtUs }) => observedAtUs!);
  return observe({ agentId, agentName: '', header: { streamId, sequence }, events, eventTimesUs });
}

if (process.argv[1] === import.meta.filename) {
  const store = await openStore({ url: undefined, directory: process.argv[2]! });
  const nowUs = () => START_US + HOUR_US;
  const failed = (error: unknown) => process.stderr.write(`${error}\n`);
  const { keeper } = await BehaviourKeeper.start({ store: store.behaviour, options: OPTIONS, nowUs, failed });
  for (let sequence = 1; sequence <= 12; sequence++) {
    await store.commit(group({ batches: [makeBatch({ agentId, streamId, sequence, events: eventsOf(sequence) })] }));
    keeper.observe(envelope(sequence));
    if (sequence === 7) await keeper.checkpoint();
  }
  void keeper.checkpoint();
  // The head is written by then, and the rest is not.
  setImmediate(() => process.kill(process.pid, 'SIGKILL'));
}
