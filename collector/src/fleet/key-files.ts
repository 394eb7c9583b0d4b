// Keys and certificates on disk. A key file is written once, readable by its owner only, and never half.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  activeProfile,
  activeProvider,
  type KemAlgorithm,
  keyAtRest,
  openKey,
  type SignatureAlgorithm,
} from '@threatguard/proto';

/**
 * The private key in a file; made there if the file does not exist, never overwritten if it does. PKCS#8, PEM, sealed where
 * this process has a passphrase; `open` keys are not, because a program without it reads them. Throws SealedKeyError.
 */
export async function loadOrMakeKey(
  path: string,
  algorithm: SignatureAlgorithm | KemAlgorithm,
  { open = false } = {},
): Promise<{ key: KeyObject; made: boolean }> {
  const existing = await readIfThere(path);
  if (existing !== undefined) return { key: createPrivateKey(openKey(existing, path)), made: false };
  const { privateKey } = activeProvider().generate(algorithm);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  await writeOnce(path, open ? pem : keyAtRest(pem));
  return { key: createPrivateKey(openKey(await readFile(path, 'utf8'), path)), made: true };
}

export function loadOrMakeSigningKey(
  path: string,
  options?: { open: boolean },
): Promise<{ key: KeyObject; made: boolean }> {
  return loadOrMakeKey(path, activeProfile().signature, options);
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function readBytesIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Overwrites a key and removes it; nothing where there is none. What the disk keeps elsewhere is beyond a program. */
export async function destroyKey(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r+');
    const { size } = await file.stat();
    await file.write(new Uint8Array(size), 0, size, 0);
    await file.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await unlink(path);
}

/** Writes a file that must not exist yet; one that appeared meanwhile wins. */
export async function writeOnce(path: string, text: string | Uint8Array): Promise<void> {
  const temporary = await writeTemporary(path, text);
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(temporary);
  }
}

/** Replaces a file whole. For certificates and settings, never for keys. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await rename(await writeTemporary(path, text), path);
}

async function writeTemporary(path: string, text: string | Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.new`;
  await using file = await open(temporary, 'w', 0o600);
  await file.writeFile(text);
  // Before it gets its name: after a power cut the name must not stand for an empty key.
  await file.sync();
  return temporary;
}
