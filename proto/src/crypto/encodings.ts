// Raw encodings of FIPS 203 and FIPS 204 in and out of KeyObjects.
//
//   PrivateKey ::= CHOICE { seed [0] OCTET STRING, expandedKey OCTET STRING, both SEQUENCE { seed, expandedKey } }
//
// stands in PKCS#8 for ML-DSA (RFC 9881 section 6) and ML-KEM (RFC 9935 section 6) alike. OpenSSL reads all three, refuses a
// `both` whose parts differ, and writes the seed where there is one.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import {
  KEM_ALGORITHMS,
  type KemAlgorithm,
  kemAlgorithmOf,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  signatureAlgorithmOf,
} from '../algorithms.ts';

export type Algorithm = SignatureAlgorithm | KemAlgorithm;

/** A private key as one of its two encodings. */
export type RawPrivateKey = { seed: Uint8Array } | { expandedKey: Uint8Array };

const ROWS = { ...SIGNATURE_ALGORITHMS, ...KEM_ALGORITHMS };

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const SEED = 0x80;

/** Throws TypeError for a key that is of none of our algorithms. */
export function algorithmOf(key: KeyObject): Algorithm {
  const algorithm = signatureAlgorithmOf(key) ?? kemAlgorithmOf(key);
  if (!algorithm) throw new TypeError(`a key of type ${key.asymmetricKeyType} is of no algorithm of ours`);
  return algorithm;
}

/** Throws the error of OpenSSL for bytes that are no such key. */
export function importPublicKey(algorithm: Algorithm, raw: Uint8Array): KeyObject {
  const key = der(SEQUENCE, identifier(algorithm), der(BIT_STRING, Buffer.of(0), raw));
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

export function exportPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'raw-public' });
}

/** Throws the error of OpenSSL for bytes that are no such key. */
export function importPrivateKey(algorithm: Algorithm, raw: RawPrivateKey): KeyObject {
  const choice = 'seed' in raw ? der(SEED, raw.seed) : der(OCTET_STRING, raw.expandedKey);
  const key = der(SEQUENCE, der(INTEGER, Buffer.of(0)), identifier(algorithm), der(OCTET_STRING, choice));
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** The seed of a key that was made or read with one; its expanded encoding otherwise. */
export function exportPrivateKey(key: KeyObject): RawPrivateKey {
  const { expandedKeyBytes } = ROWS[algorithmOf(key)];
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  // OpenSSL writes the seed alone wherever it has one; the expanded key ends the structure.
  if (pkcs8.length < expandedKeyBytes) return { seed: key.export({ format: 'raw-seed' }) };
  return { expandedKey: pkcs8.subarray(-expandedKeyBytes) };
}

function identifier(algorithm: Algorithm): Buffer {
  return der(SEQUENCE, der(OBJECT_IDENTIFIER, objectIdentifier(ROWS[algorithm].oid)));
}

/** X.690 8.19: the first two arcs in one byte, the others in base 128. */
function objectIdentifier(oid: string): Buffer {
  const [first = 0, second = 0, ...others] = oid.split('.').map(Number);
  const bytes = others.flatMap((arc) => (arc < 128 ? [arc] : [0x80 | (arc >> 7), arc & 0x7f]));
  return Buffer.of(first * 40 + second, ...bytes);
}

/** X.690 8.1: tag, length, contents; none of ours reaches 64 KiB. */
function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...lengthBytes), body]);
}
