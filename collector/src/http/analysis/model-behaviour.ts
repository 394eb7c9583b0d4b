// What the models of behaviour say of an entity, as it is answered.
import { type Assessment, assessHours } from '../../detect/behaviour/assess.ts';
import type { BehaviourKeeper } from '../../detect/behaviour/keeper.ts';
import type { EntityKind } from '../../detect/behaviour/profile.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Store } from '../../store/store.ts';
import { isoTimeUs } from '../times.ts';

const KINDS: Record<string, EntityKind> = { host: 'host', user: 'user', process: 'program' };

export interface ModelBehaviourParts {
  /** None where models are switched off. */
  keeper: BehaviourKeeper | undefined;
  store: Pick<Store, 'behaviour'>;
  fleet: Fleet;
}

export class ModelBehaviour {
  readonly #parts: ModelBehaviourParts;

  constructor(parts: ModelBehaviourParts) {
    this.#parts = parts;
  }

  /** Undefined where the models know no such entity. Of hours that are over, those in the store count where `stored`. */
  async assess(
    { kind, name }: { kind: string; name: string },
    window: { fromUs: number; toUs: number; stored: boolean },
  ): Promise<Assessment | undefined> {
    const { keeper, store, fleet } = this.#parts;
    const known = KINDS[kind];
    const id = kind === 'host' ? fleet.find(name)?.id : name;
    if (!keeper || !known || id === undefined) return undefined;
    const parts = { keeper, store: window.stored ? store.behaviour : undefined };
    return assessHours(parts, { kind: known, name: id }, window);
  }
}

export function describeModel({ learning, hours, atUs, features }: Assessment) {
  return {
    learning,
    hours,
    at: isoTimeUs(atUs),
    features: features.map((each) => ({
      feature: each.feature ?? '',
      unit: each.unit ?? '',
      observed: each.observed ?? 0,
      usual: each.usual ?? 0,
      usual_low: each.usualLow ?? 0,
      usual_high: each.usualHigh ?? 0,
      peers: each.peers ?? 0,
      peers_low: each.peersLow ?? 0,
      peers_high: each.peersHigh ?? 0,
    })),
  };
}

/** In words, the first thing somebody should know. */
export function sayLearning({ learning: { days, of, done } }: Assessment): string[] {
  return done ? [] : [`models are learning, ${days} of ${of} days: until then the series speak`];
}
