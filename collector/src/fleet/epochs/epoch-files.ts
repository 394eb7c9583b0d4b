// Private keys of ML-KEM epochs on disk, one file each. A file's name is on disk before anybody hears of its epoch, and is
// gone from there before anybody is told that the epoch is destroyed.
import { type KeyObject, randomBytes } from 'node:crypto';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { activeProfile } from '@threatguard/proto';
import { loadOrMakeKey } from '../key-files.ts';

const EPOCH_FILE = /^epoch-([1-9][0-9]{0,8})\.key$/;

export interface EpochKey {
  epoch: number;
  key: KeyObject;
  createdAtUs: number;
}

/** Every epoch there is a file of, in order. */
export async function loadEpochKeys(directory: string): Promise<EpochKey[]> {
  const epochs = (await readdir(directory))
    .map((name) => Number(EPOCH_FILE.exec(name)?.[1] ?? 0))
    .filter((epoch) => epoch > 0)
    .sort((a, b) => a - b);
  return Promise.all(epochs.map((epoch) => loadEpochKey(directory, epoch)));
}

/** A new key under its name; the one there where an interrupted rotation made it already. On disk when this resolves. */
export async function makeEpochKey(directory: string, epoch: number): Promise<EpochKey> {
  const made = await loadEpochKey(directory, epoch);
  await syncDirectory(directory);
  return made;
}

/** The first epoch of a fleet that has none. */
export async function makeFirstEpochKey(directory: string): Promise<void> {
  if ((await loadEpochKeys(directory)).length === 0) await makeEpochKey(directory, 1);
}

/**
 * Overwrites a key file where it lies, asks the disk to keep that, and removes it; nothing to do where it is gone. What a
 * disk or file system that writes elsewhere keeps of it is beyond a program's reach (SECURITY.md).
 */
export async function destroyEpochKey(directory: string, epoch: number): Promise<void> {
  const path = pathOf(directory, epoch);
  try {
    await overwrite(path);
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await syncDirectory(directory);
}

async function overwrite(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const { size } = await file.stat();
  await file.write(randomBytes(size), 0, size, 0);
  await file.sync();
}

async function loadEpochKey(directory: string, epoch: number): Promise<EpochKey> {
  const path = pathOf(directory, epoch);
  const { key } = await loadOrMakeKey(path, activeProfile().kem);
  const { mtimeMs } = await stat(path);
  return { epoch, key, createdAtUs: Math.round(mtimeMs * 1000) };
}

function pathOf(directory: string, epoch: number): string {
  return join(directory, `epoch-${epoch}.key`);
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}
