// The keys that sign access tokens: of the fleet's ML-DSA, and of RS256 where tokens carry both signatures.
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { activeProfile, keyAtRest, keyId, openKey } from '@threatguard/proto';
import { exportJWK, type JWK } from 'jose';
import { loadOrMakeSigningKey, readIfThere, writeOnce } from '../fleet/key-files.ts';

/** NIST SP 800-57 part 1: 128 bits until ML-DSA beside it is all there is. */
const RSA_BITS = 3072;

/** `ml-dsa`: one signature. `hybrid`: one of each algorithm over the same claims, and both must verify. */
export type TokenMode = 'ml-dsa' | 'hybrid';

export interface TokenKey {
  algorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** Those whose signatures a token must have, in their order: all of them and no other. */
export async function loadTokenKeys(directory: string, mode: TokenMode): Promise<TokenKey[]> {
  const { key } = await loadOrMakeSigningKey(join(directory, 'tokens.key'));
  const keys = [tokenKey(activeProfile().signature, key)];
  if (mode === 'hybrid') keys.push(tokenKey('RS256', await loadOrMakeRsaKey(join(directory, 'tokens-rsa.key'))));
  return keys;
}

/** 32 bytes that never leave this collector, made at the first start. */
export async function loadOrMakeBoxKey(directory: string): Promise<Uint8Array> {
  const path = join(directory, 'box.key');
  const stored = await readIfThere(path);
  if (stored === undefined) await writeOnce(path, `${randomBytes(32).toString('base64')}\n`);
  return Buffer.from(stored ?? (await readIfThere(path))!, 'base64');
}

/** RFC 7517; public keys only. */
export async function publicKeySet(keys: readonly TokenKey[]): Promise<{ keys: JWK[] }> {
  const all = keys.map(async ({ algorithm, id, publicKey }) => ({
    ...(await exportJWK(publicKey)),
    kid: id,
    alg: algorithm,
    use: 'sig',
  }));
  return { keys: await Promise.all(all) };
}

function tokenKey(algorithm: string, privateKey: KeyObject): TokenKey {
  const publicKey = createPublicKey(privateKey);
  return { algorithm, privateKey, publicKey, id: keyId(publicKey).toString('hex') };
}

async function loadOrMakeRsaKey(path: string): Promise<KeyObject> {
  let pem = await readIfThere(path);
  if (pem === undefined) {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
    await writeOnce(path, keyAtRest(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string));
    pem = (await readIfThere(path))!;
  }
  return createPrivateKey(openKey(pem, path));
}
