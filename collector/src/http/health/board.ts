// What state everything the collector needs is in. Each thing is looked at again and again beside the requests, so that an
// answer about health reads memory and waits for nothing.
//
// A state is left for a worse one after LOOKS_TO_FALL looks that agree, and for a better one after LOOKS_TO_RISE: with a look
// every LOOK_EVERY_MS, what has died is said within half a second, and what comes and goes stays down until it has stayed up
// for three quarters of one. What does not answer is `degraded` from SLOW_MS on and `down` from SILENT_MS on, so what hangs is
// said within a second as well; a probe that can tell busy from hung answers while it is only busy.

import { inTime } from '../../in-time.ts';
import { pause } from '../../pause.ts';

const LOOK_EVERY_MS = 250;
const LOOKS_TO_FALL = 2;
const LOOKS_TO_RISE = 3;
const SLOW_MS = 400;
const SILENT_MS = 700;

export const HEALTH_STATES = ['up', 'degraded', 'down', 'not_configured'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];
const RANK: Record<HealthState, number> = { not_configured: 0, up: 0, degraded: 1, down: 2 };

export interface Finding {
  state: HealthState;
  /** Why, where it is not up; for those who may see it. */
  detail?: string;
}

/** One thing that is looked at. */
export interface Probe {
  name: string;
  /** Whether the collector is down without it; else it is degraded. */
  needed: boolean;
  /** Whether it has looked several times itself: what it finds is taken at once. */
  judged?: boolean;
  /** What throws is down. The signal fires when nobody waits any more. */
  look: (signal: AbortSignal) => Finding | Promise<Finding>;
}

export interface ComponentHealth extends Finding {
  name: string;
  needed: boolean;
  /** Since when it is in this state; milliseconds since the Unix epoch, as the next. */
  sinceMs: number;
  checkedAtMs: number;
  /** How long the last look took. */
  responseMs: number;
}

interface Watched extends ComponentHealth {
  probe: Probe;
  /** What the last looks found, as long as they disagree with the state. */
  contrary: number;
}

export class HealthBoard implements AsyncDisposable {
  readonly #watched: Watched[];
  readonly #nowMs: () => number;
  readonly #stop = new AbortController();
  #loops: Promise<void>[] = [];
  #stopping = false;

  private constructor(probes: readonly Probe[], nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#watched = probes.map((probe) => ({
      probe,
      name: probe.name,
      needed: probe.needed,
      state: 'down',
      detail: 'not looked at yet',
      sinceMs: nowMs(),
      checkedAtMs: 0,
      responseMs: 0,
      contrary: 0,
    }));
  }

  /** Looks at everything once before it resolves. */
  static async start(probes: readonly Probe[], nowMs: () => number): Promise<HealthBoard> {
    const board = new HealthBoard(probes, nowMs);
    await Promise.all(board.#watched.map((watched) => board.#look(watched)));
    board.#loops = board.#watched.map((watched) => board.#watch(watched));
    return board;
  }

  /** In the order of the probes. */
  components(): ComponentHealth[] {
    return this.#watched.map(({ probe: _, contrary: __, ...component }) => component);
  }

  /** `down` where something needed is, `degraded` where anything is less than up. */
  get state(): Exclude<HealthState, 'not_configured'> {
    let worst: Exclude<HealthState, 'not_configured'> = 'up';
    for (const { state, needed } of this.#watched) {
      if (state === 'down' && needed) return 'down';
      if (RANK[state] > 0) worst = 'degraded';
    }
    return worst;
  }

  /** Whether requests should be sent here. */
  get ready(): boolean {
    return !this.#stopping && this.state !== 'down';
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** From now on it is not ready, so that whoever spreads requests sends them elsewhere. */
  leave(): void {
    this.#stopping = true;
  }

  async #watch(watched: Watched): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await pause(LOOK_EVERY_MS, this.#stop.signal);
      if (!this.#stop.signal.aborted) await this.#look(watched);
    }
  }

  async #look(watched: Watched): Promise<void> {
    const startedMs = performance.now();
    const patience = new AbortController();
    const answer = Promise.try(() => watched.probe.look(AbortSignal.any([patience.signal, this.#stop.signal]))).catch(
      (error: unknown): Finding => ({ state: 'down', detail: error instanceof Error ? error.message : String(error) }),
    );
    const slow: Finding = { state: 'degraded', detail: `no answer for ${SLOW_MS} ms` };
    const silent: Finding = { state: 'down', detail: `no answer for ${SILENT_MS} ms` };
    let found = await inTime(answer, SLOW_MS, slow);
    if (found === slow) {
      this.#judge(watched, slow, performance.now() - startedMs);
      found = await inTime(answer, SILENT_MS - SLOW_MS, silent);
      patience.abort();
      // One such look has been as long as several others.
      if (found === silent) watched.contrary = LOOKS_TO_FALL;
    }
    this.#judge(watched, found, performance.now() - startedMs);
  }

  #judge(watched: Watched, found: Finding, responseMs: number): void {
    const nowMs = this.#nowMs();
    const first = watched.checkedAtMs === 0;
    watched.checkedAtMs = nowMs;
    watched.responseMs = responseMs;
    if (found.state === watched.state) {
      watched.contrary = 0;
      watched.detail = found.detail;
      return;
    }
    watched.contrary++;
    const worse = RANK[found.state] > RANK[watched.state];
    if (!first && !watched.probe.judged && watched.contrary < (worse ? LOOKS_TO_FALL : LOOKS_TO_RISE)) return;
    Object.assign(watched, { state: found.state, detail: found.detail, sinceMs: nowMs, contrary: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave();
    this.#stop.abort();
    await Promise.all(this.#loops);
  }
}
