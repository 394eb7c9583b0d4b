// One correlation rule at work: takes the matches of the rules it refers to and says when its condition holds.
import type { EventReference } from '@threatguard/proto';
import type { EventView } from './fields.ts';
import { type Group, type GroupLimits, GroupTable } from './groups.ts';
import { type CorrelationRule, DETECTION_EVENTS_MAX, entityOf } from './rule.ts';
import type { WindowEntry } from './sliding-window.ts';

/** Entities remembered per group for not firing again. */
const FIRED_ENTITIES_MAX = 64;

/** A rule matched the event in the view. */
export interface RuleMatch {
  references: readonly EventReference[];
  firstAtUs: number;
  weight: number;
  cumulative: boolean;
}

export interface Firing {
  /** What another correlation gets to see of it. */
  match: RuleMatch;
  /** Whether it is news: the first time, twice as much as last time, or a whole time span later. */
  news: boolean;
  count: number;
  seen: readonly string[];
  events: EventReference[];
  firstAtUs: number;
  lastAtUs: number;
}

export class EventCorrelation {
  readonly rule: CorrelationRule;
  readonly groups: GroupTable;

  constructor(rule: CorrelationRule, all: GroupTable[], limits?: GroupLimits) {
    this.rule = rule;
    this.groups = new GroupTable({ spanUs: rule.timespanUs, parts: rule.refers.length, all, limits });
  }

  /** The match of rule number `part`; what fires, if anything. Events without a field it groups by belong to no group. */
  observe(part: number, view: EventView, match: RuleMatch): Firing | undefined {
    const { rule } = this;
    const key = keyOf(rule.groupSlots[part]!, view);
    const value = rule.valueSlots.length > 0 ? keyOf(rule.valueSlots, view) : undefined;
    if (key === undefined || (rule.type === 'value_count' && value === undefined)) return undefined;
    const entry: WindowEntry = { atUs: view.atUs, part, value, ...match };
    const group = this.groups.add(key, entry);
    if (!group) return undefined;
    const progress = this.#progress(group, entry);
    const heldBefore = group.held;
    // An ordered sequence only completes with its last part; what comes between does not undo it.
    group.held = progress > 0;
    if (progress === 0) return undefined;

    const news = isNews(group, { entity: entityOf(rule, view), progress, atUs: entry.atUs, spanUs: rule.timespanUs });
    const { window } = group;
    const whole = news || !heldBefore;
    const events = whole ? window.references(DETECTION_EVENTS_MAX) : [...match.references];
    const firstAtUs = whole ? window.firstAtUs() : match.firstAtUs;
    const count = this.#count(group);
    return {
      match: { references: events, firstAtUs, weight: count, cumulative: true },
      news,
      count,
      seen: news ? [...window.values.keys()].map((each) => each.replaceAll('\0', ' ')) : [],
      events,
      firstAtUs,
      lastAtUs: window.newestUs,
    };
  }

  /** How much there is of what the rule looks for, 0 where its condition does not hold. */
  #progress(group: Group, entry: WindowEntry): number {
    const { type, holds } = this.rule;
    const { window } = group;
    switch (type) {
      case 'event_count':
        return holds(window.weight) ? window.weight : 0;
      case 'value_count':
        return holds(window.values.size) ? window.values.size : 0;
      case 'temporal':
        return holds(window.partCounts.filter((count) => count > 0).length) ? window.length : 0;
      case 'temporal_ordered':
        return completesOrder(group, entry) ? window.partCounts.at(-1)! : 0;
    }
  }

  /** What `{count}` says: of a sequence, how much its first part came to. */
  #count(group: Group): number {
    const { window } = group;
    if (this.rule.type === 'event_count') return window.weight;
    if (this.rule.type === 'value_count') return window.values.size;
    const first = window.entries().filter((entry) => entry.part === 0);
    const newest = first.at(-1);
    return newest?.cumulative ? newest.weight : first.reduce((sum, entry) => sum + entry.weight, 0);
  }
}

/** Whether the window holds every part in order. Only the last part, or an event out of its time, can bring that about. */
function completesOrder({ window }: Group, entry: WindowEntry): boolean {
  const parts = window.partCounts.length;
  const inTime = entry.atUs === window.newestUs;
  if ((inTime && entry.part !== parts - 1) || window.partCounts.some((count) => count === 0)) return false;
  let reached = 0;
  for (const each of window.entries()) {
    if (each.part === reached) reached++;
    if (reached === parts) return true;
  }
  return false;
}

function isNews(group: Group, now: { entity: string; progress: number; atUs: number; spanUs: number }): boolean {
  group.fired ??= new Map();
  const before = group.fired.get(now.entity);
  if (before && now.progress < before.progress * 2 && now.atUs - before.atUs < now.spanUs) return false;
  group.fired.delete(now.entity);
  group.fired.set(now.entity, { progress: now.progress, atUs: now.atUs });
  if (group.fired.size > FIRED_ENTITIES_MAX) group.fired.delete(group.fired.keys().next().value!);
  return true;
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
