// Where the time of an event goes, for benches. Off, it is undefined everywhere and costs a comparison per batch.

const STAGES = ['verify', 'open', 'decode', 'limits', 'enrich', 'detect', 'correlate', 'rows', 'commit'] as const;
export type Stage = (typeof STAGES)[number];

export interface StageReport {
  /** Which thread. */
  thread: string;
  /** Events that passed through it. */
  events: number;
  /** Milliseconds of CPU in each stage; `commit` alone is elapsed time, waiting for the database. */
  stagesMs: Record<Stage, number>;
  /** CPU of the thread, the stages included: the rest is frames, gRPC, TLS, messages and what the runtime does for itself. */
  threadMs: number;
}

export class StageClock {
  readonly #stagesMs = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
  readonly #cpuBeforeMs = cpuMs();
  #events = 0;
  #lapMs = 0;

  /** What comes now until the first lap belongs to it. Laps are only taken where nothing is awaited in between. */
  start(): void {
    this.#lapMs = cpuMs();
  }

  /** What ended now, since `start` or the lap before. */
  lap(stage: Stage): void {
    const nowMs = cpuMs();
    this.#stagesMs[stage] += nowMs - this.#lapMs;
    this.#lapMs = nowMs;
  }

  add(stage: Stage, milliseconds: number): void {
    this.#stagesMs[stage] += milliseconds;
  }

  stored(events: number): void {
    this.#events += events;
  }

  report(thread: string): StageReport {
    return { thread, events: this.#events, stagesMs: { ...this.#stagesMs }, threadMs: cpuMs() - this.#cpuBeforeMs };
  }
}

/** Of this thread: others may take the processor in the middle of a stage. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
