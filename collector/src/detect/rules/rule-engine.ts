// Sigma rules over events as they come, in two halves: event-matcher.ts looks at single events, in whichever thread they
// are opened; the windows of the correlation rules, which see all agents, are here.
import type { Detection, EventReference, StoredEvent } from '@threatguard/proto';
import { EventCorrelation, type RuleMatch } from './correlate-events.ts';
import {
  type BatchOrigin,
  EventMatcher,
  type FeedingMatch,
  type MatchableBatch,
  type RuleFailure,
} from './event-matcher.ts';
import { type GroupLimits, GroupRoom } from './groups.ts';
import { HostEventView } from './host-event-view.ts';
import type { LoadedRules } from './link.ts';
import { buildDetection, type Rule } from './rule.ts';
import { formatProblem, type RuleProblem } from './rule-error.ts';
import { LATE_US_MAX } from './sliding-window.ts';
import { windowKeys } from './window-keys.ts';
import { type Feed, type RuleStates, type Wired, wireRules } from './wiring.ts';

/** Threads that have not heard of so many reloads yet are understood; what an even older set matched feeds nothing. */
const GENERATIONS_MAX = 8;

/**
 * Runs rules. A rule that throws is switched off, named by `disabled`, and the others go on.
 * A correlation speaks when its condition first holds for a group, again whenever the count has doubled, and again when
 * a whole time span has passed; between those it is silent. All memory is bounded: see groups.ts.
 */
export class RuleEngine {
  rules: readonly Rule[] = [];
  /** Counts reloads: the index of a rule means something within one generation. */
  generation = 0;
  #wired: readonly Wired[] = [];
  #matcher = new EventMatcher([]);
  /** By index of the rule. */
  #correlations = new Map<number, EventCorrelation>();
  readonly #view = new HostEventView();
  #problems: readonly string[] = [];
  /** Rules that failed, with why. */
  #off = new Map<number, string>();
  /** By generation, the newest last, what its rules mean by index: see window-keys.ts. */
  readonly #keys = new Map<number, readonly string[]>();
  readonly #room = new GroupRoom();
  readonly #limits: GroupLimits | undefined;

  constructor(rules: readonly Rule[], options: { problems?: readonly RuleProblem[]; limits?: GroupLimits } = {}) {
    this.#limits = options.limits;
    this.#use(rules, { problems: options.problems ?? [], states: new Map() });
  }

  /**
   * Runs other rules from the next event on. Correlations that mean the same as before keep their windows; what failed is
   * tried again. What a thread still matches with the rules before is taken by `translate`: so this comes first, and then the
   * threads are told.
   */
  reload({ loaded, states }: { loaded: LoadedRules; states: RuleStates }): { problems: RuleProblem[] } {
    const { rules, problems } = loaded;
    this.generation++;
    this.#use(
      rules.map(({ rule }) => rule),
      { problems, states },
    );
    return { problems };
  }

  /** Matches of a thread that did not have the rules of today yet, or the same where it had. */
  translate<Match extends { rules: number[] }>(matches: readonly Match[], generation: number): readonly Match[] {
    if (generation === this.generation) return matches;
    const then = this.#keys.get(generation) ?? [];
    const now = new Map(this.#keys.get(this.generation)!.map((key, index) => [key, index]));
    return matches.map((match) => ({
      ...match,
      rules: match.rules.flatMap((rule) => now.get(then[rule] ?? '') ?? []),
    }));
  }

  /** What failed while running, by id of the rule, with why. */
  failures(): ReadonlyMap<string, string> {
    return new Map(Array.from(this.#off, ([index, reason]) => [this.rules[index]!.id, reason]));
  }

  /** Both halves for one batch, in this thread. */
  inspect(batch: MatchableBatch): Detection[] {
    const { detections, feeding, failures } = this.#matcher.match(batch);
    this.switchOff(failures);
    return [...detections, ...this.correlate(batch, feeding)];
  }

  /** What correlations find in the matches of a batch; batches of one agent in their order. */
  correlate({ agentId, agentName, header }: BatchOrigin, matches: readonly FeedingMatch[]): Detection[] {
    const detections: Detection[] = [];
    const view = this.#view;
    view.agentId = agentId;
    view.agentName = agentName;
    const { streamId, sequence } = header;
    for (const { index, atUs, event, rules } of matches) {
      view.show(event, atUs);
      const reference: EventReference = { agentId, streamId, sequence, index };
      const weight = event.authentication?.count || 1;
      const match = { references: [reference], atUs, firstAtUs: atUs, weight, total: weight, cumulative: false };
      for (const rule of rules) this.#feed(rule, match, detections);
    }
    return detections;
  }

  /** Moves windows on over events that were inspected before: nothing is detected twice. Oldest first. */
  replay(events: readonly StoredEvent[]): void {
    for (const { event, reference, agentName = '', eventAtUs = 0, receivedAtUs = eventAtUs } of events) {
      const { agentId = '', streamId = new Uint8Array(), sequence = 0, index = 0 } = reference ?? {};
      const origin = { agentId, agentName, header: { streamId, sequence } };
      const eventTimesUs = Float64Array.of(eventAtUs);
      const { feeding, failures } = this.#matcher.match({
        ...origin,
        receivedAtUs,
        events: [event ?? {}],
        eventTimesUs,
      });
      this.switchOff(failures);
      for (const match of feeding) this.correlate(origin, [{ ...match, index }]);
    }
  }

  /** Windows begin anew, as if it had seen nothing; rules that failed stay off. */
  forget(): void {
    for (const { groups } of this.#correlations.values()) groups.clear();
  }

  /** Rules that failed in another thread are off here too, and named. */
  switchOff(failures: readonly RuleFailure[]): void {
    for (const { rule, reason } of failures) if (!this.#off.has(rule)) this.#off.set(rule, reason);
  }

  /** What is off, and why, one line each. */
  disabled(): string[] {
    return [...this.#problems, ...Array.from(this.#off, ([index, reason]) => this.#describeOff(index, reason))];
  }

  /** The longest time span of any correlation, and what late events may need: how far back a replay has to begin. */
  get windowUsMax(): number {
    return Math.max(0, ...Array.from(this.#correlations.values(), ({ rule }) => rule.timespanUs + LATE_US_MAX));
  }

  /** Groups given up for lack of room, and events that came after their window had passed. */
  counters(): { groupsEvicted: number; eventsLate: number } {
    const all = [...this.#correlations.values()];
    return {
      groupsEvicted: all.reduce((sum, { groups }) => sum + groups.evicted, 0),
      eventsLate: all.reduce((sum, { groups }) => sum + groups.late, 0),
    };
  }

  /** That for people: what was given up for lack of room. */
  notices(): string[] {
    const { groupsEvicted } = this.counters();
    if (groupsEvicted === 0) return [];
    return [
      `${groupsEvicted} groups of correlations were forgotten for lack of room while active: their count begins anew`,
    ];
  }

  #use(rules: readonly Rule[], { problems, states }: { problems: readonly RuleProblem[]; states: RuleStates }): void {
    const before = new Map((this.#keys.get(this.generation - 1) ?? []).map((key, index) => [key, index]));
    const keys = windowKeys(rules);
    const correlations = new Map<number, EventCorrelation>();
    rules.forEach((rule, index) => {
      if (rule.kind !== 'correlation') return;
      const former = before.get(keys[index]!);
      const kept = former === undefined ? undefined : this.#correlations.get(former);
      if (kept) kept.rule = rule;
      correlations.set(index, kept ?? new EventCorrelation(rule, this.#room, this.#limits));
    });
    const kept = new Set(correlations.values());
    for (const correlation of this.#correlations.values()) if (!kept.has(correlation)) correlation.groups.leave();
    this.rules = rules;
    this.#wired = wireRules(rules, states);
    this.#matcher = new EventMatcher(this.#wired);
    this.#correlations = correlations;
    this.#off = new Map();
    this.#problems = problems.map(formatProblem);
    this.#keys.set(this.generation, keys);
    this.#keys.delete(this.generation - GENERATIONS_MAX);
  }

  #feed(rule: number, match: RuleMatch, into: Detection[]): void {
    for (const feed of this.#wired[rule]!.feeds) this.#observe(feed, match, into);
  }

  #observe({ into: index, part }: Feed, match: RuleMatch, into: Detection[]): void {
    if (this.#off.has(index) || this.#wired[index]!.state === 'off') return;
    const correlation = this.#correlations.get(index)!;
    const { rule } = correlation;
    const view = this.#view;
    try {
      const firing = correlation.observe(part, view, match);
      if (!firing) return;
      if (firing.news && this.#wired[index]!.speaks) {
        const facts = { count: firing.count, window: rule.timespanText, seen: firing.seen };
        const span = { ...firing, agentId: rule.perAgent ? view.agentId : '', facts };
        const detection = buildDetection(correlation.about(part), view, span);
        if (this.#wired[index]!.state === 'simulated') detection.simulated = true;
        into.push(detection);
      }
      this.#feed(index, firing.match, into);
    } catch (error) {
      this.switchOff([{ rule: index, reason: (error as Error).message }]);
    }
  }

  #describeOff(index: number, reason: string): string {
    const { id, title } = this.rules[index]!;
    const blind = this.#wired[index]!.feeds.map(({ into }) => this.rules[into]!.title);
    const waiting = blind.length > 0 ? `; it no longer feeds: ${blind.join(', ')}` : '';
    return `${id} (${title}): failed while running: ${reason}${waiting}`;
  }
}
