// Rules over events that were never ours: one at a time, in the order they come, nothing kept but what correlations remember.
import { EventCorrelation, type RuleMatch } from './correlate-events.ts';
import { slotOf, writtenName } from './fields.ts';
import { type FlatEvent, FlatEventView } from './flat-event-view.ts';
import { GroupRoom } from './groups.ts';
import { requirementsOf } from './required-texts.ts';
import type { Rule } from './rule.ts';
import { type PlacedText, TextIndex } from './text-index.ts';
import { type Feed, type Wired, wireRules } from './wiring.ts';

/** A rule failed while it ran, and is off from there on. */
export interface RuleFault {
  rule: Rule;
  reason: string;
}

export class RuleTest {
  readonly faults: RuleFault[] = [];
  readonly #wired: readonly Wired[];
  readonly #index: TextIndex<FlatEventView>;
  readonly #correlations = new Map<number, EventCorrelation>();
  readonly #off = new Set<number>();
  readonly #view = new FlatEventView();

  /** Rules as `linkRules` left them. */
  constructor(rules: readonly Rule[]) {
    this.#wired = wireRules(rules);
    this.#index = new TextIndex(rules.map(placedTexts), (name) => {
      const slot = slotOf(name);
      return { read: (view) => view.raw(slot) };
    });
    const room = new GroupRoom();
    rules.forEach((rule, index) => {
      if (rule.kind === 'correlation') this.#correlations.set(index, new EventCorrelation(rule, room));
    });
  }

  /** The rules that speak at this event, those over single events first. Building blocks of correlations do not speak. */
  look(event: FlatEvent, atUs: number): Rule[] {
    const found: Rule[] = [];
    const correlated: Rule[] = [];
    this.#view.show(event, atUs);
    for (const index of this.#index.look(this.#view)) {
      const { rule, speaks, feeds } = this.#wired[index]!;
      if (rule.kind !== 'event' || this.#off.has(index)) continue;
      try {
        if (!rule.matches(this.#view)) continue;
      } catch (error) {
        this.#switchOff(index, error);
        continue;
      }
      if (speaks) found.push(rule);
      const match: RuleMatch = { references: [], atUs, firstAtUs: atUs, weight: 1, total: 1, cumulative: false };
      for (const feed of feeds) this.#observe(feed, match, correlated);
    }
    return [...found, ...correlated];
  }

  #observe({ into, part }: Feed, match: RuleMatch, found: Rule[]): void {
    if (this.#off.has(into)) return;
    const { rule, speaks, feeds } = this.#wired[into]!;
    try {
      const firing = this.#correlations.get(into)!.observe(part, this.#view, match);
      if (!firing) return;
      if (firing.news && speaks) found.push(rule);
      for (const feed of feeds) this.#observe(feed, firing.match, found);
    } catch (error) {
      this.#switchOff(into, error);
    }
  }

  #switchOff(index: number, error: unknown): void {
    this.#off.add(index);
    this.faults.push({ rule: this.#wired[index]!.rule, reason: (error as Error).message });
  }
}

/** A field of flat events has the name that the rule writes. */
function placedTexts(rule: Rule): PlacedText[][][] {
  if (rule.kind !== 'event') return [];
  return requirementsOf(rule.matches).map((groups) =>
    groups.map((texts) => texts.map(({ slot, text, start, end }) => ({ name: writtenName(slot), text, start, end }))),
  );
}
