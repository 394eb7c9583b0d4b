// The versions of the models that were trained: their records in the store, their files beside it. Who uses which is another matter
// (registry.ts).
//
// Invariant: a record is in the store only after its file is whole on disk. What is opened is what this collector signed and stored.
import { createPublicKey } from 'node:crypto';
import { signBytes } from '@threatguard/proto';
import type { CollectorSigner } from '../../../fleet/collector-identity.ts';
import type { AuditActor } from '../../../store/audit-entry.ts';
import type { ModelRecord, ModelStore } from '../../../store/behaviour-store.ts';
import { ModelError } from './model-error.ts';
import { encodeCard, type ModelCard } from './model-file.ts';
import { ModelFiles } from './model-files.ts';

/** Of one name; the oldest that is not active goes. */
const VERSIONS_KEPT = 5;

export interface VersionsParts {
  directory: string;
  store: ModelStore;
  signer: () => CollectorSigner;
  nowUs: () => number;
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
    await this.#files.write(card, { card: encoded, signature, body });
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
    await this.#forgetOld(card.name);
    return record;
  }

  /** Reads and checks the file of a version. The store's digest has to be that of the card: a file alone proves nothing. */
  async open(record: ModelRecord, featuresVersion: number): Promise<{ card: ModelCard; body: Buffer }> {
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
