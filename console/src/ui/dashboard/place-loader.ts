// What the shown place asks of the collector, and when it asks again. An answer may come after one has gone elsewhere, or after
// the answer to a later question: of each place the newest question counts.
import { ConsoleError } from '../../model/console-error.ts';
import type { DashboardSource } from '../../services/dashboard-source.ts';
import type { DashboardState } from './dashboard-state.ts';
import { isList } from './place-state.ts';
import type { Place, View } from './view.ts';

/** A page that an alert changes is asked again at most so often. */
const RELOAD_MS_MIN = 1_000;

interface LoaderParts {
  source: DashboardSource;
  state: DashboardState;
  viewOf: (place: Place) => View;
}

export class PlaceLoader {
  readonly #parts: LoaderParts;
  /** By place, the number of the newest question that has no answer yet. */
  readonly #asked = new Map<Place, number>();
  readonly #askedMs = new WeakMap<Place, number>();
  #outdated = false;
  /** What was asked last has come, or why it has not. */
  answered: Promise<void> = Promise.resolve();

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  /** An alert changed what is shown. */
  outdate(): void {
    this.#outdated = true;
  }

  /** Whether what is shown has become old, and nothing is under way. */
  isDue(): boolean {
    const { state, viewOf } = this.#parts;
    const { place } = state.top;
    const { refreshMs } = viewOf(place);
    const sinceMs = performance.now() - (this.#askedMs.get(place) ?? 0);
    const old = refreshMs > 0 && sinceMs >= refreshMs;
    // A list of live alerts is at hand; what must be asked for is not asked for by every alert.
    const changed = this.#outdated && (refreshMs === 0 || sinceMs >= RELOAD_MS_MIN);
    return (old || changed) && !this.#asked.has(place);
  }

  /** Asks for what is shown. A failure is said and leaves what was there. */
  load(): Promise<void> {
    this.answered = this.#load();
    return this.answered;
  }

  async #load(): Promise<void> {
    const { source, state, viewOf } = this.#parts;
    const { place } = state.top;
    const view = viewOf(place);
    const turn = (this.#asked.get(place) ?? 0) + 1;
    const isNewest = () => this.#asked.get(place) === turn;
    this.#asked.set(place, turn);
    this.#outdated = false;
    this.#askedMs.set(place, performance.now());
    try {
      const data = isList(view) ? await view.rows(source, place.arg) : await view.load(source, place.arg);
      if (isNewest()) state.change(place, { data, trouble: '' });
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      if (isNewest()) state.change(place, { trouble: error.message });
    } finally {
      if (isNewest()) this.#asked.delete(place);
    }
  }
}
