// A model of verdicts at work: how likely alerts are to be real, and what made it say so.

import { valuesOf } from '../../detect/models/onnx/export-trees.ts';
import { OnnxModel } from '../../detect/models/onnx/session.ts';
import { calibrate, logOdds } from '../../detect/models/platt.ts';
import { type AlertFacts, type Factor, TRIAGE_FEATURES, toColumns } from './alert-facts.ts';
import type { TriageBody } from './learn-triage.ts';
import { CLASSES } from './learners.ts';

const WIDTH = TRIAGE_FEATURES.length;
const FACTORS = [...new Set(TRIAGE_FEATURES.map(([, , factor]) => factor))];

export interface Effect {
  factor: Factor;
  /** On the calibrated log odds; above 0 it speaks for an intrusion. */
  effect: number;
}

export class TriageModel implements AsyncDisposable {
  readonly #onnx: OnnxModel;
  readonly #body: Omit<TriageBody, 'onnx'>;
  readonly version: number;
  /** What is being asked of it: it is not let go of meanwhile. */
  readonly #asked = new Set<Promise<unknown>>();

  private constructor(onnx: OnnxModel, body: Omit<TriageBody, 'onnx'>, version: number) {
    this.#onnx = onnx;
    this.#body = body;
    this.version = version;
  }

  /** Throws OnnxError `unavailable` or `refused`. */
  static async load({ onnx, ...body }: TriageBody, version: number): Promise<TriageModel> {
    return new TriageModel(await OnnxModel.load(onnx), body, version);
  }

  get verdicts(): number {
    return this.#body.verdicts;
  }

  /** The calibrated probability of each, and of the first ones what made it. */
  async judge(
    facts: readonly AlertFacts[],
    explainedMax: number,
  ): Promise<{ probability: number; effects: Effect[] }[]> {
    const asked = Promise.all([this.score(facts), this.explain(facts.slice(0, explainedMax))]);
    this.#asked.add(asked);
    try {
      const [probabilities, effects] = await asked;
      return Array.from(probabilities, (probability, at) => ({ probability, effects: effects[at] ?? [] }));
    } finally {
      this.#asked.delete(asked);
    }
  }

  /** The calibrated probability of each. */
  score(facts: readonly AlertFacts[]): Promise<Float64Array> {
    return this.#scoreValues(this.#valuesOf(facts));
  }

  /**
   * What each factor did, the strongest first: by how much the log odds fall, on average, where it is instead as in alerts that were
   * drawn from all that were learned from.
   */
  async explain(facts: readonly AlertFacts[]): Promise<Effect[][]> {
    const { background } = this.#body;
    const others = background.length / WIDTH;
    const own = this.#valuesOf(facts);
    const perAlert = FACTORS.length * others;
    const changed = new Float64Array(facts.length * perAlert * WIDTH);
    let row = 0;
    for (let alert = 0; alert < facts.length; alert++) {
      for (const factor of FACTORS) {
        for (let other = 0; other < others; other++, row++) {
          for (let at = 0; at < WIDTH; at++) {
            const replaced = TRIAGE_FEATURES[at]![2] === factor;
            changed[row * WIDTH + at] = replaced ? background[other * WIDTH + at]! : own[alert * WIDTH + at]!;
          }
        }
      }
    }
    const [asIs, without] = [await this.#scoreValues(own), await this.#scoreValues(changed)];
    return facts.map((_, alert) => {
      const odds = logOdds(asIs[alert]!);
      const effects = FACTORS.map((factor, place) => {
        let sum = 0;
        for (let other = 0; other < others; other++)
          sum += logOdds(without[alert * perAlert + place * others + other]!);
        return { factor, effect: odds - sum / others };
      });
      return effects.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#asked);
    await this.#onnx[Symbol.asyncDispose]();
  }

  #valuesOf(facts: readonly AlertFacts[]): Float64Array {
    return valuesOf(this.#body.columns, toColumns(facts), facts.length);
  }

  async #scoreValues(values: Float64Array): Promise<Float64Array> {
    const rows = values.length / WIDTH;
    const both = await this.#onnx.scoreRows({ rows, columns: WIDTH, values }, 'probabilities');
    return Float64Array.from({ length: rows }, (_, row) => calibrate(this.#body.scale, both[row * CLASSES + 1]!));
  }
}
