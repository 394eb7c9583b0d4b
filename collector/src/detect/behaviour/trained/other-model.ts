// A model that is not trained from hours and has no vote about them. The registry keeps its versions, signs and checks them as it does
// those of the others.
import type { ModelCard } from './model-file.ts';
import type { TrainProgress } from './in-thread.ts';

export interface TrainHow {
  seed: number;
  progress: (progress: TrainProgress) => void;
  signal: AbortSignal;
}

export interface TrainedOther {
  body: Uint8Array;
  card: Pick<ModelCard, 'features' | 'data' | 'parameters' | 'metrics'>;
}

export interface Measure {
  name: string;
  value: number;
}

export interface OtherModel {
  readonly name: string;
  /** Of what it is trained from: a file of another one is refused. */
  readonly featuresVersion: number;
  /** Whether there is enough that the newest version does not know. */
  due(newest: ModelCard | undefined): Promise<boolean>;
  /** Rejects with ModelError `too_little` or `cancelled`; then nothing of it is left. */
  train(how: TrainHow): Promise<TrainedOther>;
  /** Why a version is not taken into use by itself; undefined where nothing speaks against it. */
  objection(card: ModelCard): string | undefined;
  /** Takes what was trained into use. Rejects where it cannot be; then what was in use stays. */
  use(body: Uint8Array, version: { version: number }): Promise<void>;
  evaluate(body: Uint8Array, card: ModelCard): Promise<Measure[]>;
}
