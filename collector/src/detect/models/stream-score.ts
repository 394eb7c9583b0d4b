// How odd each value of a stream is, from what came before it alone.
//
// Several questions are asked of every value, each answered by how rare its answer is among those it had lately: is it far from
// what was forecast; have the last ones all been on one side; have they varied more, or less, than usual; has the value stood
// still. The oddest answer counts, and how rare that one is is the score.
import { OnlineForecast } from './online-forecast.ts';
import { Tail } from './tail.ts';

/** Answers that are compared with: enough to know the rare ones, few enough to follow a stream that changes. */
const MEMORY = 2_000;
/** Values before scores reach their full size. */
const WARM_UP = 40;
/** Values "the last ones" are. */
const RECENT = 10;
/** The error that is usual is that of about so many values. */
const USUAL = 200;
/** An error that counts for the usual one counts at most this many times it. */
const ERROR_CLIPPED_AT = 5;
/**
 * What is rarer than one in 10 to the power of this is learned from only once in so many times: an anomaly does not become
 * ordinary while it lasts, a stream that has changed for good does after some time.
 */
const ANOMALOUS_FROM = 2.7;
const LEARNED_OF_ANOMALIES = 10;
/** What happens once in 10 to the power of this scores 0.5. */
const HALF_SCORE_AT = 3;

export class StreamScore {
  readonly #forecast = new OnlineForecast();
  readonly #errors = new Memory();
  readonly #drifts = new Memory();
  readonly #bursts = new Memory();
  readonly #calms = new Memory();
  readonly #stands = new Memory();
  readonly #oddities = new Memory();
  readonly #recent: number[] = [];
  #usual = 0;
  #seen = 0;
  #last: number | undefined;
  #standing = 0;

  /** Takes the next value, at a time in seconds where the stream has times; its score, 0 to 1. */
  score(value: number, timeS: number | undefined): number {
    const expected = this.#forecast.predict(timeS) ?? value;
    const error = value - expected;
    this.#forecast.learn(value, timeS);
    this.#standing = value === this.#last ? this.#standing + 1 : 0;
    this.#last = value;

    const oddity = Math.max(...this.#answers(error));
    const rarity = this.#oddities.ask(oddity);
    this.#learnUsual(Math.abs(error), rarity >= ANOMALOUS_FROM ? 1 / LEARNED_OF_ANOMALIES : 1);
    this.#seen++;
    const trust = Math.min(1, this.#seen / WARM_UP) ** 2;
    return (trust * rarity) / (rarity + HALF_SCORE_AT);
  }

  #answers(error: number): number[] {
    if (this.#usual === 0) return [error === 0 ? 0 : 1];
    const deviation = error / this.#usual;
    this.#recent.push(Math.max(-20, Math.min(20, deviation)));
    if (this.#recent.length > RECENT) this.#recent.shift();
    const sum = this.#recent.reduce((total, each) => total + each, 0);
    const size = this.#recent.reduce((total, each) => total + Math.abs(each), 0) / this.#recent.length;
    return [
      this.#errors.ask(Math.abs(deviation)),
      this.#drifts.ask(Math.abs(sum)),
      this.#bursts.ask(size),
      0.7 * this.#calms.ask(-size),
      0.7 * this.#stands.ask(this.#standing),
    ];
  }

  #learnUsual(size: number, share: number): void {
    const limited = this.#usual > 0 && this.#seen > 10 ? Math.min(size, ERROR_CLIPPED_AT * this.#usual) : size;
    this.#usual += Math.max(share / USUAL, 1 / (this.#seen + 1)) * (limited - this.#usual);
  }
}

/** Answers to one question, and how rare the next is among them. */
class Memory {
  readonly #tail = new Tail(MEMORY);
  #anomalies = 0;

  /** How rare an answer is among those before it, which it then is one of. */
  ask(answer: number): number {
    const rarity = this.#tail.rarity(answer);
    if (rarity < ANOMALOUS_FROM || this.#anomalies++ % LEARNED_OF_ANOMALIES === 0) this.#tail.add(answer);
    return rarity;
  }
}
