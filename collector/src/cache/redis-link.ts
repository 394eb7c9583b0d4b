// One Redis, asked in a way that costs nobody anything when it is away: an answer comes soon or is `undefined`, and whoever asked
// uses what it has itself.
//
// Invariants: nothing is sent while the state is not `up`, while an answer is overdue, or beyond IN_FLIGHT_MAX; so one that
// hangs delays what was asked just before, once. The state is looked at every PULSE_EVERY_MS beside what is asked: it is down
// with the connection or after one pulse without an answer, and up again after PULSES_TO_RISE that were answered.
import { inTime } from '../in-time.ts';
import { LinkFigures } from './link-figures.ts';
import type { RedisClient } from './redis-client.ts';

/** Redis answers within a millisecond; ten times a slow network and a fork of the server. */
const COMMAND_MS_MAX = 150;
const PULSE_EVERY_MS = 250;
const PULSE_MS_MAX = 400;
const PULSES_TO_RISE = 2;
/** A connection on which nothing was answered for so long is thrown away for another: its host may be gone without a word. */
const SILENT_MS_MAX = 3_000;
/** Asked and not answered; what a thousand requests at once need. */
const IN_FLIGHT_MAX = 4_096;
/** INFO is asked with every so many pulses. */
const PULSES_PER_INFO = 4;
/** A collector that starts waits so long for a Redis that is there. */
const START_MS_MAX = 1_500;

const LATE = Symbol('late');

export interface RedisReport {
  memoryBytes: number;
  clients: number;
  /** Keys it evicted for lack of memory since it started. */
  evictedKeys: number;
}

export interface LinkParts {
  connect: (events: { ready: () => void; gone: () => void; failed: (error: Error) => void }) => RedisClient;
  nowMs: () => number;
  /** Why it is down; undefined when it is up. Once for each change. */
  changed: (problem: string | undefined) => void;
}

export class RedisLink implements AsyncDisposable {
  readonly figures: LinkFigures;
  /** The last that was had. */
  report: RedisReport | undefined;
  /** Of the last pulse; milliseconds, since the Unix epoch where a time. */
  checkedAtMs: number | undefined;
  responseMs: number | undefined;
  readonly #parts: LinkParts;
  readonly #client: RedisClient;
  readonly #stop = new AbortController();
  #problem: string | undefined = 'not connected yet';
  #upSinceMs: number | undefined;
  #goodPulses = 0;
  #everUp = false;
  #overdue = false;
  #inFlight = 0;
  #wake: () => void = () => undefined;
  #pulsing: Promise<void> = Promise.resolve();
  /** Counts how often it came up: what was said to one that came back has to be said again. */
  #era = 0;

  private constructor(parts: LinkParts) {
    this.#parts = parts;
    this.figures = new LinkFigures(parts.nowMs);
    this.#client = parts.connect({
      ready: () => this.#wake(),
      gone: () => this.#fall(this.figures.lastError ?? 'the connection was closed'),
      failed: (error) => {
        if (this.#stop.signal.aborted) return;
        this.figures.connectionErrors++;
        this.figures.failed(error);
      },
    });
  }

  /** Resolves when it is up, or after a while without it. */
  static async open(parts: LinkParts): Promise<RedisLink> {
    const link = new RedisLink(parts);
    const up = Promise.withResolvers<void>();
    link.#pulsing = link.#watch(() => up.resolve());
    await inTime(up.promise, START_MS_MAX, undefined);
    if (!link.isUp) parts.changed(link.problem);
    return link;
  }

  get isUp(): boolean {
    return this.#problem === undefined;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get era(): number {
    return this.#era;
  }

  /** Milliseconds since it came up; undefined while it is not. */
  get uptimeMs(): number | undefined {
    return this.#upSinceMs === undefined ? undefined : this.#parts.nowMs() - this.#upSinceMs;
  }

  /** The reply; undefined where there is none in time, whatever the reason. */
  async ask<Reply>(send: (client: RedisClient) => Promise<Reply>): Promise<Reply | undefined> {
    const { figures } = this;
    if (!this.isUp || this.#overdue || this.#inFlight >= IN_FLIGHT_MAX || !this.#client.ready) {
      figures.skipped++;
      return undefined;
    }
    figures.sent();
    this.#inFlight++;
    const startedMs = performance.now();
    const reply = send(this.#client).finally(() => this.#inFlight--);
    try {
      const found = await inTime(reply, COMMAND_MS_MAX, LATE);
      if (found !== LATE) {
        figures.wasAnswered(performance.now() - startedMs);
        return found;
      }
      figures.timeouts++;
      figures.failed(new Error(`no answer for ${COMMAND_MS_MAX} ms`));
      this.#overdue = true;
      // However it ends, the connection speaks again; nobody waits for what it says.
      const spoken = () => {
        this.#overdue = false;
      };
      reply.then(spoken, spoken);
    } catch (error) {
      figures.refused++;
      figures.failed(error);
    }
    return undefined;
  }

  async #watch(wasUp: () => void): Promise<void> {
    const { signal } = this.#stop;
    for (let pulse = 0; !signal.aborted; pulse++) {
      if (this.#client.ready) await this.#pulse(pulse % PULSES_PER_INFO === 0);
      if (this.isUp) wasUp();
      await this.#pause();
    }
  }

  /** Ends when it was answered, or when nobody waits for that any more. */
  async #pulse(withInfo: boolean): Promise<void> {
    const startedMs = performance.now();
    const answer = Promise.try(() => this.#client.pulse()).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    let problem: string | typeof LATE | undefined = await inTime(answer, PULSE_MS_MAX, LATE);
    this.checkedAtMs = this.#parts.nowMs();
    this.responseMs = performance.now() - startedMs;
    if (problem === LATE) {
      this.figures.failed(new Error(`no answer for ${PULSE_MS_MAX} ms`));
      this.#fall(`no answer for ${PULSE_MS_MAX} ms`);
      problem = await inTime(answer, SILENT_MS_MAX - PULSE_MS_MAX, LATE);
      if (problem === LATE) this.#client.reconnect();
      return;
    }
    if (problem !== undefined) {
      this.figures.failed(new Error(problem));
      this.#fall(problem);
      return;
    }
    if (withInfo || !this.report) await this.#readInfo();
    this.#rise();
  }

  async #readInfo(): Promise<void> {
    try {
      const texts = await inTime(this.#client.info(), PULSE_MS_MAX, undefined);
      if (texts) this.report = readInfo(texts);
    } catch (error) {
      // One whose user may not ask INFO has no such figures; its commands work.
      this.figures.failed(error);
    }
  }

  #rise(): void {
    this.#goodPulses++;
    if (this.isUp || (this.#everUp && this.#goodPulses < PULSES_TO_RISE)) return;
    this.#problem = undefined;
    this.#upSinceMs = this.#parts.nowMs();
    this.#overdue = false;
    this.#everUp = true;
    this.#era++;
    this.#parts.changed(undefined);
  }

  #fall(problem: string): void {
    this.#goodPulses = 0;
    const was = this.#problem;
    this.#problem = problem;
    this.#upSinceMs = undefined;
    if (was === undefined && !this.#stop.signal.aborted) this.#parts.changed(problem);
  }

  /** Until the next pulse is due, or a connection was made. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), PULSE_EVERY_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#client.close();
    this.#wake();
    await this.#pulsing;
  }
}

/** Of several nodes their sum. */
export function readInfo(texts: readonly string[]): RedisReport {
  const sum = (name: string) =>
    texts.reduce((total, text) => total + Number(new RegExp(`^${name}:(\\d{1,15})\\r?$`, 'm').exec(text)?.[1] ?? 0), 0);
  return {
    memoryBytes: sum('used_memory'),
    clients: sum('connected_clients'),
    evictedKeys: sum('evicted_keys'),
  };
}
