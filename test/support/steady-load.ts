// API load that goes on at the same pace whatever happens, and what became of each request; and the states health said meanwhile.
import { ask } from './http.ts';

export interface Outcome {
  path: string;
  /** performance.now() when it was asked. */
  startedMs: number;
  /** 0 where the connection failed. */
  status: number;
}

/** Anybody that asks `/health` and others; `perSecond` in all, of the routes in turn. */
export class SteadyLoad implements AsyncDisposable {
  readonly outcomes: Outcome[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  constructor(requests: readonly (() => Promise<{ path: string; status: number }>)[], perSecond: number) {
    this.#timer = setInterval(() => {
      const request = requests[this.#next++ % requests.length]!;
      const startedMs = performance.now();
      const done = request()
        .catch(() => ({ path: 'connection', status: 0 }))
        .then(({ path, status }) => {
          this.outcomes.push({ path, status, startedMs });
          this.#pending.delete(done);
        });
      this.#pending.add(done);
    }, 1000 / perSecond);
  }

  /** Asked between two moments, and failed: answered with a fault or not at all. */
  errors(fromMs: number, toMs: number): Outcome[] {
    return this.outcomes.filter(({ status, startedMs }) => startedMs >= fromMs && startedMs < toMs && isError(status));
  }

  asked(fromMs: number, toMs: number): number {
    return this.outcomes.filter(({ startedMs }) => startedMs >= fromMs && startedMs < toMs).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }
}

function isError(status: number): boolean {
  return status === 0 || status >= 500;
}

export interface Change {
  /** performance.now() when it was seen. */
  atMs: number;
  /** When the collector says that it changed; milliseconds since the Unix epoch. */
  sinceMs: number;
  state: string;
}

/** The state of each component, looked at every 20 ms: what is kept is when it changed. */
export class HealthWatch implements AsyncDisposable {
  readonly #changes = new Map<string, Change[]>();
  readonly #answers: { atMs: number; tookMs: number }[] = [];
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(url: string) {
    this.#watching = this.#watch(url);
  }

  /** Of a component from a moment on, with the state it had then first. */
  changes(name: string, fromMs: number): Change[] {
    const all = this.#changes.get(name) ?? [];
    const before = all.filter(({ atMs }) => atMs < fromMs).at(-1);
    return [...(before ? [before] : []), ...all.filter(({ atMs }) => atMs >= fromMs)];
  }

  now(name: string): string | undefined {
    return this.#changes.get(name)?.at(-1)?.state;
  }

  /** The longest an answer took since a moment: it says what is known already, so it is the machine that was late. */
  slowestMs(fromMs: number): number {
    return Math.max(0, ...this.#answers.filter(({ atMs }) => atMs >= fromMs).map(({ tookMs }) => tookMs));
  }

  async #watch(url: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const askedMs = performance.now();
      const { body } = await ask(`${url}/health/detailed`);
      const atMs = performance.now();
      this.#answers.push({ atMs, tookMs: atMs - askedMs });
      for (const { name, status, since } of body.components as { name: string; status: string; since: string }[]) {
        const changes = this.#changes.get(name) ?? [];
        if (changes.at(-1)?.state !== status) changes.push({ atMs, sinceMs: Date.parse(since), state: status });
        this.#changes.set(name, changes);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }
}
