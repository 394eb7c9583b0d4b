// What becomes of each detection: it alerts, or it is only recorded, with the reason why.
//
//   simulated    its rule is on trial
//   excepted     an exception hides it (exception-index.ts)
//   suppressed   its rule has alerted about this entity already, within the window it asks for (suppression.ts)
//   alerted      everything else, and all that the collector says of its agents (detect/health.ts)
//
// A few lookups for a detection, and nothing for an event.
import { type Detection, Verdict } from '@threatguard/proto';
import { isHealthRule } from '../detect/health.ts';
import type { ExceptionRecord } from '../store/judgement-store.ts';
import { ExceptionError } from './exception-error.ts';
import { ExceptionIndex } from './exception-index.ts';
import type { Suppression } from './suppression.ts';

export interface Judged {
  /** All, with what was decided about them. */
  detections: Detection[];
  /** Those of them that alert. */
  alerting: Detection[];
}

export class Judge {
  readonly exceptions = new ExceptionIndex();
  readonly #suppression: Suppression;
  readonly #nowUs: () => number;
  #refused: string[] = [];

  constructor(suppression: Suppression, nowUs: () => number) {
    this.#suppression = suppression;
    this.#nowUs = nowUs;
  }

  judge(found: readonly Detection[]): Judged {
    if (found.length === 0) return { detections: [], alerting: [] };
    const nowUs = this.#nowUs();
    const detections: Detection[] = [];
    const alerting: Detection[] = [];
    for (const detection of found) {
      const decided = this.#decide(detection, nowUs);
      detections.push(decided);
      if (!decided.verdict) alerting.push(decided);
    }
    return { detections, alerting };
  }

  /** Exceptions in force. */
  count(): number {
    this.exceptions.removeExpired(this.#nowUs());
    return this.exceptions.size;
  }

  /** What is not as somebody would expect, one line each: exceptions that are not in force, windows given up for lack of room. */
  notices(): string[] {
    const { evicted } = this.#suppression;
    if (evicted === 0) return this.#refused;
    const forgotten = `${evicted} windows of suppression were forgotten for lack of room: their rules alert again`;
    return [...this.#refused, forgotten];
  }

  /** Exceptions as the store has them, those in force. One that cannot be taken hides nothing, and is named. */
  restore(exceptions: readonly ExceptionRecord[]): void {
    this.#refused = [];
    const stored = new Set(exceptions.map(({ id }) => id));
    for (const id of this.exceptions.ids()) if (!stored.has(id)) this.exceptions.remove(id);
    for (const exception of exceptions) {
      try {
        this.exceptions.add(exception);
      } catch (error) {
        if (!(error instanceof ExceptionError)) throw error;
        this.#refused.push(`exception ${exception.id} is not in force: ${error.message}`);
      }
    }
  }

  #decide(detection: Detection, nowUs: number): Detection {
    if (isHealthRule(detection.ruleId ?? '')) return detection;
    if (detection.simulated) return { ...detection, verdict: Verdict.VERDICT_SIMULATED };
    const exception = this.exceptions.find(detection, nowUs);
    if (exception) return { ...detection, verdict: Verdict.VERDICT_EXCEPTED, verdictBy: exception.id };
    if (this.#suppression.suppresses(detection)) return { ...detection, verdict: Verdict.VERDICT_SUPPRESSED };
    return detection;
  }
}
