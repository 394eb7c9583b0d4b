// Models of behaviour, put together for a collector.
import type { Logger } from 'pino';
import type { CollectorConfig } from '../../config.ts';
import type { Duties } from '../../duties.ts';
import type { CollectorSigner } from '../../fleet/collector-identity.ts';
import type { ModelRecord } from '../../store/behaviour-store.ts';
import type { Store } from '../../store/store.ts';
import { BehaviourKeeper } from './keeper.ts';
import type { OtherModel } from './trained/other-model.ts';
import { ModelRegistry } from './trained/registry.ts';
import { TrainingSchedule } from './trained/schedule.ts';
import { voteOf } from './trained/voters.ts';

/** Of everything that is drawn at random: the same store gives the same models. */
const SEED = 1;

export interface RunningModels extends AsyncDisposable {
  keeper: BehaviourKeeper;
  registry: ModelRegistry;
  /** Takes into use what another collector of the store activated; what cannot be is logged. */
  takeIn(): Promise<void>;
}

/** Resolves when they know what the store has; undefined where they are switched off. */
export async function startBehaviour(parts: {
  config: Pick<CollectorConfig, 'models'>;
  store: Pick<Store, 'behaviour' | 'models'>;
  /** Where trained models lie. */
  directory: string;
  signer: () => CollectorSigner;
  agentName: (agentId: string) => string;
  /** Models that are trained from something else than hours. */
  others: readonly OtherModel[];
  nowUs: () => number;
  log: Logger;
  /** Whether other collectors use the store. */
  shared: boolean;
  duties: Duties;
  failed: (error: unknown) => void;
}): Promise<RunningModels | undefined> {
  const { config, store, directory, signer, agentName, others, shared, duties, nowUs, log, failed } = parts;
  const { enabled, learning_days: learningDays, alerts_per_host_day: alertsPerHostDay } = config.models;
  if (!enabled) return undefined;
  const refused = ({ name, version }: ModelRecord, reason: string) =>
    log.warn({ name, version, reason }, 'a model was refused');
  const registry = await ModelRegistry.load(
    {
      directory,
      store,
      signer,
      alertsPerHostDay,
      seed: SEED,
      nowUs,
      others,
      shared,
      duties,
      onnx: {
        unavailable: (reason) => log.warn({ reason }, 'without onnxruntime models score batches by their own code'),
      },
    },
    refused,
  );
  const vote = (profile: Parameters<typeof voteOf>[1]) => voteOf(registry.active.values(), profile);
  const sequences = () => registry.sequences;
  const options = { learningDays, alertsPerHostDay, seed: SEED, agentName, vote, sequences };
  const { keeper, learned } = await BehaviourKeeper.start({ store: store.behaviour, options, nowUs, failed });
  const { behaviour } = keeper;
  const { size: entities } = behaviour.entities;
  log.info({ entities, events: learned, days: behaviour.learnedDays }, 'models know what is usual');
  // Nothing is trained while it is only learned: then nothing waits for onnxruntime, and nobody pays for it.
  if (behaviour.learnedDays >= learningDays || (await registry.list()).length > 0) await registry.prepare();
  const schedule = new TrainingSchedule({
    registry,
    everyHours: config.models.train_every_hours,
    ready: () => behaviour.learnedDays >= learningDays,
    nowUs,
    trained: (name, version, state) => log.info({ name, version, state }, 'a model was trained'),
    failed,
  });
  return {
    keeper,
    registry,
    takeIn: () => registry.takeIn(refused),
    async [Symbol.asyncDispose]() {
      await schedule[Symbol.asyncDispose]();
      await keeper[Symbol.asyncDispose]();
    },
  };
}
