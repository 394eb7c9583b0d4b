// Trains triage from the verdicts of the store, and takes what was trained into use: what the registry of models asks of it.
import { on } from 'node:events';
import { deserialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { AlertVerdict } from '@threatguard/proto';
import { ModelError } from '../../detect/behaviour/trained/model-error.ts';
import type { ModelCard } from '../../detect/behaviour/trained/model-file.ts';
import type { Measure, OtherModel, TrainedOther, TrainHow } from '../../detect/behaviour/trained/other-model.ts';
import type { VerdictStore } from '../../store/verdict-store.ts';
import { TRIAGE_FEATURES, TRIAGE_FEATURES_VERSION } from './alert-facts.ts';
import { type ClosedAlert, toExamples } from './examples.ts';
import type { LearnReply, LearnRequest } from './learn-thread.ts';
import { measureTriage, type TriageBody } from './learn-triage.ts';
import { tellLearning } from './tell-score.ts';
import { TriageModel } from './triage-model.ts';

const THREAD = new URL('./learn-thread.ts', import.meta.url);
/** Of the thread: the alerts, tables of them and a forest; beyond it the training fails and nothing else. */
const HEAP_MIB_MAX = 512;
/** The newest that are learned from: years of one analyst's, and a minute of one core. */
export const VERDICTS_MAX = 10_000;
/** Verdicts that are new before it is trained again by itself: so many, and such a share of those it learned from. */
const GROWN_LEAST = 10;
const GROWN_SHARE = 0.1;

export const TRIAGE = 'triage';

export class TriageTrainer implements OtherModel {
  readonly name = TRIAGE;
  readonly featuresVersion = TRIAGE_FEATURES_VERSION;
  readonly #store: VerdictStore;
  readonly #use: (model: TriageModel) => void;

  /** `use` is given a model whenever one comes into use. */
  constructor(parts: { store: VerdictStore; use: (model: TriageModel) => void }) {
    this.#store = parts.store;
    this.#use = parts.use;
  }

  async due(newest: ModelCard | undefined): Promise<boolean> {
    const counts = await this.#store.counts();
    if (tellLearning(counts)) return false;
    const before = Object.values(newest?.data.rows ?? {}).reduce((sum, rows) => sum + rows, 0);
    const now = Math.min(VERDICTS_MAX, counts.real + counts.other);
    return now - before >= Math.max(GROWN_LEAST, before * GROWN_SHARE);
  }

  async train({ seed, progress, signal }: TrainHow): Promise<TrainedOther> {
    const counts = await this.#store.counts();
    const learning = tellLearning(counts);
    if (learning)
      throw new ModelError('too_little', `triage is ${learning}; closing alerts with a verdict adds to them`);
    const worker = new Worker(THREAD, {
      workerData: { seed },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    });
    const messages = on(worker, 'message', { signal });
    const answer = async (): Promise<LearnReply> => (await messages.next()).value![0];
    const ask = (request: LearnRequest): Promise<LearnReply> => {
      worker.postMessage(request);
      return answer();
    };
    const seen = new Seen();
    const total = Math.min(VERDICTS_MAX, counts.real + counts.other);
    try {
      for await (const page of this.#store.newest(VERDICTS_MAX)) {
        await ask(page);
        seen.add(page);
        progress({ phase: 'reading', done: seen.count, total });
      }
      let reply = await ask('learn');
      for (; !reply.outcome; reply = await answer()) {
        progress({ phase: 'training', done: reply.done ?? 0, total: reply.total ?? 0 });
      }
      const { body, parameters = {}, metrics = {} } = reply;
      if (!body)
        throw new ModelError('too_little', 'the verdicts of one kind came all at once; more of them are needed');
      const features = TRIAGE_FEATURES.map(([name]) => name);
      return { body, card: { features, data: seen.data(), parameters, metrics } };
    } catch (error) {
      if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
      throw error;
    } finally {
      await worker.terminate();
    }
  }

  objection({ metrics: { brier = 1, brierByShare = 0 } }: ModelCard): string | undefined {
    if (brier < brierByShare) return undefined;
    const [own, share] = [brier.toFixed(3), brierByShare.toFixed(3)];
    return `tells no more than how often alerts are real: Brier score ${own}, that share alone ${share}`;
  }

  async use(body: Uint8Array, { version }: { version: number }): Promise<void> {
    this.#use(await TriageModel.load(deserialize(body) as TriageBody, version));
  }

  /** Against what was closed since it was trained, which it cannot know. */
  async evaluate(body: Uint8Array, { version, data }: ModelCard): Promise<Measure[]> {
    const closed: ClosedAlert[] = [];
    for await (const page of this.#store.newest(VERDICTS_MAX)) closed.push(...page);
    const since = toExamples(closed).filter(({ closedAtUs }) => closedAtUs > data.toUs);
    if (since.length === 0) return [{ name: 'alertsSinceTrained', value: 0 }];
    await using model = await TriageModel.load(deserialize(body) as TriageBody, version);
    const probabilities = await model.score(since.map(({ facts }) => facts));
    const { alertsHeldOut, ...measures } = measureTriage(
      since.map(({ real }, at) => ({ probability: probabilities[at]!, real })),
    );
    const named = { alertsSinceTrained: since.length, ...measures };
    return Object.entries(named).map(([name, value]) => ({ name, value }));
  }
}

/** What of the verdicts stands on the card. */
class Seen {
  count = 0;
  readonly #rows: Record<string, number> = {};
  #fromUs = Number.POSITIVE_INFINITY;
  #toUs = 0;

  add(page: readonly ClosedAlert[]): void {
    for (const { verdict, closedAtUs } of page) {
      const name = (AlertVerdict[verdict] ?? 'unknown').toLowerCase().replaceAll('_', ' ');
      this.#rows[name] = (this.#rows[name] ?? 0) + 1;
      this.#fromUs = Math.min(this.#fromUs, closedAtUs);
      this.#toUs = Math.max(this.#toUs, closedAtUs);
      this.count++;
    }
  }

  data(): ModelCard['data'] {
    return { fromUs: Math.min(this.#fromUs, this.#toUs), toUs: this.#toUs, rows: this.#rows };
  }
}
