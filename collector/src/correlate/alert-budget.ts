// How many alerts a day are shown. Beyond it the lowest are withheld: kept, counted, grown and weighed like the others, but
// listed apart. Of two the lower one is of lower severity, then of lower risk, then the younger one; so what an analyst sees
// of a day are always the highest of it. Critical alerts, and what the collector says of agents, are neither counted nor
// withheld.
//
// Form: #today has the alerts raised this day (UTC, by the collector's clock: what is rationed is the analysts' day), at most
// `alertsMax`; #shown those of them that are not withheld, lowest first. Without a budget nothing is withheld and #shown is
// not kept.
// Invariant: with a budget, #shown holds at most `perDay`, and nothing in #today that is withheld is higher than any of it.
import { type Alert, Severity } from '@threatguard/proto';
import { isHealthRule } from '../detect/health.ts';
import type { PileMove } from '../store/commit-group.ts';

const DAY_US = 86_400_000_000;
/** Alerts of a day that are ranked, some 100 bytes each. With a budget, those beyond are withheld. */
const DAY_ALERTS_MAX = 50_000;
export const BUDGET_MAX = 10_000;

interface Ranked {
  id: string;
  severity: number;
  risk: number;
  raisedAtUs: number;
  withheld: boolean;
}

export class AlertBudget {
  #perDay: number;
  #dayUs = 0;
  readonly #alertsMax: number;
  #today = new Map<string, Ranked>();
  #shown: Ranked[] = [];
  /** Withheld the day before: they may still grow. */
  #before = new Set<string>();

  /** 0 shows all. */
  constructor(perDay = 0, options: { alertsMax?: number } = {}) {
    this.#perDay = perDay;
    this.#alertsMax = options.alertsMax ?? DAY_ALERTS_MAX;
  }

  get perDay(): number {
    return this.#perDay;
  }

  /** Of the day a time is in. */
  report(nowUs: number): { dayUs: number; shown: number; withheld: number } {
    this.#begin(nowUs);
    const withheld = [...this.#today.values()].filter((each) => each.withheld).length;
    return { dayUs: this.#dayUs, shown: this.#today.size - withheld, withheld };
  }

  /** Decides about alerts that were raised or grew, and sets their `withheld`. Others may give way to them. */
  place(alerts: readonly Alert[], nowUs: number): PileMove[] {
    this.#begin(nowUs);
    const moves = new Map<string, PileMove>();
    const move = (alertId: string, withheld: boolean) => moves.set(alertId, { alertId, withheld, atUs: nowUs });
    for (const alert of alerts) this.#placeOne(alert, move);
    for (const alert of alerts) {
      const id = alert.id ?? '';
      const before = moves.get(id)?.withheld ?? (alert.withheld || this.#before.has(id));
      alert.withheld = !isExempt(alert) && (this.#today.get(id)?.withheld ?? before);
    }
    return [...moves.values()];
  }

  /** Another budget, from this day on: what fits of the day is shown, the highest first. */
  setPerDay(perDay: number, nowUs: number): PileMove[] {
    this.#begin(nowUs);
    this.#perDay = perDay;
    const highestFirst = [...this.#today.values()].sort((a, b) => compareRanks(b, a));
    const moves: PileMove[] = [];
    for (const [index, ranked] of highestFirst.entries()) {
      const withheld = perDay > 0 && index >= perDay;
      if (withheld !== ranked.withheld) moves.push({ alertId: ranked.id, withheld, atUs: nowUs });
      ranked.withheld = withheld;
    }
    this.#shown = perDay > 0 ? highestFirst.slice(0, perDay).reverse() : [];
    return moves;
  }

  /** Continues a day as the store has it. What the store shows beyond the budget is withheld when `setPerDay` is called. */
  restore(alerts: readonly Alert[], nowUs: number): void {
    this.#begin(nowUs);
    for (const alert of alerts) {
      const raisedAtUs = alert.raisedAtUs ?? 0;
      if (raisedAtUs < this.#dayUs || isExempt(alert) || this.#today.size >= this.#alertsMax) continue;
      this.#today.set(alert.id ?? '', { ...rankOf(alert), withheld: alert.withheld ?? false });
    }
    this.#shown = [...this.#today.values()].filter(({ withheld }) => !withheld).sort(compareRanks);
  }

  #placeOne(alert: Alert, move: (alertId: string, withheld: boolean) => void): void {
    const id = alert.id ?? '';
    const known = this.#today.get(id);
    if (isExempt(alert)) {
      this.#forget(id);
      if (known ? known.withheld : alert.withheld || this.#before.delete(id)) move(id, false);
      else if (known) this.#fill(move);
      return;
    }
    if ((alert.raisedAtUs ?? 0) < this.#dayUs) return;
    if (!known && this.#today.size >= this.#alertsMax) {
      if (this.#perDay > 0) move(id, true);
      return;
    }
    this.#forget(id);
    const { risk, ...rest } = rankOf(alert);
    // A risk decays; what was shown for it stays.
    const ranked = { ...rest, risk: Math.max(risk, known?.risk ?? 0), withheld: false };
    this.#today.set(id, ranked);
    if (this.#perDay === 0) return;
    this.#show(ranked);
    const lowest = this.#shown.length > this.#perDay ? this.#shown.shift() : undefined;
    if (lowest) lowest.withheld = true;
    if (lowest && lowest !== ranked) move(lowest.id, true);
    if (ranked.withheld !== (known?.withheld ?? false)) move(id, ranked.withheld);
  }

  /** A place became free: the highest that is withheld takes it. */
  #fill(move: (alertId: string, withheld: boolean) => void): void {
    if (this.#perDay === 0) return;
    const waiting = [...this.#today.values()].filter(({ withheld }) => withheld);
    const highest = waiting.reduce<Ranked | undefined>((a, b) => (a && compareRanks(a, b) > 0 ? a : b), undefined);
    if (!highest) return;
    highest.withheld = false;
    this.#show(highest);
    move(highest.id, false);
  }

  #show(ranked: Ranked): void {
    this.#shown.splice(this.#placeOf(ranked), 0, ranked);
  }

  #forget(id: string): void {
    const known = this.#today.get(id);
    if (!known) return;
    this.#today.delete(id);
    const place = this.#placeOf(known);
    if (this.#shown[place] === known) this.#shown.splice(place, 1);
  }

  /** Where in #shown it is, or belongs. */
  #placeOf(ranked: Ranked): number {
    let [low, high] = [0, this.#shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareRanks(this.#shown[middle]!, ranked) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A clock that is put back does not give a day a second budget. */
  #begin(nowUs: number): void {
    const dayUs = nowUs - (nowUs % DAY_US);
    if (dayUs <= this.#dayUs) return;
    this.#dayUs = dayUs;
    this.#before = new Set([...this.#today.values()].flatMap(({ id, withheld }) => (withheld ? [id] : [])));
    this.#today = new Map();
    this.#shown = [];
  }
}

function isExempt({ severity, ruleId }: Alert): boolean {
  return (severity ?? 0) >= Severity.CRITICAL || isHealthRule(ruleId ?? '');
}

function rankOf({ id, severity, risk, raisedAtUs }: Alert): Omit<Ranked, 'withheld'> {
  return { id: id ?? '', severity: severity ?? 0, risk: risk ?? 0, raisedAtUs: raisedAtUs ?? 0 };
}

/** Lowest first; no two are equal. */
function compareRanks(a: Ranked, b: Ranked): number {
  return (
    a.severity - b.severity ||
    a.risk - b.risk ||
    b.raisedAtUs - a.raisedAtUs ||
    (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
  );
}
