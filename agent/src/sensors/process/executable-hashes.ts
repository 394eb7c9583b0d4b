// SHA-256 of executables, kept by what identifies their bytes. An exec never waits for one: the first of a file goes
// without, and by the next it is known.
// Invariants: at most HASHES_MAX answers and QUEUE_MAX files waiting; one file is read at a time, BYTES_PER_SECOND at most.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { FileIdentity } from './ebpf-decode.ts';

/** Of about 300 bytes each. */
const HASHES_MAX = 4096;
const QUEUE_MAX = 256;
/** Larger ones are not read; few programs are (this runtime is about 120 MiB). */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
/** At about 1 GB/s for a hash, a host that keeps running new programs gives us 2 % of a core. */
const BYTES_PER_SECOND = 16 * 1024 * 1024;
const CHUNK_BYTES = 128 * 1024;

/** Where the executable may still be opened, first what cannot be another file. */
interface Wanted {
  pid: number;
  path: string;
  file: FileIdentity;
}

export interface ExecutableHashes {
  /** Hex where it is known; else it is asked for, where it can be had. */
  hashOf(wanted: Wanted): string | undefined;
  /** Nothing is read after it resolves. Safe twice. */
  stop(): Promise<void>;
}

export function createExecutableHashes(): ExecutableHashes {
  const hashes = new Map<string, string>();
  const queue = new Map<string, Wanted>();
  let stopped = false;
  let working: Promise<void> = Promise.resolve();
  let idle = true;

  async function work(): Promise<void> {
    for (const [key, wanted] of queue) {
      if (stopped) return;
      // An answer of '' keeps what cannot be had from being tried at every exec.
      remember(key, (await hashFile(wanted, () => stopped)) ?? '');
      queue.delete(key);
    }
    idle = true;
  }

  function remember(key: string, sha256: string): void {
    hashes.set(key, sha256);
    if (hashes.size > HASHES_MAX) hashes.delete(hashes.keys().next().value!);
  }

  return {
    hashOf(wanted) {
      const { device, inode, sizeBytes, modifiedNs, changedNs } = wanted.file;
      const key = `${device}:${inode}:${sizeBytes}:${modifiedNs}:${changedNs}`;
      const known = hashes.get(key);
      if (known !== undefined || stopped) return known || undefined;
      if (queue.size < QUEUE_MAX && sizeBytes > 0 && sizeBytes <= FILE_BYTES_MAX && !queue.has(key)) {
        queue.set(key, { pid: wanted.pid, path: wanted.path, file: wanted.file });
        if (idle) {
          idle = false;
          working = work();
        }
      }
      return undefined;
    },
    async stop() {
      stopped = true;
      queue.clear();
      await working;
    },
  };
}

/** Undefined where the file is gone, or is another one by now. */
async function hashFile({ pid, path, file }: Wanted, stopped: () => boolean): Promise<string | undefined> {
  for (const candidate of [`/proc/${pid}/exe`, path]) {
    try {
      // What stands at the path by now may be a pipe, which would keep us waiting.
      if (candidate === path && !(await lstat(candidate)).isFile()) continue;
      await using handle = await open(candidate, constants.O_RDONLY | constants.O_NONBLOCK);
      if (!(await isSame(handle, file))) continue;
      const sha256 = await hashContent(handle, stopped);
      return (await isSame(handle, file)) ? sha256 : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error; // not the file system's
    }
  }
  return undefined;
}

/** Size and both times: the change time cannot be set back, so that a file swapped in under the name is another one. */
async function isSame(handle: FileHandle, file: FileIdentity): Promise<boolean> {
  const now = await handle.stat({ bigint: true });
  return now.size === BigInt(file.sizeBytes) && now.mtimeNs === file.modifiedNs && now.ctimeNs === file.changedNs;
}

async function hashContent(handle: FileHandle, stopped: () => boolean): Promise<string | undefined> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; !stopped(); ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
    await setTimeout((bytesRead / BYTES_PER_SECOND) * 1000);
  }
  return undefined;
}
