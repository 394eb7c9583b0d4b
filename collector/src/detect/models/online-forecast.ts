// What a series will be next, by several simple forecasts at once, each weighed by how well it has done lately (Littlestone and
// Warmuth's weighted majority, 1994, in its smooth form). Everything is online: a forecast knows only what came before.

const AUTOREGRESSION_LAGS = 6;
/** Recursive least squares forgets with this factor a value: about the last 1,000 count. */
const FORGETTING = 0.999;
const PHASES_OF_DAY = 96;
const PHASES_OF_WEEK = 168;
const DAY_S = 86_400;
const WEEK_S = 7 * DAY_S;
/** Of the error each forecast is weighed by. */
const ERROR_RATE = 0.02;
/** How much better forecasts are preferred. */
const WEIGHT_POWER = 4;
/** Errors beyond this many times the usual one say nothing about which forecast is good. */
const ERROR_CLIPPED_AT = 8;

interface Forecaster {
  /** Undefined while it knows too little. `timeS` is undefined where the series has no times. */
  predict(timeS: number | undefined): number | undefined;
  learn(value: number, timeS: number | undefined): void;
}

export class OnlineForecast {
  readonly #members: { forecaster: Forecaster; error: number; seen: number; predicted: number | undefined }[];

  constructor() {
    const forecasters = [
      new Level(1),
      new Level(0.2),
      new Level(0.01),
      new Autoregression(),
      new Phases(DAY_S, PHASES_OF_DAY),
      new Phases(WEEK_S, PHASES_OF_WEEK),
    ];
    this.#members = forecasters.map((forecaster) => ({ forecaster, error: 0, seen: 0, predicted: undefined }));
  }

  /** The next value; undefined before the first. */
  predict(timeS: number | undefined): number | undefined {
    let sum = 0;
    let weights = 0;
    for (const member of this.#members) {
      member.predicted = member.forecaster.predict(timeS);
      if (member.predicted === undefined) continue;
      const weight = 1 / (member.error + 1e-12) ** WEIGHT_POWER;
      sum += weight * member.predicted;
      weights += weight;
    }
    return weights > 0 ? sum / weights : undefined;
  }

  /** Takes the value that came; after `predict` with the same time. */
  learn(value: number, timeS: number | undefined): void {
    for (const member of this.#members) {
      if (member.predicted !== undefined) {
        const size = Math.abs(value - member.predicted);
        const limited = member.seen > 10 ? Math.min(size, ERROR_CLIPPED_AT * member.error + 1e-12) : size;
        member.seen++;
        member.error += Math.max(ERROR_RATE, 1 / member.seen) * (limited - member.error);
      }
      member.forecaster.learn(value, timeS);
    }
  }
}

/** Exponential smoothing; at rate 1 the value before. */
class Level implements Forecaster {
  readonly #rate: number;
  #level: number | undefined;
  #seen = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  predict(): number | undefined {
    return this.#level;
  }

  learn(value: number): void {
    this.#seen++;
    this.#level ??= value;
    this.#level += Math.max(this.#rate, 1 / this.#seen) * (value - this.#level);
  }
}

/** A linear function of the newest values, learned by recursive least squares (Ljung, "System Identification", 1999, 11.2). */
class Autoregression implements Forecaster {
  readonly #width = AUTOREGRESSION_LAGS + 1;
  readonly #coefficients = new Float64Array(this.#width);
  readonly #covariance = new Float64Array(this.#width * this.#width);
  readonly #regressors = new Float64Array(this.#width);
  readonly #gain = new Float64Array(this.#width);
  readonly #newest: number[] = [];
  #scale = 0;

  predict(): number | undefined {
    if (this.#newest.length < AUTOREGRESSION_LAGS || this.#scale === 0) return undefined;
    this.#regressors[0] = this.#scale;
    this.#newest.forEach((value, lag) => {
      this.#regressors[lag + 1] = value;
    });
    return this.#regressors.reduce((sum, value, at) => sum + value * this.#coefficients[at]!, 0);
  }

  learn(value: number): void {
    const predicted = this.predict();
    if (predicted === undefined) {
      if (this.#newest.length >= AUTOREGRESSION_LAGS) this.#begin();
    } else this.#update(value - predicted);
    this.#newest.unshift(value);
    this.#newest.length = Math.min(this.#newest.length, AUTOREGRESSION_LAGS);
  }

  /** Begins as "the same as the value before", in the units of the series. */
  #begin(): void {
    this.#scale = Math.max(...this.#newest.map(Math.abs));
    if (this.#scale === 0) return;
    this.#coefficients[1] = 1;
    for (let at = 0; at < this.#width; at++) this.#covariance[at * this.#width + at] = 1 / this.#scale ** 2;
  }

  #update(error: number): void {
    const width = this.#width;
    const covariance = this.#covariance;
    let spread = FORGETTING;
    for (let row = 0; row < width; row++) {
      let sum = 0;
      for (let column = 0; column < width; column++)
        sum += covariance[row * width + column]! * this.#regressors[column]!;
      this.#gain[row] = sum;
      spread += sum * this.#regressors[row]!;
    }
    for (let row = 0; row < width; row++) {
      const share = this.#gain[row]! / spread;
      this.#coefficients[row]! += share * error;
      for (let column = 0; column < width; column++) {
        const at = row * width + column;
        covariance[at] = (covariance[at]! - share * this.#gain[column]!) / FORGETTING;
      }
    }
    // Where nothing new comes, forgetting would let it grow without end.
    const limit = 1e6 / this.#scale ** 2;
    for (let at = 0; at < width * width; at += width + 1) {
      if (covariance[at]! > limit || !(covariance[at]! > 0)) {
        covariance.fill(0);
        for (let each = 0; each < width; each++) covariance[each * width + each] = 1 / this.#scale ** 2;
        return;
      }
    }
  }
}

/** What the value usually is at this time of the day or week. */
class Phases implements Forecaster {
  readonly #lengthS: number;
  readonly #means: Float64Array;
  readonly #counts: Uint32Array;

  constructor(lengthS: number, phases: number) {
    this.#lengthS = lengthS;
    this.#means = new Float64Array(phases);
    this.#counts = new Uint32Array(phases);
  }

  predict(timeS: number | undefined): number | undefined {
    if (timeS === undefined) return undefined;
    const phase = this.#phaseOf(timeS);
    return this.#counts[phase]! > 0 ? this.#means[phase] : undefined;
  }

  learn(value: number, timeS: number | undefined): void {
    if (timeS === undefined) return;
    const phase = this.#phaseOf(timeS);
    const count = ++this.#counts[phase]!;
    this.#means[phase]! += Math.max(0.1, 1 / count) * (value - this.#means[phase]!);
  }

  #phaseOf(timeS: number): number {
    const within = ((timeS % this.#lengthS) + this.#lengthS) % this.#lengthS;
    return Math.floor((within / this.#lengthS) * this.#means.length);
  }
}
