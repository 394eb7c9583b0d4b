// The fleet's ML-KEM keys: one file per epoch, the newest announced, all of them able to open what was sealed for them.
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KEM_ALGORITHM, KEM_ALGORITHMS, type KemKey, keyId, signKemKey } from '@threatguard/proto';
import type { HeldKey } from '../store/store.ts';
import type { CollectorIdentity } from './collector-identity.ts';
import { loadOrMakeKey } from './key-files.ts';

const EPOCH_FILE = /^epoch-([1-9][0-9]{0,8})\.key$/;

export class KemKeys {
  readonly epoch: number;
  readonly #signer: CollectorIdentity;
  #signed: { announced: KemKey; certificate: X509Certificate } | undefined;
  readonly #keys: Map<number, KeyObject>;
  readonly #createdAtUs: Map<number, number>;

  private constructor(
    keys: Map<number, KeyObject>,
    createdAtUs: Map<number, number>,
    { epoch, signer }: { epoch: number; signer: CollectorIdentity },
  ) {
    this.#keys = keys;
    this.#createdAtUs = createdAtUs;
    this.epoch = epoch;
    this.#signer = signer;
  }

  /** What agents are told, signed by the collector: anew when its certificate was renewed. */
  get announced(): KemKey {
    const { certificate, privateKey } = this.#signer;
    if (this.#signed?.certificate !== certificate) {
      const announced = signKemKey({
        epoch: this.epoch,
        publicKey: createPublicKey(this.#keys.get(this.epoch)!),
        createdAtUs: this.#createdAtUs.get(this.epoch)!,
        signer: { privateKey, certificate },
      });
      this.#signed = { announced, certificate };
    }
    return this.#signed.announced;
  }

  /** Reads every epoch of a directory; makes the first where there is none. */
  static async load(directory: string, signer: CollectorIdentity): Promise<KemKeys> {
    const first = await loadOrMakeKey(join(directory, 'epoch-1.key'), KEM_ALGORITHMS[KEM_ALGORITHM].keyType);
    const keys = new Map([[1, first.key]]);
    for (const name of await readdir(directory)) {
      const epoch = Number(EPOCH_FILE.exec(name)?.[1] ?? 0);
      if (epoch < 2) continue;
      const loaded = await loadOrMakeKey(join(directory, name), KEM_ALGORITHMS[KEM_ALGORITHM].keyType);
      keys.set(epoch, loaded.key);
    }
    const epoch = Math.max(...keys.keys());
    const createdAtUs = new Map<number, number>();
    for (const each of keys.keys()) {
      const { mtimeMs } = await stat(join(directory, `epoch-${each}.key`));
      createdAtUs.set(each, Math.round(mtimeMs * 1000));
    }
    return new KemKeys(keys, createdAtUs, { epoch, signer });
  }

  /** Every epoch there is a key of, by its public half. */
  held(): HeldKey[] {
    return Array.from(this.#keys, ([epoch, key]) => ({
      epoch,
      algorithm: KEM_ALGORITHM,
      publicKeySha256: keyId(createPublicKey(key)),
      createdAtUs: this.#createdAtUs.get(epoch)!,
    }));
  }

  /** By epoch. */
  privateKeys(): ReadonlyMap<number, KeyObject> {
    return this.#keys;
  }
}
