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
import { compileRules, type RuleFile, readRuleFiles } from './load.ts';
import { buildDetection, type Rule } from './rule.ts';
import { formatProblem, type RuleProblem } from './rule-error.ts';
import { LATE_US_MAX } from './sliding-window.ts';
import { type Feed, type Wired, wireRules } from './wiring.ts';

/**
 * Runs every rule of a directory. A rule that throws is switched off, named by `disabled`, and the others go on.
 * A correlation speaks when its condition first holds for a group, again whenever the count has doubled, and again when
 * a whole time span has passed; between those it is silent. All memory is bounded: see groups.ts.
 */
export class RuleEngine {
  readonly rules: readonly Rule[];
  readonly #wired: readonly Wired[];
  readonly #matcher: EventMatcher;
  /** By index of the rule. */
  readonly #correlations = new Map<number, EventCorrelation>();
  readonly #view = new HostEventView();
  readonly #problems: readonly string[];
  /** Rules that are off, with why. */
  readonly #off = new Map<number, string>();

  constructor(rules: readonly Rule[], options: { problems?: readonly RuleProblem[]; limits?: GroupLimits } = {}) {
    this.rules = rules;
    this.#problems = (options.problems ?? []).map(formatProblem);
    this.#wired = wireRules(rules);
    this.#matcher = new EventMatcher(this.#wired);
    const room = new GroupRoom();
    rules.forEach((rule, index) => {
      if (rule.kind === 'correlation') this.#correlations.set(index, new EventCorrelation(rule, room, options.limits));
    });
  }

  /** Loads what can be loaded; the rest is in `problems`, and in `disabled()` of the engine. */
  static load(directory: string): { engine: RuleEngine; files: RuleFile[]; problems: RuleProblem[] } {
    const files = readRuleFiles(directory);
    const { rules, problems } = compileRules(files);
    return {
      engine: new RuleEngine(
        rules.map(({ rule }) => rule),
        { problems },
      ),
      files,
      problems,
    };
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

  #feed(rule: number, match: RuleMatch, into: Detection[]): void {
    for (const feed of this.#wired[rule]!.feeds) this.#observe(feed, match, into);
  }

  #observe({ into: index, part }: Feed, match: RuleMatch, into: Detection[]): void {
    if (this.#off.has(index)) return;
    const correlation = this.#correlations.get(index)!;
    const { rule } = correlation;
    const view = this.#view;
    try {
      const firing = correlation.observe(part, view, match);
      if (!firing) return;
      if (firing.news && this.#wired[index]!.speaks) {
        const facts = { count: firing.count, window: rule.timespanText, seen: firing.seen };
        into.push(buildDetection(rule, view, { ...firing, agentId: rule.perAgent ? view.agentId : '', facts }));
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
