// The models that were trained: their versions, which of them is in use, and what it takes to come into use.
//
// Invariant: of each name at most one version is active, and that one was opened, its signature and digest checked, by this
// process. What cannot be opened is `refused` and takes no part.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, signBytes } from '@threatguard/proto';
import type { CollectorSigner } from '../../../fleet/collector-identity.ts';
import type { BehaviourStore, ModelRecord, ModelStore } from '../../../store/behaviour-store.ts';
import type { AuditActor } from '../../../store/store.ts';
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
import { encodeCard, encodeModelFile, FILE_BYTES_MAX, type ModelCard, openModelFile } from './model-file.ts';
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
}

export class ModelRegistry {
  /** Models of hours in use, by name. */
  readonly active = new Map<HourModelName, ActiveModel>();
  /** The model of sequences in use. */
  sequences: ActiveSequences | undefined;
  readonly #parts: RegistryParts;
  readonly #publicKey: () => KeyObject;
  #training = false;

  private constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#publicKey = () => createPublicKey(parts.signer().privateKey);
  }

  /** Opens what is active; what is not what it says is refused, and `refused` told why. */
  static async load(parts: RegistryParts, refused: (record: ModelRecord, why: string) => void): Promise<ModelRegistry> {
    const registry = new ModelRegistry(parts);
    await mkdir(parts.directory, { recursive: true, mode: 0o700 });
    for (const record of await parts.store.models.list()) {
      if (record.state !== 'active') continue;
      try {
        await registry.#use(record);
      } catch (error) {
        const why = (error as Error).message;
        const { name, version } = record;
        await parts.store.models.setState({ name, version, state: 'refused', notice: why }, parts.nowUs());
        refused(record, why);
      }
    }
    return registry;
  }

  /** By name, newest version first. */
  list(): Promise<ModelRecord[]> {
    return this.#parts.store.models.list();
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
    name: ModelName,
    how: { progress: (progress: TrainProgress) => void; signal: AbortSignal; by?: AuditActor | undefined },
  ): Promise<ModelRecord> {
    if (this.#training) throw new ModelError('busy', 'a model is being trained already; try again when it is done');
    this.#training = true;
    try {
      return await this.#train(name, how);
    } finally {
      this.#training = false;
    }
  }

  /** The last week through a version. */
  async evaluate(name: string, version: number): Promise<{ record: ModelRecord; evaluation: Evaluation }> {
    const record = await this.find(name, version);
    const model = await this.#open(record);
    const evaluation = await this.#evaluate(model, this.#parts.nowUs());
    return { record, evaluation };
  }

  /** Takes a version into use; `over_budget` where it would raise too many alerts and that is not forced. */
  async activate(name: string, version: number, how: { force: boolean; by: AuditActor }): Promise<ModelRecord> {
    const record = await this.find(name, version);
    const { alertsLastWeek, alertsAllowed } = (JSON.parse(record.card) as ModelCard).metrics;
    if (alertsLastWeek > alertsAllowed && !how.force) {
      const would = `${name} ${record.version} would have raised ${alertsLastWeek} alerts last week`;
      throw new ModelError(
        'over_budget',
        `${would}; the budget allows ${alertsAllowed.toFixed(1)}. --force does it anyway`,
      );
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

  async #train(name: ModelName, { progress, signal, by }: Parameters<ModelRegistry['train']>[1]): Promise<ModelRecord> {
    const { store, seed, nowUs } = this.#parts;
    const trainedAtUs = nowUs();
    const span = await spanOf(name, store.behaviour);
    // The last week is what it is judged by; where there is no more than two, the last third.
    const heldUs = Math.min(WEEK_US, (span.toUs - span.fromUs) / 3);
    const untilUs = span.toUs - heldUs;
    const trained = await trainModel(name, { seed, store: store.behaviour, untilUs, progress, signal });
    progress({ phase: 'evaluating', done: 0, total: 0 });
    const version =
      (await store.models.list()).reduce(
        (most, each) => (each.name === name ? Math.max(most, each.version) : most),
        0,
      ) + 1;
    const model = openModel(name, version, trained.body);
    const evaluation = await this.#evaluate(model, span.toUs, heldUs);
    if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
    const card: ModelCard = {
      name,
      version,
      trainedAtUs,
      seed,
      featuresVersion: FEATURES_VERSION,
      features: featuresOf(name),
      data: { fromUs: span.fromUs, toUs: untilUs, rows: trained.rows },
      parameters: { alertsPerHostDay: this.#parts.alertsPerHostDay },
      metrics: {
        alertsLastWeek: evaluation.alerts,
        alertsAllowed: evaluation.allowed,
        hoursLastWeek: evaluation.hours,
      },
      digest: sha256(trained.body).toString('hex'),
    };
    const record = await this.#save(card, trained.body, by);
    progress({ phase: 'saved', done: 1, total: 1 });
    if (evaluation.alerts > evaluation.allowed) return record;
    this.#take(model);
    await store.models.activate(record, nowUs(), by);
    return { ...record, state: 'active' };
  }

  async #save(card: ModelCard, body: Uint8Array, by: AuditActor | undefined): Promise<ModelRecord> {
    const { store, signer, nowUs } = this.#parts;
    const { privateKey, certificate } = signer();
    const encoded = encodeCard(card);
    const signature = signBytes({ message: encoded, privateKey, purpose: 'model' });
    await writeWhole(this.#fileOf(card), encodeModelFile({ card: encoded, signature, body }));
    const { alertsLastWeek, alertsAllowed } = card.metrics;
    const over = alertsLastWeek > alertsAllowed;
    const notice = over
      ? `would have raised ${alertsLastWeek} alerts last week; the budget allows ${alertsAllowed.toFixed(1)}`
      : '';
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
    await this.#forgetOld(card.name);
    return record;
  }

  /** Beyond VERSIONS_KEPT the oldest go, with their files. */
  async #forgetOld(name: string): Promise<void> {
    const versions = (await this.list()).filter((record) => record.name === name);
    for (const record of versions.slice(VERSIONS_KEPT).filter(({ state }) => state !== 'active')) {
      await this.#parts.store.models.remove(record.name, record.version);
      await unlink(this.#fileOf(record)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }

  #evaluate(model: OpenModel, untilUs: number, spanUs = WEEK_US): Promise<Evaluation> {
    const { store, alertsPerHostDay } = this.#parts;
    return evaluateModel(model, { store: store.behaviour, fromUs: untilUs - spanUs, untilUs, alertsPerHostDay });
  }

  async #use(record: ModelRecord): Promise<void> {
    this.#take(await this.#open(record));
  }

  #take(model: OpenModel): void {
    if (model.name === SEQUENCES) this.sequences = model;
    else this.active.set(model.name, model);
  }

  /** Reads and checks the file of a version. The store's digest has to be that of the card: a file alone proves nothing. */
  async #open(record: ModelRecord): Promise<OpenModel> {
    const { name, version } = record;
    if (!isModelName(name)) throw new ModelError('mismatch', `this release has no ${name}`);
    const bytes = await readFile(this.#fileOf(record)).catch((error: NodeJS.ErrnoException) => {
      throw new ModelError('malformed', `the file of ${name} ${version} cannot be read: ${error.message}`);
    });
    if (bytes.length > FILE_BYTES_MAX) throw new ModelError('malformed', 'a model file is larger than any model');
    const { card, body } = openModelFile(bytes, { name, version, publicKey: this.#publicKey() });
    if (card.digest !== Buffer.from(record.digest).toString('hex')) {
      throw new ModelError('digest', 'this model is another one than was stored; train it again');
    }
    return openModel(name, version, body);
  }

  #fileOf({ name, version }: { name: string; version: number }): string {
    return join(this.#parts.directory, `${name}-${version}.tgmodel`);
  }
}

/** Never half a file: written beside it, flushed, and put in its place. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
