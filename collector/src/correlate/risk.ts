// The risk of an entity, 0 to 100: what its alerts weigh, each halving every HALF_LIFE, together at most 100.
//
// Everything decays at one rate, so waiting never changes which of two weighs more. That is why a risk is kept as its
// `level`: log2 of the sum plus the time in half-lives. The level stands still while the risk falls, orders entities by
// their risk at any moment, and gives the risk at any later one (riskAt).
//
// Invariants: #known holds at most `entitiesMax` entities, least recently active first; each has at most REASONS_MAX
// reasons, the heaviest. An alert counts once per entity, as heavy as it ever was. So the order in which alerts come does
// not matter, and an alert that comes twice counts once.
import { type Alert, Severity } from '@threatguard/proto';
import { type EntityName, entitiesOf, entityKey } from './entities.ts';

export const HALF_LIFE_US = 6 * 3_600_000_000;
const RISK_MAX = 100;
/** A point is added to the series where risk is this far from what the last point has decayed to. */
const RISK_STEP = 5;
/** Reasons of one entity. What is left out weighs less than any of them. */
export const REASONS_MAX = 16;
const ENTITIES_MAX = 20_000;
/** What has decayed below it is as good as none: forgetting it changes nothing that anybody sees. */
const FORGOTTEN_RISK = 0.5;

/** What one detection adds. Two critical ones, or one that keeps coming, fill the scale. */
const WEIGHTS: Record<number, number> = {
  [Severity.INFORMATIONAL]: 1,
  [Severity.LOW]: 5,
  [Severity.MEDIUM]: 15,
  [Severity.HIGH]: 30,
  [Severity.CRITICAL]: 50,
};
/** An alert that grows weighs more with every doubling, up to twice as much: a loud rule is not a dangerous one. */
const DOUBLINGS_MAX = 4;

export interface RiskReason {
  alertId: string;
  ruleId: string;
  title: string;
  /** What it added at `atUs`; half of that a half-life later. */
  weight: number;
  atUs: number;
}

/** One entity as it stands after a change. */
export interface Entity extends EntityName {
  level: number;
  /** Heaviest first. */
  reasons: RiskReason[];
  firstSeenAtUs: number;
  lastSeenAtUs: number;
  /** Later with every change, and so its revision: also where an entity was forgotten in between. */
  updatedAtUs: number;
  /** Level of the newest point of the series; this change made one where `pointAtUs` is `updatedAtUs`. */
  pointLevel: number;
  pointAtUs: number;
}

/** 0 to 100, at a time not before the level was reached. */
export function riskAt(level: number, nowUs: number): number {
  return Math.min(RISK_MAX, 2 ** (level - nowUs / HALF_LIFE_US));
}

/** What a reason still adds. */
export function contributionAt({ weight, atUs }: Pick<RiskReason, 'weight' | 'atUs'>, nowUs: number): number {
  return weight * 2 ** ((atUs - Math.max(nowUs, atUs)) / HALF_LIFE_US);
}

function weightOf({ severity, count }: Alert): number {
  const doublings = Math.min(Math.log2(Math.max(count ?? 1, 1)), DOUBLINGS_MAX);
  return (WEIGHTS[severity ?? 0] ?? WEIGHTS[Severity.INFORMATIONAL]!) * (1 + doublings / DOUBLINGS_MAX);
}

export class RiskLedger {
  /** Entities forgotten for lack of room; should they come again, their risk begins with that. */
  evicted = 0;
  readonly #entitiesMax: number;
  readonly #known = new Map<string, Entity>();

  constructor(options: { entitiesMax?: number } = {}) {
    this.#entitiesMax = options.entitiesMax ?? ENTITIES_MAX;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The entities these alerts are about, each once, as they stand after all of them. */
  weigh(alerts: readonly Alert[], nowUs: number): Entity[] {
    this.#forgetDecayed(nowUs);
    const changed = new Map<string, Entity>();
    for (const alert of alerts) {
      for (const name of entitiesOf(alert)) {
        const key = entityKey(name);
        const before = changed.get(key) ?? this.#known.get(key);
        changed.set(key, addReason(before ?? newEntity(name), reasonOf(alert, nowUs)));
      }
    }
    return Array.from(changed, ([key, entity]) => {
      const settled = settle(entity, this.#known.get(key), nowUs);
      this.#keep(key, settled);
      return settled;
    });
  }

  /** Of the riskiest entity an alert names. */
  riskOf(alert: Alert, nowUs: number): number {
    const levels = entitiesOf(alert).map((name) => this.#known.get(entityKey(name))?.level ?? Number.NEGATIVE_INFINITY);
    return riskAt(Math.max(Number.NEGATIVE_INFINITY, ...levels), nowUs);
  }

  /** Continues entities as the store has them. */
  restore(entities: readonly Entity[]): void {
    const oldestFirst = [...entities].sort((a, b) => a.updatedAtUs - b.updatedAtUs);
    for (const entity of oldestFirst) this.#keep(entityKey(entity), entity);
  }

  /** From the least recently active on, up to the first that still counts: each costs memory once and one look here. */
  #forgetDecayed(nowUs: number): void {
    for (const [key, { level }] of this.#known) {
      if (riskAt(level, nowUs) >= FORGOTTEN_RISK) return;
      this.#known.delete(key);
    }
  }

  #keep(key: string, entity: Entity): void {
    this.#known.delete(key);
    this.#known.set(key, entity);
    if (this.#known.size <= this.#entitiesMax) return;
    this.#known.delete(this.#known.keys().next().value!);
    this.evicted++;
  }
}

function newEntity({ kind, name }: EntityName): Entity {
  const never = { firstSeenAtUs: Number.MAX_SAFE_INTEGER, lastSeenAtUs: 0, updatedAtUs: 0, pointAtUs: 0 };
  return { kind, name, level: 0, reasons: [], pointLevel: Number.NEGATIVE_INFINITY, ...never };
}

function reasonOf(alert: Alert, nowUs: number): RiskReason & { firstAtUs: number } {
  // A host whose clock is ahead must not keep a risk from decaying.
  const atUs = Math.min(alert.lastAtUs || nowUs, nowUs);
  const firstAtUs = Math.min(alert.firstAtUs || atUs, atUs);
  const { id = '', ruleId = '', title = '' } = alert;
  return { alertId: id, ruleId, title, weight: weightOf(alert), atUs, firstAtUs };
}

function addReason(entity: Entity, { firstAtUs, ...reason }: RiskReason & { firstAtUs: number }): Entity {
  const known = entity.reasons.find(({ alertId }) => alertId === reason.alertId);
  const stands = known && strength(known) >= strength(reason);
  const others = entity.reasons.filter((each) => each !== known);
  return {
    ...entity,
    reasons: [...others, stands ? known : reason].sort(heaviestFirst).slice(0, REASONS_MAX),
    firstSeenAtUs: Math.min(entity.firstSeenAtUs, firstAtUs),
    lastSeenAtUs: Math.max(entity.lastSeenAtUs, reason.atUs),
  };
}

/** Level, time of change, and whether the series gets a point. */
function settle(entity: Entity, before: Entity | undefined, nowUs: number): Entity {
  const updatedAtUs = Math.max(nowUs, (before?.updatedAtUs ?? 0) + 1);
  const level = levelOf(entity.reasons);
  const moved = Math.abs(riskAt(level, updatedAtUs) - riskAt(entity.pointLevel, updatedAtUs)) >= RISK_STEP;
  const point = moved || !before ? { pointLevel: level, pointAtUs: updatedAtUs } : {};
  return { ...entity, level, updatedAtUs, ...point };
}

/** Of the heaviest reason and the others beside it: the powers themselves would be too large for a number. */
function levelOf(reasons: readonly RiskReason[]): number {
  const heaviest = strength(reasons[0]!);
  return heaviest + Math.log2(reasons.reduce((sum, reason) => sum + 2 ** (strength(reason) - heaviest), 0));
}

function strength({ weight, atUs }: RiskReason): number {
  return Math.log2(weight) + atUs / HALF_LIFE_US;
}

function heaviestFirst(a: RiskReason, b: RiskReason): number {
  return strength(b) - strength(a) || (a.alertId < b.alertId ? -1 : 1);
}
