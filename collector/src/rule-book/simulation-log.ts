import type { Detection } from '@threatguard/proto';

/** Matches of one simulated rule that are recorded in an hour: enough to judge it by, and no more rows than that. */
const RECORDED_HOUR_MAX = 500;
const HOUR_US = 3_600_000_000;

interface Counted {
  hour: number;
  recorded: number;
  unrecorded: number;
}

/** Keeps a simulated rule that matches everything from filling the store. */
export class SimulationLog {
  /** By rule, as many as were ever simulated. */
  readonly #rules = new Map<string, Counted>();
  readonly #recordedMax: number;

  constructor(recordedHourMax = RECORDED_HOUR_MAX) {
    this.#recordedMax = recordedHourMax;
  }

  /** The detections without those of simulated rules that matched often enough this hour; these are counted. */
  admit(detections: readonly Detection[], nowUs: number): Detection[] {
    return detections.filter((detection) => !detection.simulated || this.#record(detection.ruleId ?? '', nowUs));
  }

  /** Since this process started. */
  unrecorded(ruleId: string): number {
    return this.#rules.get(ruleId)?.unrecorded ?? 0;
  }

  #record(ruleId: string, nowUs: number): boolean {
    const hour = Math.floor(nowUs / HOUR_US);
    const known = this.#rules.get(ruleId);
    const counted = known ?? { hour, recorded: 0, unrecorded: 0 };
    this.#rules.set(ruleId, counted);
    if (counted.hour !== hour) {
      counted.hour = hour;
      counted.recorded = 0;
    }
    if (counted.recorded < this.#recordedMax) {
      counted.recorded++;
      return true;
    }
    counted.unrecorded++;
    return false;
  }
}
