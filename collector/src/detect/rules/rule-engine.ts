// Sigma rules over events as they come. Rules are held per event class; correlations hang below the rules they refer to.
import type { Detection, EventReference, HostEvent, StoredEvent } from '@threatguard/proto';
import type { EnrichedBatch } from '../../batch.ts';
import type { Detector } from '../detector.ts';
import { EventCorrelation, type RuleMatch } from './correlate-events.ts';
import { EventView } from './fields.ts';
import type { GroupLimits } from './groups.ts';
import { loadRules } from './load.ts';
import { buildDetection, type EventRule, type Rule } from './rule.ts';
import { formatProblem, type RuleProblem } from './rule-error.ts';

interface Feed {
  into: CorrelationRunner;
  part: number;
}

interface EventRunner {
  rule: EventRule;
  /** False for a building block: only the correlations that refer to it speak. */
  speaks: boolean;
  feeds: Feed[];
}

interface CorrelationRunner {
  correlation: EventCorrelation;
  speaks: boolean;
  feeds: Feed[];
  off: boolean;
}

/** The event being looked at: its name is only made when a rule matches. */
interface Origin {
  agentId: string;
  streamId: Uint8Array;
  sequence: number;
  index: number;
}

/**
 * Runs every rule of a directory. A rule that throws is switched off, named by `disabled`, and the others go on.
 * A correlation speaks when its condition first holds for a group, again whenever the count has doubled, and again when
 * a whole time span has passed; between those it is silent. All memory is bounded: see groups.ts.
 */
export class RuleEngine implements Detector {
  readonly rules: readonly Rule[];
  readonly #byClass: EventRunner[][] = [];
  readonly #correlations: CorrelationRunner[] = [];
  readonly #view = new EventView();
  readonly #disabled: string[];

  constructor(rules: readonly Rule[], options: { problems?: readonly RuleProblem[]; limits?: GroupLimits } = {}) {
    this.rules = rules;
    this.#disabled = (options.problems ?? []).map(formatProblem);
    const quiet = new Set(
      rules.flatMap((rule) => (rule.kind === 'correlation' && !rule.generate ? [...rule.refers] : [])),
    );
    const feedsOf = new Map<string, Feed[]>();
    for (const rule of rules) {
      const feeds: Feed[] = [];
      const speaks = !quiet.has(rule.id) && !quiet.has(rule.name);
      feedsOf.set(rule.id, feeds).set(rule.name, feeds);
      if (rule.kind === 'event') {
        for (const one of rule.classes) {
          this.#byClass[one] = [...(this.#byClass[one] ?? []), { rule, speaks, feeds }];
        }
        continue;
      }
      const runner = { correlation: new EventCorrelation(rule, options.limits), speaks, feeds, off: false };
      this.#correlations.push(runner);
      rule.refers.forEach((name, part) => {
        feedsOf.get(name)!.push({ into: runner, part });
      });
    }
  }

  /** Loads what can be loaded; the rest is in `problems`, and in `disabled()` of the engine. */
  static load(directory: string): { engine: RuleEngine; problems: RuleProblem[] } {
    const { rules, problems } = loadRules(directory);
    return {
      engine: new RuleEngine(
        rules.map(({ rule }) => rule),
        { problems },
      ),
      problems,
    };
  }

  inspect(batch: EnrichedBatch): Detection[] {
    const detections: Detection[] = [];
    const { agentId, agentName, receivedAtUs, events, eventTimesUs } = batch;
    const { streamId, sequence } = batch.header;
    for (let index = 0; index < events.length; index++) {
      const origin = { agentId, streamId, sequence, index };
      this.#look(events[index]!, { origin, agentName, atUs: Math.min(eventTimesUs[index]!, receivedAtUs) }, detections);
    }
    return detections;
  }

  /** Moves windows on over events that were inspected before: nothing is detected twice. Oldest first. */
  replay(events: readonly StoredEvent[]): void {
    const detectedBefore: Detection[] = [];
    for (const { event, reference, agentName = '', eventAtUs = 0, receivedAtUs = eventAtUs } of events) {
      const { agentId = '', streamId = new Uint8Array(), sequence = 0, index = 0 } = reference ?? {};
      const origin = { agentId, streamId, sequence, index };
      this.#look(event ?? {}, { origin, agentName, atUs: Math.min(eventAtUs, receivedAtUs) }, detectedBefore);
      detectedBefore.length = 0;
    }
  }

  disabled(): string[] {
    return [...this.#disabled];
  }

  /** The longest time span of any correlation: how far back a replay has to begin. */
  get windowUsMax(): number {
    return Math.max(0, ...this.#correlations.map(({ correlation }) => correlation.rule.timespanUs));
  }

  /** Groups given up for lack of room, and events that came after their window had passed. */
  counters(): { groupsEvicted: number; eventsLate: number } {
    const sum = (read: (one: CorrelationRunner) => number) =>
      this.#correlations.reduce((all, one) => all + read(one), 0);
    return {
      groupsEvicted: sum(({ correlation }) => correlation.groups.evicted),
      eventsLate: sum(({ correlation }) => correlation.groups.late),
    };
  }

  #look(event: HostEvent, where: { origin: Origin; agentName: string; atUs: number }, into: Detection[]): void {
    const runners = this.#byClass[event.class ?? 0];
    if (!runners) return;
    const view = this.#view;
    view.agentId = where.origin.agentId;
    view.agentName = where.agentName;
    // No window may be moved beyond the moment the event arrived, whatever the host's clock says.
    view.show(event, where.atUs);
    let match: RuleMatch | undefined;
    for (const runner of runners) {
      try {
        if (!runner.rule.matches(view)) continue;
        match ??= matchOf(where.origin, view);
        this.#matched(runner, match, into);
      } catch (error) {
        this.#disable(runner.rule, error);
        this.#byClass.forEach((list, one) => {
          this.#byClass[one] = list.filter((each) => each.rule !== runner.rule);
        });
      }
    }
  }

  #matched(runner: EventRunner, match: RuleMatch, into: Detection[]): void {
    const view = this.#view;
    if (runner.speaks) {
      const events = [...match.references];
      const span = { agentId: view.agentId, events, firstAtUs: view.atUs, lastAtUs: view.atUs };
      into.push(buildDetection(runner.rule, view, span));
    }
    for (const feed of runner.feeds) this.#feed(feed, match, into);
  }

  #feed({ into: runner, part }: Feed, match: RuleMatch, into: Detection[]): void {
    if (runner.off) return;
    const { correlation } = runner;
    const { rule } = correlation;
    try {
      const firing = correlation.observe(part, this.#view, match);
      if (!firing) return;
      if (firing.news && runner.speaks) {
        const facts = { count: firing.count, window: rule.timespanText, seen: firing.seen };
        into.push(
          buildDetection(rule, this.#view, { ...firing, agentId: rule.perAgent ? this.#view.agentId : '', facts }),
        );
      }
      for (const feed of runner.feeds) this.#feed(feed, firing.match, into);
    } catch (error) {
      runner.off = true;
      this.#disable(rule, error);
    }
  }

  #disable(rule: Rule, error: unknown): void {
    const waiting = this.rules.filter(
      (one) => one.kind === 'correlation' && (one.refers.includes(rule.id) || one.refers.includes(rule.name)),
    );
    const blind = waiting.length > 0 ? `; it no longer feeds: ${waiting.map((one) => one.title).join(', ')}` : '';
    this.#disabled.push(`${rule.id} (${rule.title}): failed while running: ${(error as Error).message}${blind}`);
  }
}

function matchOf(origin: Origin, view: EventView): RuleMatch {
  const reference: EventReference = { ...origin };
  return {
    references: [reference],
    firstAtUs: view.atUs,
    weight: view.event.authentication?.count || 1,
    cumulative: false,
  };
}
