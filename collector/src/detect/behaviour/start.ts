// Models of behaviour, put together for a collector.
import type { Logger } from 'pino';
import type { CollectorConfig } from '../../config.ts';
import type { Store } from '../../store/store.ts';
import { BehaviourKeeper } from './keeper.ts';

/** Of everything that is drawn at random: the same store gives the same models. */
const SEED = 1;

/** Resolves when they know what the store has; undefined where they are switched off. */
export async function startBehaviour(parts: {
  config: Pick<CollectorConfig, 'models'>;
  store: Pick<Store, 'behaviour'>;
  agentName: (agentId: string) => string;
  nowUs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}): Promise<(AsyncDisposable & { keeper: BehaviourKeeper }) | undefined> {
  const { config, store, agentName, nowUs, log, failed } = parts;
  const { enabled, learning_days: learningDays, alerts_per_host_day: alertsPerHostDay } = config.models;
  if (!enabled) return undefined;
  const options = { learningDays, alertsPerHostDay, seed: SEED, agentName };
  const { keeper, learned } = await BehaviourKeeper.start({ store: store.behaviour, options, nowUs, failed });
  const { entities, learnedDays } = keeper.behaviour;
  log.info({ entities: entities.size, events: learned, days: learnedDays }, 'models know what is usual');
  return { keeper, [Symbol.asyncDispose]: () => keeper[Symbol.asyncDispose]() };
}
