// The half of the rules that looks at one event at a time and remembers nothing: any thread may do it for any agent. Of the rules
// of an event's class only those are asked whose texts are in it (text-index.ts): most events concern few rules.
import type { Detection, HostEvent } from '@threatguard/proto';
import { fieldName, fieldSlot } from './fields.ts';
import { HostEventView } from './host-event-view.ts';
import { type RequiredText, requiredTexts } from './required-texts.ts';
import { buildDetection, type EventRule } from './rule.ts';
import { TextIndex } from './text-index.ts';
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

/** The rules of one class of events; the index counts them as they stand here. */
interface ClassRules {
  runners: readonly Runner[];
  index: TextIndex;
}

export class EventMatcher {
  readonly #byClass: (ClassRules | undefined)[];
  /** Rules that threw, by index. */
  readonly #off = new Set<number>();
  readonly #view = new HostEventView();

  constructor(wired: readonly Wired[]) {
    const byClass: Runner[][] = [];
    wired.forEach(({ rule, ...rest }, index) => {
      if (rule.kind !== 'event' || rest.state === 'off') return;
      for (const one of rule.classes) {
        byClass[one] ??= [];
        byClass[one].push({ rule, index, ...rest });
      }
    });
    this.#byClass = Array.from(
      byClass,
      (runners) => runners && { runners, index: new TextIndex(runners.map(({ rule }) => requiredOfHost(rule))) },
    );
  }

  match(batch: MatchableBatch): Matches {
    const found: Matches = { detections: [], feeding: [], failures: [] };
    const { events, eventTimesUs, receivedAtUs } = batch;
    this.#view.agentId = batch.agentId;
    this.#view.agentName = batch.agentName;
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      const rules = this.#byClass[event.class ?? 0];
      if (!rules) continue;
      // No window may be moved beyond the moment the event arrived, whatever the host's clock says.
      this.#view.show(event, Math.min(eventTimesUs[index]!, receivedAtUs));
      this.#look(rules, { batch, index }, found);
    }
    return found;
  }

  #look(
    { runners, index: texts }: ClassRules,
    { batch, index }: { batch: BatchOrigin; index: number },
    found: Matches,
  ): void {
    const view = this.#view;
    let feeding: FeedingMatch | undefined;
    for (const at of texts.look(view)) {
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

/** Several names stand for one field, which is then searched once. */
function requiredOfHost(rule: EventRule): RequiredText[] | undefined {
  return requiredTexts(rule.matches)?.map(({ slot, text }) => ({ slot: fieldSlot(fieldName(slot)) ?? slot, text }));
}
