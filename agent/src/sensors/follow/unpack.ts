// Reads what stands in a compressed rotation, as far as Node can: gzip and zstd.
import { closeSync, createReadStream, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { PREFIX_BYTES_MAX } from './cursor.ts';

/** Unpacked bytes taken of one rotation, on disk and for a moment: a day of a busy bastion's log. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;
const UNPACKERS: Record<string, typeof createGunzip | typeof createZstdDecompress> = {
  gz: createGunzip,
  zst: createZstdDecompress,
};

export function canUnpack(path: string): boolean {
  return extensionOf(path) in UNPACKERS;
}

/** The first `bytes` of what is packed; fewer where there are no more, or it is damaged. */
export async function readPackedPrefix(path: string, bytes: number): Promise<Buffer> {
  const kept: Buffer[] = [];
  let length = 0;
  await unpack(path, (chunk) => {
    kept.push(chunk.subarray(0, bytes - length));
    length += chunk.length;
    return length < bytes;
  });
  return Buffer.concat(kept).subarray(0, bytes);
}

export interface Unpacked {
  /** Leads to the text for as long as it is not closed; no name does. */
  path: string;
  size: number;
  /** All of it is there. */
  whole: boolean;
  close(): void;
}

/** The text from `from` on, at its own offsets in a file without a name in `directory`; before it only what identifies a log. */
export async function unpackFrom(path: string, from: number, directory: string): Promise<Unpacked> {
  const name = join(directory, `.unpacked-${process.pid}`);
  const descriptor = openSync(name, 'w+', 0o600);
  unlinkSync(name);
  try {
    let size = 0;
    let isCut = false;
    const isIntact = await unpack(path, (chunk) => {
      if (size < PREFIX_BYTES_MAX) writeAll(descriptor, chunk.subarray(0, PREFIX_BYTES_MAX - size), size);
      const skipped = Math.max(0, from - size);
      if (skipped < chunk.length) writeAll(descriptor, chunk.subarray(skipped), size + skipped);
      size += chunk.length;
      isCut = size - from > UNPACKED_BYTES_MAX;
      return !isCut;
    });
    ftruncateSync(descriptor, size);
    return {
      path: `/proc/self/fd/${descriptor}`,
      size,
      whole: isIntact && !isCut,
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Gives each chunk to `take` until that wants no more. False where the file is damaged or was not written to its end. */
async function unpack(path: string, take: (chunk: Buffer) => boolean): Promise<boolean> {
  const source = createReadStream(path);
  try {
    await pipeline(source, UNPACKERS[extensionOf(path)]!(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) if (!take(chunk)) return;
    });
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR') return true; // no more was wanted
    if (/^(?:Z_|ERR_|ZSTD_)/.test(code)) return false;
    throw error;
  }
}

function writeAll(descriptor: number, bytes: Buffer, at: number): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written, bytes.length - written, at + written);
}

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
