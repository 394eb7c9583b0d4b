// The half of the rules that looks at one event at a time and remembers nothing: any thread may do it for any agent.
import type { Detection, HostEvent } from '@threatguard/proto';
import { HostEventView } from './host-event-view.ts';
import { buildDetection, type EventRule } from './rule.ts';
import type { Wired } from './wiring.ts';

/** Where the events of a batch come from. */
export interface BatchOrigin {
  agentId: string;
  agentName: string;
  header: { streamId: Uint8Array; sequence: number };
}

/** What rules see of a batch. */
export interface MatchableBatch extends BatchOrigin {
  receivedAtUs: number;
  events: readonly HostEvent[];
  eventTimesUs: Float64Array;
}

/** An event that matched rules which correlations refer to. */
export interface FeedingMatch {
  /** Which event of the batch. */
  index: number;
  atUs: number;
  event: HostEvent;
  /** Indexes of the rules, in their order. */
  rules: number[];
}

/** A rule that threw, and why. */
export interface RuleFailure {
  rule: number;
  reason: string;
}

export interface Matches {
  detections: Detection[];
  feeding: FeedingMatch[];
  failures: RuleFailure[];
}

interface Runner extends Wired {
  rule: EventRule;
  index: number;
}

export class EventMatcher {
  /** The rules of each class of events. One that throws leaves them all. */
  #byClass: Runner[][] = [];
  readonly #view = new HostEventView();

  constructor(wired: readonly Wired[]) {
    wired.forEach(({ rule, ...rest }, index) => {
      if (rule.kind !== 'event') return;
      for (const one of rule.classes) this.#byClass[one] = [...(this.#byClass[one] ?? []), { rule, index, ...rest }];
    });
  }

  match(batch: MatchableBatch): Matches {
    const found: Matches = { detections: [], feeding: [], failures: [] };
    const { events, eventTimesUs, receivedAtUs } = batch;
    this.#view.agentId = batch.agentId;
    this.#view.agentName = batch.agentName;
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      const runners = this.#byClass[event.class ?? 0];
      if (!runners) continue;
      // No window may be moved beyond the moment the event arrived, whatever the host's clock says.
      this.#view.show(event, Math.min(eventTimesUs[index]!, receivedAtUs));
      this.#look(runners, { batch, index }, found);
    }
    return found;
  }

  #look(runners: readonly Runner[], { batch, index }: { batch: BatchOrigin; index: number }, found: Matches): void {
    const view = this.#view;
    let feeding: FeedingMatch | undefined;
    for (const runner of runners) {
      try {
        if (!runner.rule.matches(view)) continue;
        if (runner.speaks) {
          const { streamId, sequence } = batch.header;
          const events = [{ agentId: batch.agentId, streamId, sequence, index }];
          const span = { agentId: batch.agentId, events, firstAtUs: view.atUs, lastAtUs: view.atUs };
          found.detections.push(buildDetection(runner.rule, view, span));
        }
      } catch (error) {
        found.failures.push({ rule: runner.index, reason: (error as Error).message });
        this.#byClass = this.#byClass.map((list) => list.filter(({ rule }) => rule !== runner.rule));
        continue;
      }
      if (runner.feeds.length === 0) continue;
      if (!feeding) {
        feeding = { index, atUs: view.atUs, event: view.event, rules: [] };
        found.feeding.push(feeding);
      }
      feeding.rules.push(runner.index);
    }
  }
}
