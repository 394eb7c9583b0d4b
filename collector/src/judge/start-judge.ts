import type { RuleEngine } from '../detect/rules/rule-engine.ts';
import { readSuppression } from '../detect/rules/suppression-span.ts';
import type { Store } from '../store/store.ts';
import { Judge } from './judge.ts';
import { SUPPRESSED_ENTITIES_MAX, Suppression } from './suppression.ts';

export interface JudgeParts {
  store: Pick<Store, 'judgements'>;
  rules: Pick<RuleEngine, 'rules'>;
  /** Spans by id of the rule, such as `6h`; they go before what a rule asks for itself. */
  suppress: Readonly<Record<string, string>>;
  nowUs: () => number;
}

/** The judge as it goes on from where the store stands. */
export async function startJudge({ store, rules, suppress, nowUs }: JudgeParts): Promise<Judge> {
  const windows = new SuppressionWindows(rules, suppress);
  const suppression = new Suppression((ruleId) => windows.of(ruleId));
  const judge = new Judge(suppression, nowUs);
  const { judgements } = store;
  judge.restore(await judgements.exceptions(nowUs()));
  for (const [ruleId, windowUs] of windows.all()) {
    // An event of before may be within the window of one that comes now.
    suppression.restore(await judgements.lastAlerted(ruleId, nowUs() - 2 * windowUs, SUPPRESSED_ENTITIES_MAX));
  }
  return judge;
}

/** How long each rule is silent; looked up anew when the engine has other rules. */
class SuppressionWindows {
  readonly #engine: JudgeParts['rules'];
  readonly #configured: [string, number][];
  #rules: JudgeParts['rules']['rules'] | undefined;
  #windows = new Map<string, number>();

  constructor(engine: JudgeParts['rules'], suppress: JudgeParts['suppress']) {
    this.#engine = engine;
    this.#configured = Object.entries(suppress).map(([ruleId, span]) => [ruleId, readSuppression(span) ?? 0]);
  }

  of(ruleId: string): number {
    return this.all().get(ruleId) ?? 0;
  }

  all(): ReadonlyMap<string, number> {
    const { rules } = this.#engine;
    if (rules !== this.#rules) {
      const asked = rules.flatMap(({ id, suppressUs }): [string, number][] =>
        suppressUs > 0 ? [[id, suppressUs]] : [],
      );
      this.#windows = new Map([...asked, ...this.#configured]);
      this.#rules = rules;
    }
    return this.#windows;
  }
}
