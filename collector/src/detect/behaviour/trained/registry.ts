// The models that were trained: their versions, which of them is in use, and what it takes to come into use.
//
// Invariant: of each name at most one version is active, and that one was opened, its signature and digest checked, by this
// process. What cannot be opened is `refused` and takes no part. Where several collectors share the store, files are kept there as
// well, a file that is not here or is another one is taken from there, and what one of them cannot open is no word about the others'.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256, signBytes } from '@threatguard/proto';
import type { CollectorSigner } from '../../../fleet/collector-identity.ts';
import type { AuditActor } from '../../../store/audit-entry.ts';
import type { BehaviourStore, ModelRecord, ModelStore } from '../../../store/behaviour-store.ts';
import { StoreError } from '../../../store/store-error.ts';
import { FEATURES_VERSION } from '../features.ts';
import type { ActiveSequences } from '../sequences/sequence-scorer.ts';
import type { Evaluation } from './evaluate.ts';
import type { TrainProgress } from './in-thread.ts';
import {
  type ActiveModel,
  evaluateModel,
  featuresOf,
  isModelName,
  type ModelName,
  type OpenModel,
  openModel,
  SEQUENCES,
  spanOf,
  trainModel,
} from './kinds.ts';
import { ModelError } from './model-error.ts';
import { encodeCard, encodeModelFile, FILE_BYTES_MAX, type ModelCard } from './model-file.ts';
import { ModelFiles } from './model-files.ts';
import { digestsOf, type OnnxModels, OnnxRuntime, type OnnxRuntimeParts } from './onnx-models.ts';
import type { Measure, OtherModel } from './other-model.ts';
import type { HourModelName } from './scorers.ts';

const WEEK_US = 7 * 86_400_000_000;
/** Of one name; the oldest that is not active goes. */
const VERSIONS_KEPT = 5;

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
}

export class ModelRegistry {
  /** Models of hours in use, by name. */
  readonly active = new Map<HourModelName, ActiveModel>();
  /** The model of sequences in use. */
  sequences: ActiveSequences | undefined;
  readonly #parts: RegistryParts;
  readonly #files: ModelFiles;
  readonly #publicKey: () => KeyObject;
  readonly #onnx: OnnxRuntime;
  /** The version of each name that was taken into use here. */
  readonly #inUse = new Map<string, number>();
  #training = false;

  private constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#files = new ModelFiles(parts.directory);
    this.#onnx = new OnnxRuntime(parts.onnx ?? {});
    this.#publicKey = () => createPublicKey(parts.signer().privateKey);
  }

  /** Opens what is active; what is not what it says is refused, and `refused` told why. */
  static async load(parts: RegistryParts, refused: (record: ModelRecord, why: string) => void): Promise<ModelRegistry> {
    const registry = new ModelRegistry(parts);
    await registry.#files.prepare();
    for (const record of await parts.store.models.list()) {
      if (record.state !== 'active') continue;
      try {
        await registry.#use(record);
        await registry.#share(record);
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
    return this.#parts.store.models.list();
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
  async find(name: string, version: number): Promise<ModelRecord> {
    const versions = (await this.list()).filter((record) => record.name === name);
    const found =
      version > 0
        ? versions.find((record) => record.version === version)
        : (versions.find(({ state }) => state === 'active') ?? versions[0]);
    if (found) return found;
    const what = version > 0 ? `version ${version} of ${name}` : `a model ${JSON.stringify(name)}`;
    throw new ModelError('unknown', `there is no ${what}; "threatguard models list" shows what there is`);
  }

  /**
   * Trains a model, signs it, and takes it into use where the last week would not have had more alerts than the budget allows.
   * One training at a time: ModelError `busy` otherwise.
   */
  async train(
    name: string,
    how: { progress: (progress: TrainProgress) => void; signal: AbortSignal; by?: AuditActor | undefined },
  ): Promise<ModelRecord> {
    if (this.#training) throw new ModelError('busy', 'a model is being trained already; try again when it is done');
    this.#training = true;
    try {
      const other = this.#other(name);
      return await (other ? this.#trainOther(other, how) : this.#train(name as HourModelName, how));
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
    return { record, evaluation: await this.#evaluate({ model, onnx }, this.#parts.nowUs()) };
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
    const versions = (await this.list()).filter((record) => record.name === name && record.version < active.version);
    const before = versions.find(({ state }) => state === 'retired');
    if (active.state !== 'active' || !before) {
      throw new ModelError('unknown', `no earlier version of ${name} was in use`);
    }
    await this.#use(before);
    await this.#parts.store.models.activate(before, this.#parts.nowUs(), by);
    return { ...before, state: 'active' };
  }

  async #train(
    name: HourModelName,
    { progress, signal, by }: Parameters<ModelRegistry['train']>[1],
  ): Promise<ModelRecord> {
    const { store, seed, nowUs } = this.#parts;
    const trainedAtUs = nowUs();
    const span = await spanOf(name, store.behaviour);
    // The last week is what it is judged by; where there is no more than two, the last third.
    const heldUs = Math.min(WEEK_US, (span.toUs - span.fromUs) / 3);
    const untilUs = span.toUs - heldUs;
    const trained = await trainModel(name, { seed, store: store.behaviour, untilUs, progress, signal });
    progress({ phase: 'evaluating', done: 0, total: 0 });
    const version = await this.#nextVersion(name);
    const { model, forms } = openModel(name, version, trained.body);
    const digests = digestsOf(forms);
    await using onnx = await this.#onnx.open(forms, digests);
    const evaluation = await this.#evaluate({ model, onnx }, span.toUs, heldUs);
    if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
    const card: ModelCard = {
      name,
      version,
      trainedAtUs,
      seed,
      featuresVersion: FEATURES_VERSION,
      features: featuresOf(name),
      data: { fromUs: span.fromUs, toUs: untilUs, rows: trained.rows },
      parameters: {
        alertsPerHostDay: this.#parts.alertsPerHostDay,
        batches: forms.size > 0 ? 'onnxruntime' : 'own code, no ONNX form',
      },
      metrics: {
        alertsLastWeek: evaluation.alerts,
        alertsAllowed: evaluation.allowed,
        hoursLastWeek: evaluation.hours,
      },
      digest: sha256(trained.body).toString('hex'),
      onnx: digests,
    };
    const record = await this.#save(card, trained.body, by);
    progress({ phase: 'saved', done: 1, total: 1 });
    if (record.notice) return record;
    this.#take(model, version);
    await store.models.activate(record, nowUs(), by);
    return { ...record, state: 'active' };
  }

  async #trainOther(
    other: OtherModel,
    { progress, signal, by }: Parameters<ModelRegistry['train']>[1],
  ): Promise<ModelRecord> {
    const { store, seed, nowUs } = this.#parts;
    const { name, featuresVersion } = other;
    const trainedAtUs = nowUs();
    const { body, card: own } = await other.train({ seed, progress, signal });
    if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
    const version = await this.#nextVersion(name);
    const digest = sha256(body).toString('hex');
    const record = await this.#save({ name, version, trainedAtUs, seed, featuresVersion, ...own, digest }, body, by);
    progress({ phase: 'saved', done: 1, total: 1 });
    if (record.notice) return record;
    await this.#use(record);
    await store.models.activate(record, nowUs(), by);
    return { ...record, state: 'active' };
  }

  async #nextVersion(name: string): Promise<number> {
    const versions = (await this.list()).filter((each) => each.name === name);
    return Math.max(0, ...versions.map(({ version }) => version)) + 1;
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

  async #save(card: ModelCard, body: Uint8Array, by: AuditActor | undefined): Promise<ModelRecord> {
    const { store, signer, nowUs } = this.#parts;
    const { privateKey, certificate } = signer();
    const encoded = encodeCard(card);
    const signature = signBytes({ message: encoded, privateKey, purpose: 'model' });
    const file = encodeModelFile({ card: encoded, signature, body });
    await this.#files.write(card, file);
    const notice = this.#objection(card) ?? '';
    const record: ModelRecord = {
      name: card.name,
      version: card.version,
      card: encoded.toString('utf8'),
      digest: Buffer.from(card.digest, 'hex'),
      state: 'ready',
      createdAtUs: card.trainedAtUs,
      signature,
      certificate: certificate.raw,
      notice,
    };
    await store.models.add(record, nowUs(), by);
    if (this.#parts.shared) await store.models.keepFile(record, file);
    await this.#forgetOld(card.name);
    return record;
  }

  /** Beyond VERSIONS_KEPT the oldest go, with their files. */
  async #forgetOld(name: string): Promise<void> {
    const versions = (await this.list()).filter((record) => record.name === name);
    for (const record of versions.slice(VERSIONS_KEPT).filter(({ state }) => state !== 'active')) {
      await this.#parts.store.models.remove(record.name, record.version);
      await this.#files.remove(record);
    }
  }

  #evaluate(
    { model, onnx }: { model: OpenModel; onnx: OnnxModels },
    untilUs: number,
    spanUs = WEEK_US,
  ): Promise<Evaluation> {
    const { store, alertsPerHostDay } = this.#parts;
    const parts = { store: store.behaviour, fromUs: untilUs - spanUs, untilUs, alertsPerHostDay };
    return evaluateModel(model, parts, onnx);
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

  /** Reads and checks the file of a version. The store's digest has to be that of the card: a file alone proves nothing. */
  async #open(record: ModelRecord): Promise<{ card: ModelCard; body: Buffer }> {
    try {
      return await this.#openFile(record);
    } catch (error) {
      const stored = this.#parts.shared && error instanceof ModelError ? await this.#fileOf(record) : undefined;
      if (!stored) throw error;
      await this.#files.write(record, stored);
      return await this.#openFile(record);
    }
  }

  /** As another collector put it into the store; undefined where it did not. */
  async #fileOf(record: ModelRecord): Promise<Uint8Array | undefined> {
    const stored = await this.#parts.store.models.file(record);
    return stored && stored.length <= FILE_BYTES_MAX ? stored : undefined;
  }

  /** For collectors that will want it: a model that was trained before there were others. */
  async #share(record: ModelRecord): Promise<void> {
    const { store, shared } = this.#parts;
    if (shared) await store.models.keepFile(record, await this.#files.read(record));
  }

  async #openFile(record: ModelRecord): Promise<{ card: ModelCard; body: Buffer }> {
    const featuresVersion = this.#featuresVersion(record.name);
    const opened = await this.#files.open(record, { featuresVersion, publicKey: this.#publicKey() });
    if (opened.card.digest !== Buffer.from(record.digest).toString('hex')) {
      throw new ModelError('digest', 'this model is another one than was stored; train it again');
    }
    return opened;
  }

  #featuresVersion(name: string): number {
    if (isModelName(name)) return FEATURES_VERSION;
    const other = this.#other(name);
    if (!other) throw new ModelError('mismatch', `this release has no ${name}`);
    return other.featuresVersion;
  }
}
