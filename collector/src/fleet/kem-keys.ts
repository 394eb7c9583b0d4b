// The fleet's ML-KEM keys: one file per epoch, the newest announced, all of them able to open what was sealed for them.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KEM_ALGORITHM, KEM_ALGORITHMS, type KemKey, signKemKey } from '@threatguard/proto';
import type { CollectorIdentity } from './collector-identity.ts';
import { loadOrMakeKey } from './key-files.ts';

const EPOCH_FILE = /^epoch-([1-9][0-9]{0,8})\.key$/;

export class KemKeys {
  readonly epoch: number;
  /** What agents are told, signed by the collector. */
  readonly announced: KemKey;
  readonly #keys: Map<number, KeyObject>;

  private constructor(keys: Map<number, KeyObject>, epoch: number, announced: KemKey) {
    this.#keys = keys;
    this.epoch = epoch;
    this.announced = announced;
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
    const { mtimeMs } = await stat(join(directory, `epoch-${epoch}.key`));
    const publicKey = createPublicKey(keys.get(epoch)!);
    const announced = signKemKey({ epoch, publicKey, createdAtUs: Math.round(mtimeMs * 1000), signer });
    return new KemKeys(keys, epoch, announced);
  }

  /** By epoch. */
  privateKeys(): ReadonlyMap<number, KeyObject> {
    return this.#keys;
  }
}
