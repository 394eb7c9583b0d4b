// Events somebody sends with a question: they pass the stages an agent's events pass, and nothing remembers them. Matcher and
// windows are not those of the agents: whatever is sent, it cannot switch a rule off for them nor be counted with theirs.
import type { Detection, HostEvent } from '@threatguard/proto';
import { EventMatcher } from '../detect/rules/event-matcher.ts';
import type { Rule } from '../detect/rules/rule.ts';
import { RuleEngine } from '../detect/rules/rule-engine.ts';
import { wireRules } from '../detect/rules/wiring.ts';
import { checkLimits } from '../enrich/check-limits.ts';
import { enrichBatch } from '../enrich/enrich-batch.ts';

export interface Trial {
  events: readonly HostEvent[];
  /** The host they are said to come from. */
  agentName: string;
  receivedAtUs: number;
}

export interface TrialResult {
  /** References name events by their index alone. */
  detections: Detection[];
  /** Rules that threw. */
  failed: number;
}

/** No agent has it: ids of agents are random. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export class Trials {
  readonly #rules: readonly Rule[];
  #matcher: EventMatcher | undefined;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /** Throws RefusalError `field_too_long` or `time_out_of_range`. */
  run({ events, agentName, receivedAtUs }: Trial): TrialResult {
    checkLimits(events);
    const header = { streamId: new Uint8Array(), sequence: 0 };
    const batch = enrichBatch({ agentId: NOBODY, agentName, header, events, receivedAtUs, clockOffsetUs: 0 });
    this.#matcher ??= new EventMatcher(wireRules(this.#rules));
    const { detections, feeding, failures } = this.#matcher.match(batch);
    // A rule that threw is off in that matcher: the next question finds all of them on.
    if (failures.length > 0) this.#matcher = undefined;
    const correlated = feeding.length > 0 ? new RuleEngine(this.#rules).correlate(batch, feeding) : [];
    return { detections: [...detections, ...correlated], failed: failures.length };
  }
}
