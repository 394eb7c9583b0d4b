// Detection, put together: from envelopes to alerts that are stored.
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { CollectorConfig } from './config.ts';
import { Correlator } from './correlate/correlator.ts';
import { startBudget } from './correlate/start-budget.ts';
import { DemoClock } from './demo-clock.ts';
import { type RunningModels, startBehaviour } from './detect/behaviour/start.ts';
import { replayWindows } from './detect/replay-windows.ts';
import type { Duties } from './duties.ts';
import type { ChosenCrypto } from './fleet/chosen-crypto.ts';
import type { CollectorSigner } from './fleet/collector-identity.ts';
import type { FoundEpochs } from './fleet/epochs/start-epochs.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Judge } from './judge/judge.ts';
import { startJudge } from './judge/start-judge.ts';
import { LiveRules } from './live-rules.ts';
import { Pipeline, type PipelineWatch } from './pipeline.ts';
import type { Publishing } from './publish/start-publishing.ts';
import { Shards } from './shards/shards.ts';
import type { StageClock } from './stage-clock.ts';
import type { Store } from './store/store.ts';
import { Writer } from './store/writer.ts';
import { TriageScoring } from './triage/learned/triage-scoring.ts';
import { TriageTrainer } from './triage/learned/triage-trainer.ts';

const RULES_DIRECTORY = join(import.meta.dirname, '..', 'rules');

export interface Detecting extends AsyncDisposable {
  pipeline: Pipeline;
  shards: Shards;
  rules: LiveRules;
  correlator: Correlator;
  judge: Judge;
  writer: Writer;
  triage: TriageScoring;
  /** Undefined where models are switched off. */
  behaviour: RunningModels | undefined;
}

/** Resolves when rules, windows, alerts and models know what the store has. */
export async function startDetection(parts: {
  config: CollectorConfig;
  store: Store;
  fleet: Fleet;
  publishing: Publishing;
  duties: Duties;
  kemKeys: FoundEpochs['keys'];
  crypto: ChosenCrypto;
  /** Where trained models lie. */
  modelsDirectory: string;
  signer: () => CollectorSigner;
  agentName: (agentId: string) => string;
  stored: (events: number) => void;
  watch: PipelineWatch | undefined;
  clock: StageClock | undefined;
  nowUs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}): Promise<Detecting> {
  const { config, store, fleet, publishing, agentName, clock, nowUs, log, failed } = parts;
  await using stack = new AsyncDisposableStack();
  const correlator = await Correlator.load(store, nowUs());
  const triage = stack.use(
    await TriageScoring.load({ store: store.verdicts, find: (id) => correlator.folder.find(id), failed }),
  );
  const totals = await store.agentTotals();
  const writer = stack.use(
    new Writer({
      store,
      lossyAgents: new Set([...totals].flatMap(([id, { lost }]) => (lost > 0 ? [id] : []))),
      clock,
      triage,
      stateChanged: (problem) =>
        problem ? log.warn({ problem }, 'the store does not answer; agents wait') : log.info('the store answers again'),
    }),
  );

  const directory = config.rules.directory ?? RULES_DIRECTORY;
  const rules = stack.use(await LiveRules.open({ directory, store, nowUs, log }));
  const { engine, simulations } = rules;
  const timed = clock !== undefined;
  const threads = { rules: rules.forShards, kemKeys: parts.kemKeys.opening(), timed, crypto: parts.crypto };
  const shards = stack.use(await Shards.start(threads, config.shards));
  rules.follow(shards);
  const demo = config.demo ? new DemoClock(nowUs) : undefined;
  const judgedUs = demo?.nowUs ?? nowUs;
  const judge = await startJudge({ store, rules: engine, suppress: config.alerts.suppress, nowUs: judgedUs });
  await replayWindows({ engine, store, nowUs: nowUs() });

  const behaviour = stack.use(
    await startBehaviour({
      config,
      store,
      directory: parts.modelsDirectory,
      signer: parts.signer,
      agentName,
      others: [new TriageTrainer({ store: store.verdicts, use: (model) => triage.use(model) })],
      // An embedded store is this collector's alone.
      shared: store.engine !== 'pglite',
      duties: parts.duties,
      nowUs,
      log,
      failed,
    }),
  );
  const pipeline = new Pipeline({
    shards,
    rules: engine,
    behaviour: behaviour?.keeper,
    judge,
    simulations,
    correlator,
    writer,
    feed: publishing.feed,
    outbox: publishing,
    agentName,
    signers: (agentId) => fleet.signers(agentId),
    stored: parts.stored,
    nowUs: judgedUs,
    demo,
    watch: parts.watch,
    clock,
  });
  const configured = config.alerts.budget_per_day;
  const budgeted = await startBudget(correlator.budget, { store, configured, nowUs: nowUs() });
  void pipeline.movePile(budgeted).catch(failed);
  const whole = stack.move();
  return {
    ...{ pipeline, shards, rules, correlator, judge, writer, triage, behaviour },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
