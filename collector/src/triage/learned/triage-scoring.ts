// Gives alerts their chance of being real, when they are raised. Nothing is hidden or held back by it.
//
// Form: #model is the one in use, none while there are too few verdicts; #history what was closed so far; #fresh the scores of
// alerts whose later revisions may have been on their way when the first was scored, the newest, at most FRESH_MAX.
// Invariant: an alert is scored once, from its first revision; later ones carry the same score.
import { type Alert, AlertVerdict, type TriageScore } from '@threatguard/proto';
import type { ActOfOthers } from '../../store/shared-store.ts';
import type { VerdictStore } from '../../store/verdict-store.ts';
import type { AlertActRecord } from '../change-alert.ts';
import { describeAlert } from './alert-facts.ts';
import { VERDICTS_LEAST } from './learn-triage.ts';
import { tellLearning, tellScore, type VerdictCounts } from './tell-score.ts';
import type { TriageModel } from './triage-model.ts';
import { VERDICTS_MAX } from './triage-trainer.ts';
import { VerdictHistory } from './verdict-history.ts';

const FRESH_MAX = 4_096;
/** Of one commit: some tens of milliseconds. What a flood raises beyond has its chance without its reasons. */
const EXPLAINED_MAX = 64;
/** Of one commit; what is beyond has no score. */
const SCORED_MAX = 4_096;

export class TriageScoring implements AsyncDisposable {
  #model: TriageModel | undefined;
  readonly #history: VerdictHistory;
  readonly #fresh = new Map<string, TriageScore>();
  readonly #failed: (error: unknown) => void;
  readonly #find: (id: string) => Alert | undefined;

  private constructor(parts: {
    history: VerdictHistory;
    find: (id: string) => Alert | undefined;
    failed: (error: unknown) => void;
  }) {
    this.#history = parts.history;
    this.#find = parts.find;
    this.#failed = parts.failed;
  }

  /** Knows what the store knows of verdicts. `find` gives an alert that may still grow, as it is in memory. */
  static async load(parts: {
    store: VerdictStore;
    find: (id: string) => Alert | undefined;
    failed: (error: unknown) => void;
  }): Promise<TriageScoring> {
    const history = new VerdictHistory();
    for await (const page of parts.store.newest(VERDICTS_MAX)) {
      for (const { raised, verdict } of page) history.add(raised, verdict);
    }
    return new TriageScoring({ history, find: parts.find, failed: parts.failed });
  }

  /** Another model is asked from now on, and the one before let go of when it has answered. */
  use(model: TriageModel): void {
    const before = this.#model;
    this.#model = model;
    before?.[Symbol.asyncDispose]().catch(this.#failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#model?.[Symbol.asyncDispose]();
    this.#model = undefined;
  }

  /** Sets `triage` of alerts that are about to be stored. Never rejects: an alert is worth more than its score. */
  async rate(alerts: readonly Alert[]): Promise<void> {
    const raised = alerts.filter(({ id, triage, revision }) => !triage && revision === 1 && !this.#fresh.has(id ?? ''));
    try {
      if (this.#model && raised.length > 0) await this.#score(this.#model, raised.slice(0, SCORED_MAX));
    } catch (error) {
      this.#failed(error);
    }
    for (const alert of alerts) alert.triage ??= this.#fresh.get(alert.id ?? '');
  }

  /** Alerts were closed or opened again. */
  decided(acts: readonly AlertActRecord[]): void {
    for (const { decision, before, after } of acts) {
      if (decision.action === 'close') this.#history.add(after, decision.verdict);
      const taken = before.verdict ?? AlertVerdict.ALERT_VERDICT_UNSPECIFIED;
      if (decision.action === 'reopen' && taken) this.#history.remove(before, taken);
    }
  }

  /** Alerts were closed or opened again at another collector of the store. */
  decidedElsewhere(acts: readonly { alert: Alert; act: ActOfOthers }[]): void {
    for (const { alert, act } of acts) {
      if (act.action === 'close') this.#history.add(alert, act.verdict);
      if (act.action === 'reopen' && act.verdictBefore) this.#history.remove(alert, act.verdictBefore);
    }
  }

  /** What an alert was given; one that has none, what the model in use says of it as it was raised; or how far learning is. */
  async explain(alert: Alert, { raised, counts }: { raised: Alert; counts: VerdictCounts }): Promise<TriageScore> {
    if (alert.triage) return alert.triage;
    if (this.#model) return (await this.#tell(this.#model, [raised], 1))[0]!;
    const sentence = tellLearning(counts) ?? 'no model is in use; "threatguard models train triage" trains one';
    return { verdicts: counts.real + counts.other, verdictsNeeded: VERDICTS_LEAST, sentence };
  }

  async #score(model: TriageModel, alerts: readonly Alert[]): Promise<void> {
    const scores = await this.#tell(model, alerts, EXPLAINED_MAX);
    for (const [at, { id = '' }] of alerts.entries()) {
      this.#fresh.set(id ?? '', scores[at]!);
      // It may have grown meanwhile: what comes of it later carries the score as well.
      const now = this.#find(id ?? '');
      if (now) now.triage = scores[at]!;
    }
    while (this.#fresh.size > FRESH_MAX) this.#fresh.delete(this.#fresh.keys().next().value!);
  }

  async #tell(model: TriageModel, alerts: readonly Alert[], explainedMax: number): Promise<TriageScore[]> {
    const facts = alerts.map((alert) => describeAlert(alert, this.#history.of(alert)));
    const judged = await model.judge(facts, explainedMax);
    const { verdicts, version } = model;
    return facts.map((own, at) => tellScore({ ...judged[at]!, facts: own, verdicts, version }));
  }
}
