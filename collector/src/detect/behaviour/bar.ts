// From which score on an hour of an entity is spoken of: so that ordinary hours are, all together, no more often than the budget
// allows.
import { Tail } from '../models/tail.ts';

/** Scores that decide what is rare, drawn from those of so many days: a Monday is no surprise where the week before counts. */
const SCORES_KEPT = 4_096;
export const DAYS_KEPT = 9;
/** Scores are powers of ten: one that is higher by 1 is never taken to be more than ten times rarer. */
export const SCALE_LEAST = 1;
/** Before so many hours of a kind nobody knows what is rare among them. */
const SCORES_LEAST = 200;
/** Never less than this: once in 300 hours is nothing to speak of, however large the budget. */
const RARITY_LEAST = 2.5;

export interface BarState {
  scores: number[];
  bar: number;
  need: number;
  share: number;
  offered: number;
}

/**
 * Whether the n-th of many is among a share of them that is drawn evenly, also from what repeats itself: the fractions of
 * multiples of the golden ratio (Weyl's equidistribution), so that a checkpoint needs no more than a count.
 */
export function isDrawn(n: number, share: number): boolean {
  return share >= 1 || (n * 0.6180339887498949) % 1 < share;
}

export class Bar {
  readonly #scores: number[] = [];
  #offered = 0;
  #share = 1;
  #tail = new Tail(SCORES_KEPT, SCALE_LEAST);
  #bar = Number.POSITIVE_INFINITY;
  #need = RARITY_LEAST;
  readonly #least: number;

  /** `least`: before so many scores nothing is spoken of. */
  constructor(least = SCORES_LEAST) {
    this.#least = least;
  }

  /** A score at which an hour is spoken of; infinite while too few are known. */
  get score(): number {
    return this.#bar;
  }

  /** -log10 of the share of hours that are spoken of. */
  get need(): number {
    return this.#need;
  }

  get count(): number {
    return this.#tail.count;
  }

  /** The score of an hour that is over. Of many only a part is kept. */
  add(score: number): void {
    if (!isDrawn(this.#offered++, this.#share)) return;
    this.#keep(score);
  }

  #keep(score: number): void {
    this.#tail.add(score);
    this.#scores.push(score);
    if (this.#scores.length >= 2 * SCORES_KEPT) this.#scores.splice(0, SCORES_KEPT);
  }

  /** -log10 of the share of hours with such a score or a higher one. */
  rarity(score: number): number {
    return this.#tail.rarity(score);
  }

  /** `hoursPerDay` hours of such entities come in a day, of which `spokenPerDay` may be spoken of. */
  settle(hoursPerDay: number, spokenPerDay: number): void {
    this.#share = SCORES_KEPT / Math.max(SCORES_KEPT, hoursPerDay * DAYS_KEPT);
    this.#need = Math.max(RARITY_LEAST, Math.log10(Math.max(1, hoursPerDay) / Math.max(1e-6, spokenPerDay)));
    if (this.#tail.count < this.#least) {
      this.#bar = Number.POSITIVE_INFINITY;
      return;
    }
    let low = 0;
    let high = 40;
    for (let step = 0; step < 30; step++) {
      const middle = (low + high) / 2;
      if (this.#tail.rarity(middle) < this.#need) low = middle;
      else high = middle;
    }
    this.#bar = high;
  }

  /** For a checkpoint: the scores in the order they came, and what was decided by them. */
  state(): BarState {
    return {
      scores: this.#scores.slice(-SCORES_KEPT),
      bar: this.#bar,
      need: this.#need,
      share: this.#share,
      offered: this.#offered,
    };
  }

  restore({ scores, bar, need, share, offered }: BarState): void {
    this.#tail = new Tail(SCORES_KEPT, SCALE_LEAST);
    this.#scores.length = 0;
    for (const score of scores) this.#keep(score);
    this.#bar = bar;
    this.#need = need;
    this.#share = share;
    this.#offered = offered;
  }
}
