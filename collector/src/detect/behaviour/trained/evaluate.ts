// A model held against hours it was not trained from: how many alerts it alone would have raised. Read block by block, twice: what
// is rare depends on how many there are. Between slices everybody else has a turn.
import { setImmediate } from 'node:timers/promises';
import type { BehaviourStore } from '../../../store/behaviour-store.ts';
import { BATCH_ROWS, type OnnxModel } from '../../models/onnx/session.ts';
import { FEATURE_COUNT } from '../features.ts';
import { type HourRows, selectHours, unpackHours } from '../hour-rows.ts';
import { ENTITY_KINDS, type EntityKind } from '../profile.ts';
import type { OnnxModels } from './onnx-models.ts';
import { type Scorer, scoreBatch, toMatrix } from './scorers.ts';

const DAY_HOURS = 24;
const HOUR_US = 3_600_000_000;
/** Hours that are scored at once: some milliseconds of the dearest model, by our own code and by onnxruntime. */
const SLICE_ROWS = { own: 250, onnx: BATCH_ROWS };

export interface Evaluation {
  /** That were scored. */
  hours: number;
  /** Beyond the threshold. */
  unusual: number;
  /** An entity once a day, and a host's entities together. */
  alerts: number;
  /** What the budget has for that time. */
  allowed: number;
  /** Share of the unusual hours that were at least once in ten hours by the baselines as well. */
  agreement: number;
}

export interface EvaluateParts {
  store: Pick<BehaviourStore, 'hours' | 'sequences'>;
  fromUs: number;
  untilUs: number;
  alertsPerHostDay: number;
}

/** What is found beyond a threshold, as it comes. */
export class Findings {
  hours = 0;
  #unusual = 0;
  #agreed = 0;
  readonly #spoken = new Set<string>();

  /** An hour of an entity that is rarer than it need be; `score` by the baselines. */
  add(entity: number, hour: number, score: number): void {
    this.#unusual++;
    if (score > 1) this.#agreed++;
    this.#spoken.add(`${entity} ${Math.floor(hour / DAY_HOURS)}`);
  }

  evaluation(allowed: number): Evaluation {
    const unusual = this.#unusual;
    const agreement = unusual > 0 ? this.#agreed / unusual : 0;
    return { hours: this.hours, unusual, alerts: this.#spoken.size, allowed, agreement };
  }
}

/** Alerts of all models that the budget has for the time. */
export async function allowedIn(parts: EvaluateParts): Promise<number> {
  const { fromUs, untilUs, alertsPerHostDay } = parts;
  const days = Math.max(1 / DAY_HOURS, (untilUs - fromUs) / (DAY_HOURS * HOUR_US));
  const hosts = new Set<number>();
  for await (const { entities } of hoursOf('host', parts)) for (const entity of entities) hosts.add(entity);
  return alertsPerHostDay * Math.max(1, hosts.size) * days;
}

export async function evaluateHours(
  scorers: Partial<Record<EntityKind, Scorer>>,
  parts: EvaluateParts,
  onnx: OnnxModels,
): Promise<Evaluation> {
  const allowed = await allowedIn(parts);
  const found = new Findings();
  for (const kind of ENTITY_KINDS) {
    const scorer = scorers[kind];
    if (!scorer) continue;
    const own = new Findings();
    for await (const rows of hoursOf(kind, parts)) own.hours += rows.hours.length;
    if (own.hours === 0) continue;
    found.hours += own.hours;
    // The share of hours the budget has for entities of this kind.
    const need = Math.log10(Math.max(1, own.hours / (allowed / ENTITY_KINDS.length)));
    for await (const rows of hoursOf(kind, parts)) {
      await scoreBlock({ scorer, onnx: onnx.get(kind) }, rows, need, found);
    }
  }
  return found.evaluation(allowed);
}

async function scoreBlock(
  { scorer, onnx }: { scorer: Scorer; onnx: OnnxModel | undefined },
  rows: HourRows,
  need: number,
  found: Findings,
): Promise<void> {
  const count = onnx ? SLICE_ROWS.onnx : SLICE_ROWS.own;
  for (let from = 0; from < rows.hours.length; from += count) {
    const slice = rows.features.subarray(from * FEATURE_COUNT, (from + count) * FEATURE_COUNT);
    const rarities = await scoreBatch(scorer, toMatrix(slice), onnx);
    for (const [at, rarity] of rarities.entries()) {
      const row = from + at;
      if (rarity >= need) found.add(rows.entities[row]!, rows.hours[row]!, rows.scores[row]!);
    }
    await setImmediate();
  }
}

/** Blocks of the hours that begin in the time; no more than one is held. */
async function* hoursOf(kind: EntityKind, { store, fromUs, untilUs }: EvaluateParts): AsyncIterable<HourRows> {
  for await (const block of store.hours(ENTITY_KINDS.indexOf(kind), fromUs)) {
    if (block.firstAtUs > untilUs) continue;
    yield selectHours(await unpackHours(block), { fromUs, untilUs: untilUs + HOUR_US });
  }
}
