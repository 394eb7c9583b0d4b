import type { Alert, GetAlertResponse, StatusReport } from '@threatguard/proto';
import type { FeedWay } from '../services/alert-feed.ts';

// What the live view shows, as one immutable snapshot after the other. Alerts stand in the order they were raised,
// newest last, each id once with its newest revision.

/** Alerts kept on screen and above it; older ones are in `alerts list`. */
export const ALERTS_SHOWN_MAX = 500;
const NOTES_MAX = 20;

export interface LiveSnapshot {
  status: StatusReport | undefined;
  /** Why there is no fresh status; empty while there is. */
  trouble: string;
  way: FeedWay;
  alerts: readonly Alert[];
  notes: readonly string[];
  /** Id of the selected alert; the newest one while undefined. */
  selected: string | undefined;
  /** The alert that is open; undefined while the list is shown. */
  open: { alert: Alert; detail: GetAlertResponse | undefined; trouble: string; scroll: number } | undefined;
}

export class LiveModel {
  #snapshot: LiveSnapshot = {
    status: undefined,
    trouble: '',
    way: 'none',
    alerts: [],
    notes: [],
    selected: undefined,
    open: undefined,
  };
  readonly #listeners = new Set<() => void>();

  readonly snapshot = (): LiveSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  addAlert(alert: Alert): void {
    const { alerts } = this.#snapshot;
    const at = alerts.findIndex((each) => each.id === alert.id);
    const known = alerts[at];
    if (known && (known.revision ?? 0) >= (alert.revision ?? 0)) return;
    const next = known ? alerts.with(at, alert) : [...alerts, alert];
    if (!known) next.sort((a, b) => (a.raisedAtUs ?? 0) - (b.raisedAtUs ?? 0));
    this.#set({ alerts: next.slice(-ALERTS_SHOWN_MAX) });
  }

  setStatus(status: StatusReport): void {
    this.#set({ status, trouble: '' });
  }

  setTrouble(trouble: string): void {
    this.#set({ trouble });
  }

  setWay(way: FeedWay): void {
    this.#set({ way });
  }

  addNote(note: string): void {
    this.#set({ notes: [...this.#snapshot.notes, note].slice(-NOTES_MAX) });
  }

  /** Moves the selection by `steps`; past the newest it follows the newest again. */
  select(steps: number): void {
    const { alerts, selected } = this.#snapshot;
    const at = selected === undefined ? alerts.length - 1 : alerts.findIndex((alert) => alert.id === selected);
    const next = Math.max(0, (at < 0 ? alerts.length - 1 : at) + steps);
    this.#set({ selected: next >= alerts.length - 1 ? undefined : (alerts[next]?.id ?? undefined) });
  }

  selectedAlert(): Alert | undefined {
    const { alerts, selected } = this.#snapshot;
    return alerts.find((alert) => alert.id === selected) ?? alerts.at(-1);
  }

  openAlert(alert: Alert): void {
    this.#set({ open: { alert, detail: undefined, trouble: '', scroll: 0 } });
  }

  /** What came of asking for the open alert; ignored where another one, or none, is open by now. */
  setDetail(id: string, found: { detail?: GetAlertResponse; trouble?: string }): void {
    const { open } = this.#snapshot;
    if (open?.alert.id === id) this.#set({ open: { ...open, detail: found.detail, trouble: found.trouble ?? '' } });
  }

  scroll(lines: number): void {
    const { open } = this.#snapshot;
    if (open) this.#set({ open: { ...open, scroll: Math.max(0, open.scroll + lines) } });
  }

  closeAlert(): void {
    this.#set({ open: undefined });
  }

  #set(change: Partial<LiveSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
