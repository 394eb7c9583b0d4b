// Events somebody sends with a question: they pass the stages an agent's events pass, and nothing remembers them. Matcher and
// windows are not those of the agents: whatever is sent, it cannot switch a rule off for them nor be counted with theirs.
import type { Detection, HostEvent } from '@threatguard/proto';
import { type BatchOrigin, EventMatcher, type FeedingMatch } from '../detect/rules/event-matcher.ts';
import type { LoadedRules } from '../detect/rules/link.ts';
import { compileRules } from '../detect/rules/load.ts';
import { RuleEngine } from '../detect/rules/rule-engine.ts';
import { wireRules } from '../detect/rules/wiring.ts';
import { checkLimits } from '../enrich/check-limits.ts';
import { enrichBatch } from '../enrich/enrich-batch.ts';
import type { ShardRules } from './messages.ts';

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
  readonly #rules: ShardRules;
  /** Compiled by the first question: most threads are never asked one. */
  #loaded: LoadedRules | undefined;
  #matcher: EventMatcher | undefined;

  constructor(rules: ShardRules) {
    this.#rules = rules;
  }

  /** Throws RefusalError `field_too_long` or `time_out_of_range`. */
  run({ events, agentName, receivedAtUs }: Trial): TrialResult {
    checkLimits(events);
    const header = { streamId: new Uint8Array(), sequence: 0 };
    const batch = enrichBatch({ agentId: NOBODY, agentName, header, events, receivedAtUs, clockOffsetUs: 0 });
    const { files, states } = this.#rules;
    this.#loaded ??= compileRules(files);
    const rules = this.#loaded.rules.map(({ rule }) => rule);
    this.#matcher ??= new EventMatcher(wireRules(rules, states));
    const { detections, feeding, failures } = this.#matcher.match(batch);
    // A rule that threw is off in that matcher: the next question finds all of them on.
    if (failures.length > 0) this.#matcher = undefined;
    const correlated = feeding.length > 0 ? this.#correlate(batch, feeding) : [];
    // A rule that is only tried says nothing outside.
    const found = [...detections, ...correlated].filter(({ simulated }) => !simulated);
    return { detections: found, failed: failures.length };
  }

  /** In windows that begin with these events. */
  #correlate(batch: BatchOrigin, feeding: readonly FeedingMatch[]): Detection[] {
    const engine = new RuleEngine([]);
    engine.reload({ files: [], states: this.#rules.states, loaded: this.#loaded });
    return engine.correlate(batch, feeding);
  }
}
