// Events somebody sends with a question: they pass the stages an agent's events pass, and nothing remembers them. The engine
// is not that of the agents: whatever is sent, it cannot switch a rule off for them nor be counted with theirs.
import type { Detection, HostEvent } from '@threatguard/proto';
import { compileRead } from '../detect/rules/compile-documents.ts';
import type { LoadedRules } from '../detect/rules/link.ts';
import type { RuleDocument } from '../detect/rules/rule-document.ts';
import { RuleEngine } from '../detect/rules/rule-engine.ts';
import type { RuleStates } from '../detect/rules/wiring.ts';
import { checkLimits } from '../enrich/check-limits.ts';
import { enrichBatch } from '../enrich/enrich-batch.ts';

export interface TriedRules {
  /** Read and tried already: a thread only compiles them, and leaves out what does not compile, as the engine did. */
  documents: readonly RuleDocument[];
  states: RuleStates;
}

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

/**
 * Form: #engine is the one that was made for a question before, and has forgotten it; none while nobody asked, or after a rule
 * threw. So no question finds anything of another: neither its windows nor a rule that it switched off.
 */
export class Trials {
  readonly #rules: TriedRules;
  /** Compiled by the first question: most threads are never asked one. */
  #loaded: LoadedRules | undefined;
  #engine: RuleEngine | undefined;

  constructor(rules: TriedRules) {
    this.#rules = rules;
  }

  /** Throws RefusalError `field_too_long` or `time_out_of_range`. */
  run({ events, agentName, receivedAtUs }: Trial): TrialResult {
    checkLimits(events);
    const header = { streamId: new Uint8Array(), sequence: 0 };
    const batch = enrichBatch({ agentId: NOBODY, agentName, header, events, receivedAtUs, clockOffsetUs: 0 });
    const engine = this.#engine ?? this.#newEngine();
    this.#engine = undefined;
    const found = engine.inspect(batch);
    const failed = engine.failures().size;
    if (failed === 0) {
      engine.forget();
      this.#engine = engine;
    }
    // A rule that is only tried says nothing outside.
    return { detections: found.filter(({ simulated }) => !simulated), failed };
  }

  #newEngine(): RuleEngine {
    const { documents, states } = this.#rules;
    this.#loaded ??= compileRead({ documents, problems: [] });
    const engine = new RuleEngine([]);
    engine.reload({ states, loaded: this.#loaded });
    return engine;
  }
}
