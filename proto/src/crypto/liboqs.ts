// FIPS 203 and 204 as liboqs implements them, in WebAssembly: a second implementation, written by others, to hold the first
// against, and to change to should one prove faulty. It promises no constant time: WebAssembly is compiled as the engine
// likes, which is why `openssl` is the default.
//
// Private keys are in the module's memory for one call, and overwritten after it.
import { type KeyObject, randomBytes } from 'node:crypto';
import { KEM_ALGORITHMS, type KemAlgorithm, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../algorithms.ts';
import {
  type Algorithm,
  algorithmOf,
  exportPrivateKey,
  exportPublicKey,
  importPrivateKey,
  importPublicKey,
} from './encodings.ts';
import { LiboqsError, type LoadedModule, loadModule, type OqsModule } from './liboqs-module.ts';
import { OPENSSL } from './openssl.ts';
import type { CryptoProvider } from './provider.ts';

type SignatureModule = LoadedModule & { structures: Map<SignatureAlgorithm, number> };
type KemModule = LoadedModule & { structures: Map<KemAlgorithm, number> };

const ROWS = { ...SIGNATURE_ALGORITHMS, ...KEM_ALGORITHMS };
const NAME_BYTES_MAX = 64;
const SIZE_BYTES = 4;

let loaded: Promise<CryptoProvider> | undefined;

/** The provider, once per thread. Throws LiboqsError. */
export function loadLiboqs(): Promise<CryptoProvider> {
  loaded ??= Promise.all([loadModule('signature'), loadModule('kem')]).then(([signature, kem]) => {
    const provider = new Liboqs(
      { ...signature, structures: structuresOf(signature.oqs, '_OQS_SIG_new', SIGNATURE_ALGORITHMS) },
      { ...kem, structures: structuresOf(kem.oqs, '_OQS_KEM_new', KEM_ALGORITHMS) },
    );
    testAgainstOpenssl(provider);
    return provider;
  });
  return loaded;
}

class Liboqs implements CryptoProvider {
  readonly name = 'liboqs';
  readonly #signature: SignatureModule;
  readonly #kem: KemModule;
  /** Expanding a seed costs as much as a signature, and a process has few keys. */
  readonly #expanded = new WeakMap<KeyObject, Uint8Array>();

  constructor(signature: SignatureModule, kem: KemModule) {
    this.#signature = signature;
    this.#kem = kem;
  }

  sign({ message, privateKey, context }: Parameters<CryptoProvider['sign']>[0]): Buffer {
    const algorithm = signatureName(privateKey);
    const { signatureBytes } = SIGNATURE_ALGORITHMS[algorithm];
    const { oqs, call } = this.#signature;
    using heap = new Heap(oqs);
    const signature = heap.room(signatureBytes);
    const [text, domain, key] = [heap.put(message), heap.put(context), heap.put(this.#expand(privateKey))];
    const size = heap.room(SIZE_BYTES);
    const result = call(`${algorithm} sign`)(signature, size, text, message.length, domain, context.length, key);
    if (result !== 0) throw new Error(`liboqs could not sign with ${algorithm}`);
    return heap.get(signature, signatureBytes);
  }

  verify({ message, signature, publicKey, context }: Parameters<CryptoProvider['verify']>[0]): boolean {
    const algorithm = signatureName(publicKey);
    if (signature.length !== SIGNATURE_ALGORITHMS[algorithm].signatureBytes) return false;
    const { oqs, call } = this.#signature;
    using heap = new Heap(oqs);
    const [made, text, domain] = [heap.put(signature), heap.put(message), heap.put(context)];
    const key = heap.put(exportPublicKey(publicKey));
    const parameters = [made, signature.length, text, message.length, domain, context.length, key];
    return call(`${algorithm} verify`)(...parameters) === 0;
  }

  encapsulate(publicKey: KeyObject): { ciphertext: Uint8Array; sharedKey: Uint8Array } {
    const algorithm = kemName(publicKey);
    const { ciphertextBytes, sharedKeyBytes } = KEM_ALGORITHMS[algorithm];
    const { oqs, structures } = this.#kem;
    using heap = new Heap(oqs);
    const [ciphertext, secret] = [heap.room(ciphertextBytes), heap.room(sharedKeyBytes)];
    const key = heap.put(exportPublicKey(publicKey));
    const result = oqs._OQS_KEM_encaps(structures.get(algorithm)!, ciphertext, secret, key);
    if (result !== 0) throw new Error(`liboqs could not encapsulate with ${algorithm}`);
    return { ciphertext: heap.get(ciphertext, ciphertextBytes), sharedKey: heap.get(secret, sharedKeyBytes) };
  }

  decapsulate({ privateKey, ciphertext }: Parameters<CryptoProvider['decapsulate']>[0]): Uint8Array {
    const algorithm = kemName(privateKey);
    const { ciphertextBytes, sharedKeyBytes } = KEM_ALGORITHMS[algorithm];
    if (ciphertext.length !== ciphertextBytes) {
      throw new RangeError(`a ciphertext of ${algorithm} has ${ciphertextBytes} bytes, not ${ciphertext.length}`);
    }
    const { oqs, structures } = this.#kem;
    using heap = new Heap(oqs);
    const secret = heap.room(sharedKeyBytes);
    const [sealed, key] = [heap.put(ciphertext), heap.put(this.#expand(privateKey))];
    const result = oqs._OQS_KEM_decaps(structures.get(algorithm)!, secret, sealed, key);
    if (result !== 0) throw new Error(`liboqs could not decapsulate with ${algorithm}`);
    return heap.get(secret, sharedKeyBytes);
  }

  generate(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
    const seed = randomBytes(ROWS[algorithm].seedBytes);
    const { publicKey, expandedKey } = this.#fromSeed(algorithm, seed);
    const privateKey = importPrivateKey(algorithm, { seed });
    this.#expanded.set(privateKey, expandedKey);
    return { privateKey, publicKey: importPublicKey(algorithm, publicKey) };
  }

  #expand(privateKey: KeyObject): Uint8Array {
    let expanded = this.#expanded.get(privateKey);
    if (!expanded) {
      const raw = exportPrivateKey(privateKey);
      expanded = 'seed' in raw ? this.#fromSeed(algorithmOf(privateKey), raw.seed).expandedKey : raw.expandedKey;
      this.#expanded.set(privateKey, expanded);
    }
    return expanded;
  }

  #fromSeed(algorithm: Algorithm, seed: Uint8Array): { publicKey: Uint8Array; expandedKey: Uint8Array } {
    const { publicKeyBytes, expandedKeyBytes } = ROWS[algorithm];
    const isKem = algorithm in KEM_ALGORITHMS;
    const { oqs, seeded } = isKem ? this.#kem : this.#signature;
    using heap = new Heap(oqs);
    const [publicKey, expandedKey] = [heap.room(publicKeyBytes), heap.room(expandedKeyBytes)];
    seeded(seed, () => {
      const result = isKem
        ? oqs._OQS_KEM_keypair(this.#kem.structures.get(algorithm as KemAlgorithm)!, publicKey, expandedKey)
        : oqs._OQS_SIG_keypair(
            this.#signature.structures.get(algorithm as SignatureAlgorithm)!,
            publicKey,
            expandedKey,
          );
      if (result !== 0) throw new Error(`liboqs could not make a key of ${algorithm}`);
    });
    return { publicKey: heap.get(publicKey, publicKeyBytes), expandedKey: heap.get(expandedKey, expandedKeyBytes) };
  }
}

/** Memory of the module for one call; overwritten before it is given back. */
class Heap implements Disposable {
  readonly #oqs: OqsModule;
  readonly #taken: { pointer: number; bytes: number }[] = [];

  constructor(oqs: OqsModule) {
    this.#oqs = oqs;
  }

  room(bytes: number): number {
    const pointer = this.#oqs._malloc(Math.max(1, bytes));
    if (pointer === 0) throw new RangeError(`liboqs has no room for ${bytes} bytes`);
    this.#taken.push({ pointer, bytes });
    return pointer;
  }

  put(content: Uint8Array): number {
    const pointer = this.room(content.length);
    this.#oqs.HEAPU8.set(content, pointer);
    return pointer;
  }

  /** A copy. */
  get(pointer: number, bytes: number): Buffer {
    return Buffer.from(this.#oqs.HEAPU8.subarray(pointer, pointer + bytes));
  }

  [Symbol.dispose](): void {
    for (const { pointer, bytes } of this.#taken) {
      this.#oqs.HEAPU8.fill(0, pointer, pointer + bytes);
      this.#oqs._free(pointer);
    }
  }
}

function structuresOf<Name extends string>(
  oqs: OqsModule,
  make: '_OQS_SIG_new' | '_OQS_KEM_new',
  table: Record<Name, unknown>,
): Map<Name, number> {
  return new Map(
    (Object.keys(table) as Name[]).map((name) => {
      using heap = new Heap(oqs);
      const text = heap.room(NAME_BYTES_MAX);
      oqs.stringToUTF8(name, text, NAME_BYTES_MAX);
      const structure = oqs[make](text);
      if (structure === 0) throw new LiboqsError('other_build', `this build of liboqs does not have ${name}`);
      return [name, structure];
    }),
  );
}

/** At every start: both providers must take what the other made, under the same context only. */
function testAgainstOpenssl(liboqs: CryptoProvider): void {
  const [message, context, other] = ['message', 'threatguard/self-test/v1', 'threatguard/other/v1'].map((text) =>
    Buffer.from(text),
  );
  const holds = [
    [liboqs, OPENSSL],
    [OPENSSL, liboqs],
  ].every(([maker, taker]) => {
    const signing = maker!.generate('ML-DSA-65');
    const signature = maker!.sign({ message: message!, privateKey: signing.privateKey, context: context! });
    const check = (under: Buffer) =>
      taker!.verify({ message: message!, signature, publicKey: signing.publicKey, context: under });
    const sealing = taker!.generate('ML-KEM-768');
    const { ciphertext, sharedKey } = maker!.encapsulate(sealing.publicKey);
    const opened = taker!.decapsulate({ privateKey: sealing.privateKey, ciphertext });
    return check(context!) && !check(other!) && Buffer.compare(opened, sharedKey) === 0;
  });
  if (!holds)
    throw new LiboqsError('self_test_failed', 'liboqs and OpenSSL do not agree; set crypto.provider to openssl');
}

function signatureName(key: KeyObject): SignatureAlgorithm {
  const algorithm = algorithmOf(key);
  if (algorithm in SIGNATURE_ALGORITHMS) return algorithm as SignatureAlgorithm;
  throw new TypeError(`a key of ${algorithm} does not sign`);
}

function kemName(key: KeyObject): KemAlgorithm {
  const algorithm = algorithmOf(key);
  if (algorithm in KEM_ALGORITHMS) return algorithm as KemAlgorithm;
  throw new TypeError(`a key of ${algorithm} does not encapsulate`);
}
