// A collector for demonstrations (`demo: true`): what it is sent was invented, some of it long ago.
import type { Detection } from '@threatguard/proto';

/** What every alert of a demonstration says of itself, as ECS has it. */
const DEMO_LABEL = { 'labels.demo': 'true' };

/** From here on it counts as now. */
const PRESENT_US = 10 * 60 * 1_000_000;

/**
 * The time by which a replayed week is judged: that of the newest event that came, so that alerts, risk and incidents stand
 * where the events do, and what lies days apart is not joined because it came within a second. Never later than now, and now
 * before anything came and once the replay has reached the present.
 */
export class DemoClock {
  readonly #nowUs: () => number;
  #newestUs = 0;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  /** An event of this time is about to be judged. */
  see(atUs: number): void {
    this.#newestUs = Math.max(this.#newestUs, atUs);
  }

  readonly nowUs = (): number => {
    const nowUs = this.#nowUs();
    const replaying = this.#newestUs > 0 && this.#newestUs < nowUs - PRESENT_US;
    return replaying ? this.#newestUs : nowUs;
  };
}

/** The same, each saying that it was invented. */
export function labelledDemo(detections: readonly Detection[]): Detection[] {
  return detections.map((detection) => ({ ...detection, values: { ...detection.values, ...DEMO_LABEL } }));
}
