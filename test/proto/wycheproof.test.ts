// The Wycheproof vectors for ML-DSA and ML-KEM, through our interface, on both providers. They are not in the repository:
// https://github.com/C2SP/wycheproof, testvectors_v1, packed with gzip in ../shared/data/wycheproof-pq beside it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KEM_ALGORITHMS, type KemAlgorithm, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import {
  type Algorithm,
  exportPublicKey,
  importPrivateKey,
  importPublicKey,
  type RawPrivateKey,
} from '../../proto/src/crypto/encodings.ts';
import { loadLiboqs } from '../../proto/src/crypto/liboqs.ts';
import { OPENSSL } from '../../proto/src/crypto/openssl.ts';
import type { CryptoProvider } from '../../proto/src/crypto/provider.ts';
import { ROOT } from '../support/source-files.ts';

const VECTORS = join(ROOT, '..', 'shared', 'data', 'wycheproof-pq');
const PROVIDERS = [OPENSSL, await loadLiboqs()];

interface Vector extends Record<string, unknown> {
  tcId: number;
  result: 'valid' | 'invalid';
  flags?: string[];
  comment?: string;
}

/** What a vector says, undefined for bytes it does not have. */
interface Case {
  vector: Vector;
  bytes: (name: string) => Buffer;
  has: (name: string) => boolean;
}

function casesOf(file: string): Case[] {
  const { testGroups } = JSON.parse(`${gunzipSync(readFileSync(join(VECTORS, `${file}_test.json.gz`)))}`) as {
    testGroups: (Record<string, unknown> & { tests: Vector[] })[];
  };
  return testGroups.flatMap(({ tests, ...group }) =>
    tests.map((vector) => {
      const fields: Record<string, unknown> = { ...group, ...vector };
      const has = (name: string) => typeof fields[name] === 'string';
      return { vector, has, bytes: (name: string) => Buffer.from(String(fields[name] ?? ''), 'hex') };
    }),
  );
}

/** Whether it was accepted; an error is a refusal, as it is to the one who sent the bytes. */
function accepted(attempt: () => boolean): boolean {
  try {
    return attempt();
  } catch {
    return false;
  }
}

/** The vectors that were not answered as they say, by number: none, or the test says which and why. */
function disagreements(file: string, attempt: (each: Case) => boolean, leftOut: (each: Case) => boolean = () => false) {
  const cases = casesOf(file).filter((each) => !leftOut(each));
  expect(cases.length).toBeGreaterThan(5);
  return cases
    .filter((each) => accepted(() => attempt(each)) !== (each.vector.result === 'valid'))
    .map(({ vector }) => `${vector.tcId} ${vector.result}: ${vector.comment} ${vector.flags}`);
}

function signsAsItsPublicKey(provider: CryptoProvider, each: Case, privateKey: KeyObject): boolean {
  const publicKey = createPublicKey(privateKey);
  const [message, context] = [each.bytes('msg'), each.bytes('ctx')];
  const made = provider.sign({ message, privateKey, context });
  return [each.bytes('sig'), made].every((signature) => provider.verify({ message, signature, publicKey, context }));
}

/**
 * Gives mu (FIPS 204 algorithm 7, line 6) instead of a message: signing what another has hashed is not in our interface,
 * nor in that of any provider.
 */
const givesMu = ({ has }: Case) => !has('msg');

const signing = Object.keys(SIGNATURE_ALGORITHMS) as SignatureAlgorithm[];
const sealing = Object.keys(KEM_ALGORITHMS) as KemAlgorithm[];
const privateKeyOf = (algorithm: Algorithm, raw: RawPrivateKey) => importPrivateKey(algorithm, raw);

describe.skipIf(!existsSync(VECTORS)).each(PROVIDERS)('Wycheproof on $name', (provider) => {
  describe.each(signing)('%s', (algorithm) => {
    const files = `mldsa_${algorithm.slice(-2)}`;

    it('verifies what is right and nothing else', () => {
      const attempt = ({ bytes }: Case) =>
        provider.verify({
          message: bytes('msg'),
          signature: bytes('sig'),
          publicKey: importPublicKey(algorithm, bytes('publicKey')),
          context: bytes('ctx'),
        });
      expect(disagreements(`${files}_verify`, attempt)).toEqual([]);
    });

    // Ours is hedged (FIPS 204 3.4), so signatures differ from the vectors'; both must verify under the key of the seed.
    it('signs with keys from seeds', () => {
      const attempt = (each: Case) => {
        const privateKey = privateKeyOf(algorithm, { seed: each.bytes('privateSeed') });
        const same = exportPublicKey(createPublicKey(privateKey)).equals(each.bytes('publicKey'));
        return same && signsAsItsPublicKey(provider, each, privateKey);
      };
      expect(disagreements(`${files}_sign_seed`, attempt, givesMu)).toEqual([]);
    });

    it('signs with expanded keys', () => {
      const attempt = (each: Case) =>
        signsAsItsPublicKey(provider, each, privateKeyOf(algorithm, { expandedKey: each.bytes('privateKey') }));
      expect(disagreements(`${files}_sign_noseed`, attempt, givesMu)).toEqual([]);
    });
  });

  describe.each(sealing)('%s', (algorithm) => {
    const files = `mlkem_${algorithm.slice('ML-KEM-'.length)}`;

    it('decapsulates with keys from seeds', () => {
      const attempt = ({ bytes }: Case) => {
        const privateKey = privateKeyOf(algorithm, { seed: bytes('seed') });
        const same = exportPublicKey(createPublicKey(privateKey)).equals(bytes('ek'));
        return same && bytes('K').equals(provider.decapsulate({ privateKey, ciphertext: bytes('c') }));
      };
      expect(disagreements(files, attempt)).toEqual([]);
    });

    // The vectors name the randomness m and what comes of it. Nobody chooses it through our interface: what is shown is
    // that a right key is taken, and a wrong one refused.
    it('encapsulates for right keys only', () => {
      const { ciphertextBytes } = KEM_ALGORITHMS[algorithm];
      const attempt = ({ bytes }: Case) =>
        provider.encapsulate(importPublicKey(algorithm, bytes('ek'))).ciphertext.length === ciphertextBytes;
      expect(disagreements(`${files}_encaps`, attempt)).toEqual([]);
    });

    it('makes the same key of a seed and of its expansion', () => {
      const attempt = ({ bytes }: Case) => {
        const expanded = privateKeyOf(algorithm, { expandedKey: bytes('dk') });
        const seeded = privateKeyOf(algorithm, { seed: bytes('seed') });
        const { ciphertext, sharedKey } = provider.encapsulate(importPublicKey(algorithm, bytes('ek')));
        return [expanded, seeded].every(
          (privateKey) => Buffer.compare(provider.decapsulate({ privateKey, ciphertext }), sharedKey) === 0,
        );
      };
      expect(disagreements(`${files}_keygen_seed`, attempt)).toEqual([]);
    });

    it('decapsulates with expanded keys', () => {
      const attempt = ({ bytes }: Case) => {
        const privateKey = privateKeyOf(algorithm, { expandedKey: bytes('dk') });
        return bytes('K').equals(provider.decapsulate({ privateKey, ciphertext: bytes('c') }));
      };
      expect(disagreements(`${files}_semi_expanded_decaps`, attempt)).toEqual([]);
    });
  });
});
