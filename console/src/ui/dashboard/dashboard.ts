// What keys and alerts do to the dashboard. It draws nothing and knows no terminal: a test presses keys on it.
import type { Alert, StatusReport } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import type { FeedWay } from '../../services/alert-feed.ts';
import type { DashboardSource } from '../../services/dashboard-source.ts';
import type { SavedViews } from '../../services/saved-views.ts';
import { DashboardState, type Overlay, type Prompt } from './dashboard-state.ts';
import { isList, nextSort, type PlaceState, placeState, scrolledTo, shownLines, shownRows } from './place-state.ts';
import { PromptHistory } from './prompt-history.ts';
import type { Look, PageLine, Place, View } from './view.ts';

/** A page that an alert changes is asked again at most so often. */
const RELOAD_MS_MIN = 1_000;
/** What answers a key can be read for so long before a note of something else takes its line. */
const ANSWER_MS_MIN = 5_000;
/** Places on the way back. */
const STACK_MAX = 32;

export interface DashboardParts {
  source: DashboardSource;
  views: readonly View[];
  start: Place;
  saved: SavedViews;
  readonly: boolean;
  look: { utc: boolean; ascii: boolean };
  /** Puts a text into the clipboard of whoever sits before the terminal. */
  copy(text: string): void;
  quit(): void;
}

/** Who the dashboard is to the collector. */
export interface Who {
  /** For people: a name and a role; empty while that is not known. */
  title: string;
  scopes: ReadonlySet<string>;
}

export class Dashboard implements Disposable {
  readonly state: DashboardState;
  readonly parts: DashboardParts;
  size = { columns: 80, rows: 24 };
  readonly #history = { command: new PromptHistory(), filter: new PromptHistory(), answer: new PromptHistory() };
  readonly #loading = new Map<Place, number>();
  readonly #loadedMs = new WeakMap<Place, number>();
  #dirty = false;
  #saidMs = Number.NEGATIVE_INFINITY;
  /** Of nobody's key; said by the next tick that finds the line free. */
  #note = '';
  /** What was asked last has come, or why it has not. */
  answered: Promise<void>;
  /** Undefined for everything: who asks decides nothing here. */
  #who: Who | undefined;

  constructor(parts: DashboardParts) {
    this.parts = parts;
    this.state = new DashboardState(placeState(parts.start));
    this.answered = this.#load();
  }

  get look(): Look {
    return { ...this.parts.look, ...this.size, wide: this.state.snapshot().wide, nowMs: this.parts.source.nowMs() };
  }

  /** Lines between the ones around the view. */
  get bodyLook(): Look {
    return { ...this.look, rows: Math.max(1, this.size.rows - 4) };
  }

  get view(): View {
    return this.viewOf(this.state.top.place);
  }

  viewOf(place: Place): View {
    return this.parts.views.find(({ name }) => name === place.view)!;
  }

  /** Answers a key. */
  say(text: string, tone: 'good' | 'bad' | 'dim' = 'dim'): void {
    this.#saidMs = text ? performance.now() : Number.NEGATIVE_INFINITY;
    this.state.set({ message: text ? { text, tone } : undefined });
  }

  // What comes from the collector.

  setStatus(status: StatusReport): void {
    const wasAway = this.state.snapshot().trouble !== '';
    this.state.set({ status, trouble: '' });
    if (wasAway) void this.load();
  }

  setWho(who: Who): void {
    this.#who = who;
    this.state.set({ who: who.title });
  }

  /** Why a thing that needs `scope` may not be done; undefined where it may. */
  refusal(label: string, scope: string): string | undefined {
    if (this.parts.readonly) return `read-only: this console may not ${label}`;
    if (!this.#who || this.#who.scopes.has(scope)) return undefined;
    const { title } = this.#who;
    if (title === '') return `read-only until the collector has said who you are; ${label} then`;
    return `read-only: ${title} may not ${label}; "threatguard login" as someone else`;
  }

  get readonly(): boolean {
    return this.refusal('', 'alerts:write') !== undefined;
  }

  setTrouble(trouble: string): void {
    this.state.set({ trouble });
  }

  setWay(way: FeedWay): void {
    this.state.set({ way });
  }

  /** Says what nobody asked for, once an answer to a key has been read. */
  note(text: string): void {
    this.#note = text;
  }

  addAlert(alert: Alert) {
    if (!this.parts.source.alerts.add(alert)) return;
    const { paused, held } = this.state.snapshot();
    if (paused) return this.state.set({ held: held + 1 });
    const { place } = this.state.top;
    if (this.view.concerns?.(place.arg, alert)) this.#dirty = true;
  }

  /** To be called some times a second: asks again what has become old. */
  tick(): void {
    if (this.#note && performance.now() - this.#saidMs >= ANSWER_MS_MIN) {
      this.state.set({ message: { text: this.#note, tone: 'dim' } });
      this.#note = '';
    }
    if (this.state.snapshot().paused) return;
    const { place } = this.state.top;
    const { refreshMs } = this.view;
    const sinceMs = performance.now() - (this.#loadedMs.get(place) ?? 0);
    const old = refreshMs > 0 && sinceMs >= refreshMs;
    // A list of live alerts is at hand; what must be asked for is not asked for by every alert.
    const changed = this.#dirty && (refreshMs === 0 || sinceMs >= RELOAD_MS_MIN);
    if ((old || changed) && !this.#loading.has(place)) void this.load();
  }

  /** Asks for what is shown. The newest answer counts; a failure is said and leaves what was there. */
  load(): Promise<void> {
    this.answered = this.#load();
    return this.answered;
  }

  async #load(): Promise<void> {
    const { place } = this.state.top;
    const view = this.view;
    const turn = (this.#loading.get(place) ?? 0) + 1;
    this.#loading.set(place, turn);
    this.#dirty = false;
    this.#loadedMs.set(place, performance.now());
    try {
      const { source } = this.parts;
      const data = isList(view) ? await view.rows(source, place.arg) : await view.load(source, place.arg);
      if (this.#loading.get(place) === turn) this.state.change(place, { data, trouble: '' });
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      if (this.#loading.get(place) === turn) this.state.change(place, { trouble: error.message });
    } finally {
      if (this.#loading.get(place) === turn) this.#loading.delete(place);
    }
  }

  // Where one goes.

  go(place: Place, change: Partial<PlaceState> = {}): void {
    const { stack: before } = this.state.snapshot();
    const view = this.view;
    const { top } = this.state;
    // A form that was changed shows what it was until there is an answer to what it is.
    const filledIn = !isList(view) && view.form && place.view === view.name;
    const next = filledIn ? { ...top, place: { ...place } } : placeState({ ...place }, change);
    const stack = [...(filledIn ? before.slice(0, -1) : before), next].slice(-STACK_MAX);
    this.state.set({ stack, overlay: undefined, message: undefined });
    void this.load();
  }

  /** One step back: out of what lies over the view, then the marks, then the filter, then the view. */
  back(): void {
    const { overlay } = this.state.snapshot();
    const { place, marks, filter } = this.state.top;
    if (overlay) this.state.set({ overlay: undefined });
    else if (marks.size > 0) this.state.change(place, { marks: new Set() });
    else if (filter) this.state.change(place, { filter: '', selected: undefined });
    else this.leave();
  }

  /** Out of the view, whatever is marked in it. */
  leave(): void {
    const { stack } = this.state.snapshot();
    if (stack.length <= 1) return;
    this.state.set({ stack: stack.slice(0, -1), message: undefined });
    void this.load();
  }

  enter(): void {
    const view = this.view;
    const place = isList(view) ? this.selectedRow()?.open : this.selectedLine()?.place;
    if (place) this.go(place);
  }

  move(steps: number): void {
    const view = this.view;
    const { place, selected, top } = this.state.top;
    const ids = isList(view)
      ? shownRows(view, this.state.top, this.look).map((row) => view.id(row))
      : this.#lines().map((_, line) => String(line));
    if (ids.length === 0) return;
    const found = selected === undefined ? -1 : ids.indexOf(selected);
    // A list begins on its first row; of a page no line is selected until one moves.
    const from = isList(view) ? Math.max(0, found) : found;
    const at = Math.min(ids.length - 1, Math.max(0, from + steps));
    const room = this.bodyLook.rows - (isList(view) ? 1 : 0);
    this.state.change(place, { selected: ids[at]!, top: scrolledTo(at, top, room, ids.length) });
  }

  mark(): void {
    const view = this.view;
    if (!isList(view) && view.form) this.enter();
    const row = this.selectedRow();
    if (!isList(view) || !row) return;
    const { place, marks } = this.state.top;
    const next = new Set(marks);
    if (!next.delete(row.id)) next.add(row.id);
    this.state.change(place, { marks: next });
    this.move(1);
  }

  sort(): void {
    const view = this.view;
    if (!isList(view)) return;
    const { place, sort } = this.state.top;
    const next = nextSort(view.columns(this.look), sort);
    this.state.change(place, { sort: next });
    this.say(next ? `by ${next.column}, ${next.descending ? 'most first' : 'least first'}` : 'in their own order');
  }

  pause(): void {
    const { paused } = this.state.snapshot();
    this.state.set({ paused: !paused, held: 0 });
    if (paused) void this.load();
  }

  // What one types.

  ask(prompt: Pick<Prompt, 'purpose' | 'label' | 'enter'>, text = ''): void {
    const enter = (typed: string) => {
      this.state.set({ overlay: undefined });
      this.#history[prompt.purpose].add(typed);
      prompt.enter(typed);
    };
    this.state.set({ overlay: { kind: 'prompt', ...prompt, enter, text, historyAt: undefined } });
  }

  show(overlay: Overlay): void {
    this.state.set({ overlay });
  }

  /** Older for -1, newer for 1. */
  recall(steps: -1 | 1): void {
    const { overlay } = this.state.snapshot();
    if (overlay?.kind !== 'prompt') return;
    const found = this.#history[overlay.purpose].step(overlay.historyAt, steps);
    this.state.set({ overlay: { ...overlay, text: found.text, historyAt: found.at } });
  }

  // What is selected.

  /** The marked rows, else the selected one; of a page its data. */
  concerned(): readonly unknown[] {
    const view = this.view;
    const { marks, data } = this.state.top;
    if (!isList(view)) return data === undefined ? [] : [data];
    if (marks.size === 0) return this.selectedRow() ? [this.selectedRow()!.row] : [];
    return ((data as readonly unknown[] | undefined) ?? []).filter((row) => marks.has(view.id(row)));
  }

  /** Of a list: the row under the cursor, else the first. */
  selectedRow(): { row: unknown; id: string; open: Place | undefined } | undefined {
    const view = this.view;
    if (!isList(view)) return undefined;
    const rows = shownRows(view, this.state.top, this.look);
    const row = rows.find((each) => view.id(each) === this.state.top.selected) ?? rows[0];
    return row === undefined ? undefined : { row, id: view.id(row), open: view.open?.(row) };
  }

  #lines(): readonly PageLine[] {
    const view = this.view;
    const { data, filter } = this.state.top;
    return isList(view) || data === undefined ? [] : shownLines(view.lines(data, this.bodyLook), filter);
  }

  /** Of a page: the line under the cursor. */
  selectedLine(): PageLine | undefined {
    const { selected } = this.state.top;
    return selected === undefined ? undefined : this.#lines()[Number(selected)];
  }

  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
  }
}
