// The half of the rules that looks at one event at a time and remembers nothing: any thread may do it for any agent. Of the rules
// about events of its kind only those are asked whose texts are in it (source-index.ts): most events concern few rules.
import type { Detection, HostEvent } from '@threatguard/proto';
import { HostEventView } from './host-event-view.ts';
import { buildDetection, type EventRule } from './rule.ts';
import { type KindRules, SourceIndex } from './source-index.ts';
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
  readonly #index: SourceIndex<Runner>;
  /** Rules that threw, by index. */
  readonly #off = new Set<number>();
  readonly #view = new HostEventView();

  constructor(wired: readonly Wired[]) {
    this.#index = new SourceIndex(
      wired.flatMap(({ rule, ...rest }, index) =>
        rule.kind === 'event' && rest.state !== 'off' ? [{ rule, index, ...rest }] : [],
      ),
    );
  }

  match(batch: MatchableBatch): Matches {
    const found: Matches = { detections: [], feeding: [], failures: [] };
    const { events, eventTimesUs, receivedAtUs } = batch;
    this.#view.agentId = batch.agentId;
    this.#view.agentName = batch.agentName;
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      const rules = this.#index.of(event);
      if (!rules) continue;
      // No window may be moved beyond the moment the event arrived, whatever the host's clock says.
      this.#view.show(event, Math.min(eventTimesUs[index]!, receivedAtUs));
      const candidates = rules.index.look(this.#view);
      if (candidates.length > 0) this.#ask(rules, candidates, { batch, index }, found);
    }
    return found;
  }

  #ask(
    { runners }: KindRules<Runner>,
    candidates: readonly number[],
    { batch, index }: { batch: BatchOrigin; index: number },
    found: Matches,
  ): void {
    const view = this.#view;
    let feeding: FeedingMatch | undefined;
    for (const at of candidates) {
      const runner = runners[at]!;
      if (this.#off.has(runner.index)) continue;
      try {
        if (!runner.rule.matches(view)) continue;
        if (runner.speaks) {
          const { streamId, sequence } = batch.header;
          const events = [{ agentId: batch.agentId, streamId, sequence, index }];
          const span = { agentId: batch.agentId, events, firstAtUs: view.atUs, lastAtUs: view.atUs };
          const detection = buildDetection(runner.rule, view, span);
          if (runner.state === 'simulated') detection.simulated = true;
          found.detections.push(detection);
        }
      } catch (error) {
        found.failures.push({ rule: runner.index, reason: (error as Error).message });
        this.#off.add(runner.index);
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
