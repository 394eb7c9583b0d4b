// The private keys that open what agents seal, and what agents are told of them.
//
// Invariants: `#open` holds the epochs whose envelopes are taken, `#gone` those that never are again, with the code they
// are refused with; an epoch is in one of them at most. Announcements are signed once and kept until something in them changes.
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { type KemKey, kemAlgorithmOf, keyId, signKemKey } from '@threatguard/proto';
import type { HeldKey } from '../../store/epoch-store.ts';
import type { CollectorSigner } from '../collector-identity.ts';
import type { EpochKey } from './epoch-files.ts';

/** What the threads that open envelopes have to know. */
export interface OpeningKeys {
  open: ReadonlyMap<number, KeyObject>;
  gone: ReadonlyMap<number, 'epoch_destroyed' | 'epoch_refused'>;
}

export class KemKeys {
  readonly #signer: () => CollectorSigner;
  readonly #open = new Map<number, EpochKey & { publicKey: KeyObject; publicKeySha256: Uint8Array }>();
  readonly #gone = new Map<number, 'epoch_destroyed' | 'epoch_refused'>();
  /** Still opened, and announced as refused already. */
  readonly #leaving = new Set<number>();
  readonly #announced = new Map<number, { kemKey: KemKey; by: X509Certificate; refusedBefore: number }>();

  /** `signer` is asked at each announcement: the collector's certificate is renewed now and then. */
  constructor(signer: () => CollectorSigner) {
    this.#signer = signer;
  }

  /** From now on what is sealed for it is opened. */
  add(key: EpochKey): void {
    const publicKey = createPublicKey(key.key);
    this.#open.set(key.epoch, { ...key, publicKey, publicKeySha256: keyId(publicKey) });
    this.#gone.delete(key.epoch);
    this.#leaving.delete(key.epoch);
  }

  /** Announcements say from now on that nothing sealed for it is taken; to be followed by `drop`. */
  leave(epoch: number): void {
    this.#leaving.add(epoch);
  }

  /** Nothing sealed for it is opened any more; the key is forgotten. */
  drop(epoch: number, code: 'epoch_destroyed' | 'epoch_refused'): void {
    this.#open.delete(epoch);
    this.#announced.delete(epoch);
    this.#gone.set(epoch, code);
  }

  has(epoch: number): boolean {
    return this.#open.has(epoch);
  }

  /** Of the SubjectPublicKeyInfo; undefined for an epoch whose envelopes are not taken. */
  publicKeySha256(epoch: number): Uint8Array | undefined {
    return this.#open.get(epoch)?.publicKeySha256;
  }

  /** What an agent is told to seal for this epoch, signed; the epoch must be open. */
  announcement(epoch: number): KemKey {
    const { privateKey, certificate: by } = this.#signer();
    const refusedBefore = Math.min(...[...this.#open.keys()].filter((each) => !this.#leaving.has(each)));
    const known = this.#announced.get(epoch);
    if (known?.by === by && known.refusedBefore === refusedBefore) return known.kemKey;
    const { publicKey, createdAtUs } = this.#open.get(epoch)!;
    const kemKey = signKemKey({
      epoch,
      publicKey,
      createdAtUs,
      refusedBefore,
      signer: { privateKey, certificate: by },
    });
    this.#announced.set(epoch, { kemKey, by, refusedBefore });
    return kemKey;
  }

  opening(): OpeningKeys {
    return { open: new Map(Array.from(this.#open, ([epoch, { key }]) => [epoch, key])), gone: new Map(this.#gone) };
  }
}

/** A key as the store knows it. */
export function heldKey({ epoch, key, createdAtUs }: EpochKey): HeldKey {
  return { epoch, algorithm: kemAlgorithmOf(key) ?? '', publicKeySha256: keyId(createPublicKey(key)), createdAtUs };
}
