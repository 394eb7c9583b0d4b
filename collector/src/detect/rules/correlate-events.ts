// One correlation rule at work: takes the matches of the rules it refers to and says when its condition holds.
import type { EventReference } from '@threatguard/proto';
import type { EventView } from './fields.ts';
import { type Group, type GroupLimits, type GroupRoom, GroupTable } from './groups.ts';
import { MEASURES } from './measure.ts';
import { isNews } from './news.ts';
import { readNumber } from './numbers.ts';
import { type CorrelationRule, DETECTION_EVENTS_MAX, entityOf } from './rule.ts';
import type { WindowSpan } from './sliding-window.ts';
import type { WindowEntry } from './window-totals.ts';

/** A rule matched the event in the view. */
export interface RuleMatch {
  references: readonly EventReference[];
  /** When it matched: of a correlation, the end of its window. */
  atUs: number;
  firstAtUs: number;
  /** Facts it stands for; of a correlation 1 where it is news and 0 where it goes on to hold. */
  weight: number;
  /** Facts behind it. */
  total: number;
  cumulative: boolean;
}

export interface Firing {
  /** What another correlation gets to see of it. */
  match: RuleMatch;
  /** Whether it is news: the first time, twice as much as last time, or a whole time span away. */
  news: boolean;
  count: number;
  seen: readonly string[];
  events: EventReference[];
  firstAtUs: number;
  lastAtUs: number;
}

interface Held {
  progress: number;
  span: WindowSpan;
  count: number;
}

export class EventCorrelation {
  /** Another that looks for the same may take its place: its words are changed, its windows stay. */
  rule: CorrelationRule;
  readonly groups: GroupTable;

  constructor(rule: CorrelationRule, room: GroupRoom, limits?: GroupLimits) {
    this.rule = rule;
    this.groups = new GroupTable({ spanUs: rule.timespanUs, parts: rule.refers.length, room, limits });
  }

  /**
   * The match of rule number `part`; what fires, if anything. The condition is asked of every window that ends with an entry
   * and has this one: of a late event these are several. Events without a field it groups by or is about belong to no group.
   */
  observe(part: number, view: EventView, match: RuleMatch): Firing | undefined {
    const { rule } = this;
    const key = keyOf(rule.groupSlots[part]!, view);
    const entry = key === undefined ? undefined : this.#entry(part, view, match);
    if (!entry) return undefined;
    const placed = this.groups.add(key!, entry);
    if (!placed) return undefined;
    const { group, at } = placed;
    const heldBefore = group.held;
    const held = this.#held(group, at);
    group.held = held !== undefined;
    if (!held) return undefined;

    const { span, progress, count } = held;
    const { window } = group;
    const atUs = span.last.atUs;
    group.fired ??= new Map();
    const news = isNews(group.fired, {
      // Of what goes by several names the group says it all.
      entity: rule.aliasedEntity ? '' : entityOf(rule, view),
      progress,
      atUs,
      spanUs: rule.timespanUs,
    });
    const whole = news || !heldBefore;
    const events = whole ? window.references(span, DETECTION_EVENTS_MAX) : [...match.references];
    const firstAtUs = whole ? window.firstAtUs(span) : match.firstAtUs;
    return {
      match: { references: events, atUs, firstAtUs, weight: news ? 1 : 0, total: count, cumulative: true },
      news,
      count,
      seen: news ? seenIn(window.entries(span)) : [],
      events,
      firstAtUs,
      lastAtUs: atUs,
    };
  }

  /** The rule as one whose event of this part is looked at: what it is about goes by the names that part gives it. */
  about(part: number): CorrelationRule {
    const { rule } = this;
    return rule.aliasedEntity ? { ...rule, entitySlots: rule.groupSlots[part]! } : rule;
  }

  #entry(part: number, view: EventView, match: RuleMatch): WindowEntry | undefined {
    const { type, valueSlots } = this.rule;
    const slots = valueSlots[part]!;
    const value = slots.length > 0 ? keyOf(slots, view) : undefined;
    if (slots.length > 0 && value === undefined) return undefined;
    const metric = type === 'value_sum' || type === 'value_avg';
    const number = metric || type === 'value_percentile' ? readNumber(view.raw(slots[0]!)) : undefined;
    if (metric && number === undefined) return undefined;
    // What only goes on to hold is no further fact to count.
    if (match.weight === 0 && (metric || type === 'event_count' || type === 'value_percentile')) return undefined;
    return {
      atUs: match.atUs,
      part,
      weight: match.weight,
      total: match.total,
      cumulative: match.cumulative,
      value: metric ? undefined : value,
      number,
      references: match.references,
      firstAtUs: match.firstAtUs,
    };
  }

  /** The window that comes to most. What is needed of its totals is read at once: they move on with the windows. */
  #held(group: Group, at: number): Held | undefined {
    const { window } = group;
    const newest = window.newestWith(at);
    if (newest) return this.#ask(group, newest, Number.NEGATIVE_INFINITY);
    let best: Held | undefined;
    for (const span of window.windowsWith(at)) {
      best = this.#ask(group, span, best?.progress ?? Number.NEGATIVE_INFINITY) ?? best;
    }
    return best;
  }

  /** Whether the condition holds for a window, and that comes to more than what was found. */
  #ask(group: Group, span: WindowSpan, progressMin: number): Held | undefined {
    const { rule } = this;
    // A whole sequence is complete with its last rule only; what comes after it does not complete it again.
    if (rule.endsWithLast && (span.last.part !== rule.refers.length - 1 || span.totals.partCounts.includes(0)))
      return undefined;
    const measure = MEASURES[rule.type](group.window, span);
    if (measure === undefined || !rule.holds(measure)) return undefined;
    const progress = this.#progress(measure, span);
    return progress > progressMin ? { progress, count: this.#count(group, span, measure), span } : undefined;
  }

  /** What has to double for the rule to speak again. */
  #progress(measure: number, { totals }: WindowSpan): number {
    const { type, grows } = this.rule;
    if (type === 'temporal') return totals.partCounts.reduce((sum, count) => sum + count, 0);
    if (type === 'temporal_ordered') return Math.max(1, totals.partCounts.at(-1)!);
    return grows ? measure : 1;
  }

  /** What `{count}` says: of rules that come together, how much the first came to. */
  #count({ window }: Group, span: WindowSpan, measure: number): number {
    if (this.rule.type !== 'temporal' && this.rule.type !== 'temporal_ordered') return measure;
    const first = window.entries(span).filter((entry) => entry.part === 0);
    const newest = first.at(-1);
    return newest?.cumulative ? newest.total : first.reduce((sum, entry) => sum + entry.total, 0);
  }
}

/** The values a count or percentile is about, each once. */
function seenIn(entries: readonly WindowEntry[]): string[] {
  const values = new Set(entries.map(({ value }) => value));
  return [...values].filter((value) => value !== undefined).map((value) => value.replaceAll('\0', ' '));
}

function keyOf(slots: readonly number[], view: EventView): string | undefined {
  if (slots.length === 1) return view.text(slots[0]!);
  let key = '';
  for (const slot of slots) {
    const text = view.text(slot);
    if (text === undefined) return undefined;
    key += `${text}\0`;
  }
  return key;
}
