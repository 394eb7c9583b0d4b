// The versions of the models that were trained: their records in the store, their files beside it. Who uses which is another matter
// (registry.ts).
//
// Invariant: a record is in the store only after its file is whole on disk. What is opened is what this collector signed and stored.
// Where several collectors share the store, files are kept there as well, and a file that is not here or is another one is taken
// from there.
import { createPublicKey } from 'node:crypto';
import { signBytes } from '@threatguard/proto';
import type { CollectorSigner } from '../../../fleet/collector-identity.ts';
import type { AuditActor } from '../../../store/audit-entry.ts';
import type { ModelRecord, ModelStore } from '../../../store/behaviour-store.ts';
import { ModelError } from './model-error.ts';
import { encodeCard, encodeModelFile, FILE_BYTES_MAX, type ModelCard } from './model-file.ts';
import { ModelFiles } from './model-files.ts';

/** Of one name; the oldest that is not active goes. */
const VERSIONS_KEPT = 5;

export interface VersionsParts {
  directory: string;
  store: ModelStore;
  signer: () => CollectorSigner;
  nowUs: () => number;
  /** Whether other collectors use the store. */
  shared?: boolean | undefined;
}

export class ModelVersions {
  readonly #parts: VersionsParts;
  readonly #files: ModelFiles;

  constructor(parts: VersionsParts) {
    this.#parts = parts;
    this.#files = new ModelFiles(parts.directory);
  }

  prepare(): Promise<void> {
    return this.#files.prepare();
  }

  /** By name, newest version first. */
  list(): Promise<ModelRecord[]> {
    return this.#parts.store.list();
  }

  async ofName(name: string): Promise<ModelRecord[]> {
    return (await this.list()).filter((record) => record.name === name);
  }

  /** A version, or where that is 0 the active one, else the newest. */
  async find(name: string, version: number): Promise<ModelRecord> {
    const versions = await this.ofName(name);
    const found =
      version > 0
        ? versions.find((record) => record.version === version)
        : (versions.find(({ state }) => state === 'active') ?? versions[0]);
    if (found) return found;
    const what = version > 0 ? `version ${version} of ${name}` : `a model ${JSON.stringify(name)}`;
    throw new ModelError('unknown', `there is no ${what}; "threatguard models list" shows what there is`);
  }

  /** Of the next version. */
  async nextNumber(name: string): Promise<number> {
    const versions = await this.ofName(name);
    return Math.max(0, ...versions.map(({ version }) => version)) + 1;
  }

  /** Signs and keeps a version; `notice` is why it does not come into use by itself, empty where it does. */
  async save(
    card: ModelCard,
    body: Uint8Array,
    { notice, by }: { notice: string; by: AuditActor | undefined },
  ): Promise<ModelRecord> {
    const { store, signer, nowUs } = this.#parts;
    const { privateKey, certificate } = signer();
    const encoded = encodeCard(card);
    const signature = signBytes({ message: encoded, privateKey, purpose: 'model' });
    const file = encodeModelFile({ card: encoded, signature, body });
    await this.#files.write(card, file);
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
    await store.add(record, nowUs(), by);
    if (this.#parts.shared) await store.keepFile(record, file);
    await this.#forgetOld(card.name);
    return record;
  }

  /** Reads and checks the file of a version. The store's digest has to be that of the card: a file alone proves nothing. */
  async open(record: ModelRecord, featuresVersion: number): Promise<{ card: ModelCard; body: Buffer }> {
    try {
      return await this.#openFile(record, featuresVersion);
    } catch (error) {
      const stored = this.#parts.shared && error instanceof ModelError ? await this.#stored(record) : undefined;
      if (!stored) throw error;
      await this.#files.write(record, stored);
      return await this.#openFile(record, featuresVersion);
    }
  }

  /** For collectors that will want it: a version that was trained before there were others. */
  async share(record: ModelRecord): Promise<void> {
    const { store, shared } = this.#parts;
    if (shared) await store.keepFile(record, await this.#files.read(record));
  }

  /** As another collector put it into the store; undefined where it did not. */
  async #stored(record: ModelRecord): Promise<Uint8Array | undefined> {
    const stored = await this.#parts.store.file(record);
    return stored && stored.length <= FILE_BYTES_MAX ? stored : undefined;
  }

  async #openFile(record: ModelRecord, featuresVersion: number): Promise<{ card: ModelCard; body: Buffer }> {
    const publicKey = createPublicKey(this.#parts.signer().privateKey);
    const opened = await this.#files.open(record, { featuresVersion, publicKey });
    if (opened.card.digest !== Buffer.from(record.digest).toString('hex')) {
      throw new ModelError('digest', 'this model is another one than was stored; train it again');
    }
    return opened;
  }

  /** Beyond VERSIONS_KEPT the oldest go, with their files. */
  async #forgetOld(name: string): Promise<void> {
    const versions = await this.ofName(name);
    for (const record of versions.slice(VERSIONS_KEPT).filter(({ state }) => state !== 'active')) {
      await this.#parts.store.remove(record.name, record.version);
      await this.#files.remove(record);
    }
  }
}
