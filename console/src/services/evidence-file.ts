// A bundle on disk: under its name only when it is whole, and never over another without being told so.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, lstat, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import {
  BundleError,
  type EvidenceReport,
  type KeptHead,
  type VerifyOptions,
  verifyBundle,
} from '@threatguard/proto/evidence';
import { ConsoleError } from '../model/console-error.ts';
import { parseKeptHeads } from '../model/tree-head.ts';

/** Heads of a century. */
const HEADS_FILE_BYTES_MAX = 512 * 1024 * 1024;
const DIGEST = /^[0-9a-f]{64}$/i;

export interface WrittenFile {
  bytes: number;
  sha256: string;
}

/** Writes the parts beside `path` and gives them that name at the end. Throws ConsoleError `refused` where it is taken. */
export async function writeWhole(
  path: string,
  parts: AsyncIterable<Uint8Array>,
  { force, pid }: { force: boolean; pid: number },
): Promise<WrittenFile> {
  const taken = new ConsoleError('refused', `${path} exists already; --force replaces it`);
  if (!force && (await exists(path))) throw taken;
  const temporary = `${path}.${pid}.part`;
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    {
      // Only for whoever exports: it holds what happened on a host.
      await using file = await open(temporary, 'wx', 0o600);
      for await (const part of parts) {
        digest.update(part);
        bytes += part.length;
        await file.writeFile(part);
      }
      await file.sync();
    }
    if (force) await rename(temporary, path);
    else await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken;
    throw unwritable(path, error);
  } finally {
    await unlink(temporary).catch(ignoreMissing);
  }
  return { bytes, sha256: digest.digest('hex') };
}

/** Verifies a bundle on disk. Throws ConsoleError `unreadable` where it cannot be read or is no bundle. */
export async function verifyFile(path: string, options: VerifyOptions): Promise<EvidenceReport> {
  try {
    return await verifyBundle(createReadStream(path, { highWaterMark: 256 * 1024 }), options);
  } catch (error) {
    if (error instanceof BundleError)
      throw new ConsoleError('unreadable', `${path}: ${error.message}`, { cause: error });
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string' || !('syscall' in (error as object))) throw error;
    throw new ConsoleError('unreadable', `${path} cannot be read (${code})`, { cause: error });
  }
}

/** What was given with --head: digests, or files of what `evidence heads` printed. */
export async function readKeptHeads(given: readonly string[]): Promise<KeptHead[]> {
  const heads: KeptHead[] = [];
  for (const each of given) heads.push(...parseKeptHeads(DIGEST.test(each) ? each : await readHeadsFile(each), each));
  return heads;
}

async function readHeadsFile(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > HEADS_FILE_BYTES_MAX)
      throw new ConsoleError('usage', `--head ${path}: the file is too large`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ConsoleError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ConsoleError(
      'usage',
      `--head ${path}: neither the SHA-256 of a tree head nor a file that can be read (${code})`,
      {
        cause: error,
      },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

function unwritable(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof ConsoleError || !code || !syscall) return error;
  return new ConsoleError('failure', `${path} cannot be written (${code})`, { cause: error });
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
