import type { StatusReport } from '@threatguard/proto';
import type { FeedWay } from '../../services/alert-feed.ts';
import { FRAMES_PER_SECOND_MAX } from '../frame-rate.ts';
import type { PlaceState } from './place-state.ts';

const FRAME_MS = 1000 / FRAMES_PER_SECOND_MAX;

/** A line that is being typed: a command, a filter, or an answer an act asked for. */
export interface Prompt {
  kind: 'prompt';
  purpose: 'command' | 'filter' | 'answer';
  label: string;
  text: string;
  /** Where in its history the text comes from; undefined where it was typed. */
  historyAt: number | undefined;
  enter(text: string): void;
}

/** Lines over the view: help, the equivalent command. */
interface Paper {
  kind: 'paper';
  title: string;
  lines: readonly string[];
  top: number;
  /** What `c` copies of it. */
  copies?: string;
}

/** One of a few, by a key. */
interface Menu {
  kind: 'menu';
  title: string;
  choices: readonly { key: string; label: string; choose(): void }[];
}

export type Overlay = Prompt | Paper | Menu;

export interface Snapshot {
  /** Where the person is, and the way back; never empty. */
  stack: readonly PlaceState[];
  overlay: Overlay | undefined;
  wide: boolean;
  paused: boolean;
  /** Alerts that came while paused. */
  held: number;
  status: StatusReport | undefined;
  /** Who the dashboard is to the collector; empty where that is not said. */
  who: string;
  /** Why there is no fresh status; empty while there is. */
  trouble: string;
  way: FeedWay;
  /** The newest thing to be said: what became of an act, a note. */
  message: { text: string; tone: 'good' | 'bad' | 'dim' } | undefined;
}

/** Snapshots one after the other; listeners hear of them at most FRAMES_PER_SECOND_MAX times a second, and of the last. */
export class DashboardState implements Disposable {
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(first: PlaceState) {
    this.#snapshot = {
      stack: [first],
      overlay: undefined,
      wide: false,
      paused: false,
      held: 0,
      status: undefined,
      who: '',
      trouble: '',
      way: 'none',
      message: undefined,
    };
  }

  readonly snapshot = (): Snapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    const waitMs = this.#toldMs + FRAME_MS - performance.now();
    if (waitMs <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), waitMs);
  }

  /** The place that is shown. */
  get top(): PlaceState {
    return this.#snapshot.stack.at(-1)!;
  }

  /** Changes one place, wherever in the stack it is by now; nothing where it was left. */
  change(place: PlaceState['place'], change: Partial<PlaceState>): void {
    const { stack } = this.#snapshot;
    if (!stack.some((each) => each.place === place)) return;
    this.set({ stack: stack.map((each) => (each.place === place ? { ...each, ...change } : each)) });
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldMs = performance.now();
    for (const listener of this.#listeners) listener();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
