// How rare a surprise is among those that such entities come to anyway. A model of what is usual is never right: days are busy,
// tails are heavier than any curve. What it calls one in a thousand is held against what it called so before.
//
// Form: for every kind of entity and every signal the newest surprises of hours that had any (Tail), and how many hours had
// some; the signals are the features' volumes, their persistence, the categories of what is new, and the hour of the day.
import { Tail } from '../models/tail.ts';
import { DAYS_KEPT, isDrawn, SCALE_LEAST } from './bar.ts';
import { FEATURE_COUNT } from './features.ts';
import { CATEGORIES, ENTITY_KINDS, type EntityKind, SIGNAL_COUNT } from './profile.ts';

export const VOLUME = 0;
export const PERSISTENT = FEATURE_COUNT;
export const FRESH = 2 * FEATURE_COUNT;
export const ODD_HOUR = FRESH + CATEGORIES.length;
const SIGNALS = SIGNAL_COUNT;

/** Surprises of one signal: its largest hundredth are the ten that say how the tail goes on. */
const KEPT = 1_024;
/** Before so many there is no tail to speak of. */
const LEAST = 30;
/** Of a signal what one hour in ten comes to is not looked at further. */
const GATE_RARITY = 1;
/** Hours that are counted; then all counts halve. */
const COUNTED_MAX = 100_000;

export interface CalibrationState {
  newest: number[][];
  had: Float64Array;
  hours: Float64Array;
  gates: Float64Array;
  shares: Float64Array;
  offered: Float64Array;
}

export class Calibration {
  readonly #tails: Tail[] = [];
  readonly #newest: number[][] = [];
  /** How many of each signal there ever were. */
  readonly #offered = new Float64Array(ENTITY_KINDS.length * SIGNALS);
  /** Of each signal the share that is kept, so that what is kept is of DAYS_KEPT days. */
  readonly #shares = new Float64Array(ENTITY_KINDS.length * SIGNALS).fill(1);
  /** Hours that had the signal, and of each kind all hours. */
  readonly #had = new Float64Array(ENTITY_KINDS.length * SIGNALS);
  readonly #hours = new Float64Array(ENTITY_KINDS.length);
  readonly #gates = new Float64Array(ENTITY_KINDS.length * SIGNALS).fill(Number.POSITIVE_INFINITY);

  constructor() {
    for (let at = 0; at < ENTITY_KINDS.length * SIGNALS; at++) {
      this.#tails.push(new Tail(KEPT, SCALE_LEAST));
      this.#newest.push([]);
    }
  }

  /** The surprises of an hour that is over: of each signal, 0 where it had none. */
  learn(kind: EntityKind, surprises: Float32Array): void {
    const which = ENTITY_KINDS.indexOf(kind);
    const first = which * SIGNALS;
    this.#hours[which]!++;
    for (let signal = 0; signal < SIGNALS; signal++) {
      const surprise = surprises[signal]!;
      if (surprise <= 0) continue;
      this.#had[first + signal]!++;
      if (isDrawn(this.#offered[first + signal]!++, this.#shares[first + signal]!))
        this.#keep(first + signal, surprise);
    }
    if (this.#hours[which]! < COUNTED_MAX) return;
    this.#hours[which]! /= 2;
    for (let signal = 0; signal < SIGNALS; signal++) this.#had[first + signal]! /= 2;
  }

  /** -log10 of the share of hours of a kind in which a signal is as surprising; 0 where that is nothing rare. */
  rarity(kind: EntityKind, signal: number, surprise: number): number {
    const which = ENTITY_KINDS.indexOf(kind);
    const at = which * SIGNALS + signal;
    if (surprise < this.#gates[at]!) return 0;
    const had = Math.log10((this.#hours[which]! + 1) / (this.#had[at]! + 1));
    // Where hardly any hour has it, having it is what is rare; how much of it then says as much as the model does.
    if (this.#tails[at]!.count < LEAST) return Math.max(had, 0) + Math.min(surprise, 1);
    return this.#tails[at]!.rarity(surprise) + had;
  }

  /** Decides anew from where on a signal is looked at; so many hours of each kind come in a day. */
  settle(hoursPerDay: Record<EntityKind, number>): void {
    for (let at = 0; at < this.#gates.length; at++) {
      const which = Math.floor(at / SIGNALS);
      if (this.#hours[which]! < LEAST) continue;
      const days = this.#hours[which]! / Math.max(1, hoursPerDay[ENTITY_KINDS[which]!]);
      this.#shares[at] = Math.min(1, (KEPT * days) / (Math.max(1, this.#had[at]!) * DAYS_KEPT));
      const had = Math.log10((this.#hours[which]! + 1) / (this.#had[at]! + 1));
      const tail = this.#tails[at]!;
      if (had >= GATE_RARITY || tail.count < LEAST) {
        this.#gates[at] = 0;
        continue;
      }
      let [low, high] = [0, 40];
      for (let step = 0; step < 20; step++) {
        const middle = (low + high) / 2;
        if (tail.rarity(middle) + had < GATE_RARITY) low = middle;
        else high = middle;
      }
      this.#gates[at] = low;
    }
  }

  state(): CalibrationState {
    const newest = this.#newest.map((each) => each.slice(-KEPT));
    return {
      newest,
      had: this.#had,
      hours: this.#hours,
      gates: this.#gates,
      shares: this.#shares,
      offered: this.#offered,
    };
  }

  restore({ newest, had, hours, gates, shares, offered }: CalibrationState): void {
    newest.forEach((surprises, at) => {
      for (const surprise of surprises) this.#keep(at, surprise);
    });
    this.#had.set(had);
    this.#hours.set(hours);
    this.#gates.set(gates);
    this.#shares.set(shares);
    this.#offered.set(offered);
  }

  #keep(at: number, surprise: number): void {
    this.#tails[at]!.add(surprise);
    const newest = this.#newest[at]!;
    newest.push(surprise);
    if (newest.length >= 2 * KEPT) newest.splice(0, KEPT);
  }
}
