// The models that were trained: their versions, which of them is in use, and what it takes to come into use.
//
// Invariant: of each name at most one version is active, and that one was opened, its signature and digest checked, by this
// process. What cannot be opened is `refused` and takes no part; where several collectors share the store, what one of them cannot
// open is no word about the others'.
import { sha256 } from '@threatguard/proto';
import { type Duties, OWN_DUTIES } from '../../../duties.ts';
import type { CollectorSigner } from '../../../fleet/collector-identity.ts';
import type { AuditActor } from '../../../store/audit-entry.ts';
import type { BehaviourStore, ModelRecord, ModelStore } from '../../../store/behaviour-store.ts';
import { StoreError } from '../../../store/store-error.ts';
import { FEATURES_VERSION } from '../features.ts';
import type { ActiveSequences } from '../sequences/sequence-scorer.ts';
import type { Evaluation } from './evaluate.ts';
import type { TrainProgress } from './in-thread.ts';
import { type ActiveModel, isModelName, type ModelName, type OpenModel, openModel, SEQUENCES } from './kinds.ts';
import { ModelError } from './model-error.ts';
import type { ModelCard } from './model-file.ts';
import { OnnxRuntime, type OnnxRuntimeParts } from './onnx-models.ts';
import type { Measure, OtherModel } from './other-model.ts';
import type { HourModelName } from './scorers.ts';
import { type JudgeParts, judge, trainAndJudge } from './train-and-judge.ts';
import { ModelVersions } from './versions.ts';

export interface RegistryParts {
  directory: string;
  store: { behaviour: BehaviourStore; models: ModelStore };
  signer: () => CollectorSigner;
  alertsPerHostDay: number;
  seed: number;
  nowUs: () => number;
  /** Models that are trained from something else than hours. */
  others?: readonly OtherModel[];
  onnx?: OnnxRuntimeParts;
  /** Whether other collectors use the store. */
  shared?: boolean;
  /** Of several collectors one trains. */
  duties?: Pick<Duties, 'alone'>;
}

interface TrainOrder {
  progress: (progress: TrainProgress) => void;
  signal: AbortSignal;
  by?: AuditActor | undefined;
}

export class ModelRegistry {
  /** Models of hours in use, by name. */
  readonly active = new Map<HourModelName, ActiveModel>();
  /** The model of sequences in use. */
  sequences: ActiveSequences | undefined;
  readonly #parts: RegistryParts;
  readonly #versions: ModelVersions;
  readonly #onnx: OnnxRuntime;
  /** The version of each name that was taken into use here. */
  readonly #inUse = new Map<string, number>();
  #training = false;

  private constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#versions = new ModelVersions({ ...parts, store: parts.store.models });
    this.#onnx = new OnnxRuntime(parts.onnx ?? {});
  }

  /** Opens what is active; what is not what it says is refused, and `refused` told why. */
  static async load(parts: RegistryParts, refused: (record: ModelRecord, why: string) => void): Promise<ModelRegistry> {
    const registry = new ModelRegistry(parts);
    await registry.#versions.prepare();
    for (const record of await parts.store.models.list()) {
      if (record.state !== 'active') continue;
      try {
        await registry.#use(record);
        await registry.#versions.share(record);
      } catch (error) {
        const why = (error as Error).message;
        const { name, version } = record;
        if (!parts.shared) {
          await parts.store.models.setState({ name, version, state: 'refused', notice: why }, parts.nowUs());
        }
        refused(record, why);
      }
    }
    return registry;
  }

  /** Takes into use what another collector of the store activated; `refused` is told what cannot be. */
  async takeIn(refused: (record: ModelRecord, why: string) => void): Promise<void> {
    const active = (await this.list()).filter(({ state }) => state === 'active');
    for (const name of this.active.keys()) {
      if (!active.some((record) => record.name === name)) this.active.delete(name);
    }
    if (!active.some(({ name }) => name === SEQUENCES)) this.sequences = undefined;
    for (const record of active) {
      if (this.#inUse.get(record.name) === record.version) continue;
      try {
        await this.#use(record);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        refused(record, (error as Error).message);
      }
    }
  }

  /** By name, newest version first. */
  list(): Promise<ModelRecord[]> {
    return this.#versions.list();
  }

  /** Names of models that are trained from something else than hours, of which there is enough that their newest versions lack. */
  async othersDue(): Promise<string[]> {
    const versions = await this.list();
    const due: string[] = [];
    for (const other of this.#parts.others ?? []) {
      const newest = versions.find(({ name }) => name === other.name);
      if (await other.due(newest && (JSON.parse(newest.card) as ModelCard))) due.push(other.name);
    }
    return due;
  }

  /** A version, or where that is 0 the active one, else the newest. */
  find(name: string, version: number): Promise<ModelRecord> {
    return this.#versions.find(name, version);
  }

  /** Makes scoring batches ready before there is a model to score them with, so that the first one waits for nothing. */
  prepare(): Promise<void> {
    return this.#onnx.prepare();
  }

  /**
   * Trains a model, signs it, and takes it into use where the last week would not have had more alerts than the budget allows.
   * One training at a time, of all collectors of the store: ModelError `busy` otherwise, and where it is not `wanted` when its
   * turn has come.
   */
  async train(name: string, how: TrainOrder & { wanted?: () => Promise<boolean> }): Promise<ModelRecord> {
    const busy = () => new ModelError('busy', 'a model is being trained already; try again when it is done');
    const { duties = OWN_DUTIES } = this.#parts;
    if (this.#training) throw busy();
    this.#training = true;
    try {
      const trained = await duties.alone('training', async (lost) => {
        if (how.wanted && !(await how.wanted())) throw busy();
        const other = this.#other(name);
        const order = { ...how, signal: AbortSignal.any([how.signal, lost]) };
        return other ? this.#trainOther(other, order) : this.#train(name as ModelName, order);
      });
      if (!trained) throw busy();
      return trained;
    } finally {
      this.#training = false;
    }
  }

  /** The last week through a version; of a model that is not about hours, its own measures. */
  async evaluate(
    name: string,
    version: number,
  ): Promise<{ record: ModelRecord; evaluation: Evaluation } | { record: ModelRecord; measures: Measure[] }> {
    const record = await this.find(name, version);
    const { card, body } = await this.#open(record);
    const other = this.#other(name);
    if (other) return { record, measures: await other.evaluate(body, card) };
    const { model, forms } = openModel(name as ModelName, record.version, body);
    await using onnx = await this.#onnx.open(forms, card.onnx ?? {});
    return { record, evaluation: await judge({ model, onnx }, this.#judgeParts, { untilUs: this.#parts.nowUs() }) };
  }

  /** Takes a version into use; `over_budget` where it would raise too many alerts and that is not forced. */
  async activate(name: string, version: number, how: { force: boolean; by: AuditActor }): Promise<ModelRecord> {
    const record = await this.find(name, version);
    const objection = this.#objection(JSON.parse(record.card) as ModelCard);
    if (objection && !how.force) {
      throw new ModelError('over_budget', `${name} ${record.version} ${objection}. --force does it anyway`);
    }
    await this.#use(record);
    await this.#parts.store.models.activate(record, this.#parts.nowUs(), how.by);
    return { ...record, state: 'active' };
  }

  /** Back to the version that was in use before. */
  async rollback(name: string, by: AuditActor): Promise<ModelRecord> {
    const active = await this.find(name, 0);
    const versions = await this.#versions.ofName(name);
    const before = versions.find(({ version, state }) => version < active.version && state === 'retired');
    if (active.state !== 'active' || !before) {
      throw new ModelError('unknown', `no earlier version of ${name} was in use`);
    }
    await this.#use(before);
    await this.#parts.store.models.activate(before, this.#parts.nowUs(), by);
    return { ...before, state: 'active' };
  }

  async #train(name: ModelName, how: TrainOrder): Promise<ModelRecord> {
    const { store, seed, nowUs } = this.#parts;
    const nextVersion = () => this.#versions.nextNumber(name);
    const parts = { ...this.#judgeParts, seed, onnx: this.#onnx, nextVersion, nowUs };
    const { model, card, body } = await trainAndJudge(name, parts, how);
    const record = await this.#save(card, body, how.by);
    how.progress({ phase: 'saved', done: 1, total: 1 });
    if (record.notice) return record;
    this.#take(model, record.version);
    await store.models.activate(record, nowUs(), how.by);
    return { ...record, state: 'active' };
  }

  async #trainOther(other: OtherModel, { progress, signal, by }: TrainOrder): Promise<ModelRecord> {
    const { store, seed, nowUs } = this.#parts;
    const { name, featuresVersion } = other;
    const trainedAtUs = nowUs();
    const { body, card: own } = await other.train({ seed, progress, signal });
    if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
    const version = await this.#versions.nextNumber(name);
    const digest = sha256(body).toString('hex');
    const record = await this.#save({ name, version, trainedAtUs, seed, featuresVersion, ...own, digest }, body, by);
    progress({ phase: 'saved', done: 1, total: 1 });
    if (record.notice) return record;
    await this.#use(record);
    await store.models.activate(record, nowUs(), by);
    return { ...record, state: 'active' };
  }

  #other(name: string): OtherModel | undefined {
    return this.#parts.others?.find((other) => other.name === name);
  }

  /** Why a version does not come into use by itself. */
  #objection(card: ModelCard): string | undefined {
    const other = this.#other(card.name);
    if (other) return other.objection(card);
    const { alertsLastWeek = 0, alertsAllowed = 0 } = card.metrics;
    if (alertsLastWeek <= alertsAllowed) return undefined;
    return `would have raised ${alertsLastWeek} alerts last week; the budget allows ${alertsAllowed.toFixed(1)}`;
  }

  #save(card: ModelCard, body: Uint8Array, by: AuditActor | undefined): Promise<ModelRecord> {
    return this.#versions.save(card, body, { notice: this.#objection(card) ?? '', by });
  }

  get #judgeParts(): JudgeParts {
    const { store, alertsPerHostDay } = this.#parts;
    return { store: store.behaviour, alertsPerHostDay };
  }

  async #use(record: ModelRecord): Promise<void> {
    const { version } = record;
    const { card, body } = await this.#open(record);
    const other = this.#other(record.name);
    if (other) {
      await other.use(body, { version });
      this.#inUse.set(record.name, version);
      return;
    }
    const { model, forms } = openModel(record.name as ModelName, version, body);
    // It is open no longer than to be found to score as the model does.
    await using _ = await this.#onnx.open(forms, card.onnx ?? {});
    this.#take(model, version);
  }

  #take(model: OpenModel, version: number): void {
    this.#inUse.set(model.name, version);
    if (model.name === SEQUENCES) this.sequences = model;
    else this.active.set(model.name, model);
  }

  #open(record: ModelRecord): Promise<{ card: ModelCard; body: Buffer }> {
    return this.#versions.open(record, this.#featuresVersion(record.name));
  }

  #featuresVersion(name: string): number {
    if (isModelName(name)) return FEATURES_VERSION;
    const other = this.#other(name);
    if (!other) throw new ModelError('mismatch', `this release has no ${name}`);
    return other.featuresVersion;
  }
}
