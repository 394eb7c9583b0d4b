// The fleet's ML-KEM keys: one file per epoch, the newest announced, all of them able to open what was sealed for them.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { activeProfile, type KemKey, kemAlgorithmOf, keyId, signKemKey } from '@threatguard/proto';
import type { HeldKey } from '../store/store.ts';
import type { CollectorIdentity } from './collector-identity.ts';
import { loadOrMakeKey } from './key-files.ts';

const EPOCH_FILE = /^epoch-([1-9][0-9]{0,8})\.key$/;

export class KemKeys {
  readonly epoch: number;
  /** What agents are told, signed by the collector. */
  readonly announced: KemKey;
  readonly #keys: Map<number, KeyObject>;
  readonly #createdAtUs: Map<number, number>;

  private constructor(
    keys: Map<number, KeyObject>,
    createdAtUs: Map<number, number>,
    { epoch, announced }: { epoch: number; announced: KemKey },
  ) {
    this.#keys = keys;
    this.#createdAtUs = createdAtUs;
    this.epoch = epoch;
    this.announced = announced;
  }

  /** Reads every epoch of a directory; makes the first where there is none. */
  static async load(directory: string, signer: CollectorIdentity): Promise<KemKeys> {
    const first = await loadOrMakeKey(join(directory, 'epoch-1.key'), activeProfile().kem);
    const keys = new Map([[1, first.key]]);
    for (const name of await readdir(directory)) {
      const epoch = Number(EPOCH_FILE.exec(name)?.[1] ?? 0);
      if (epoch < 2) continue;
      const loaded = await loadOrMakeKey(join(directory, name), activeProfile().kem);
      keys.set(epoch, loaded.key);
    }
    const epoch = Math.max(...keys.keys());
    const createdAtUs = new Map<number, number>();
    for (const each of keys.keys()) {
      const { mtimeMs } = await stat(join(directory, `epoch-${each}.key`));
      createdAtUs.set(each, Math.round(mtimeMs * 1000));
    }
    const publicKey = createPublicKey(keys.get(epoch)!);
    const announced = signKemKey({ epoch, publicKey, createdAtUs: createdAtUs.get(epoch)!, signer });
    return new KemKeys(keys, createdAtUs, { epoch, announced });
  }

  /** Every epoch there is a key of, by its public half. */
  held(): HeldKey[] {
    return Array.from(this.#keys, ([epoch, key]) => ({
      epoch,
      algorithm: kemAlgorithmOf(key) ?? '',
      publicKeySha256: keyId(createPublicKey(key)),
      createdAtUs: this.#createdAtUs.get(epoch)!,
    }));
  }

  /** By epoch. */
  privateKeys(): ReadonlyMap<number, KeyObject> {
    return this.#keys;
  }
}
