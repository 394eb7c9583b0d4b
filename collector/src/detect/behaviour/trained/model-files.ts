// The directory trained models lie in, one file for each version.
import type { KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './model-error.ts';
import { FILE_BYTES_MAX, type ModelCard, openModelFile } from './model-file.ts';

interface Version {
  name: string;
  version: number;
}

export class ModelFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** Never half a file: written beside it, flushed, and put in its place. `bytes` are as encodeModelFile gives them. */
  async write(version: Version, bytes: Uint8Array): Promise<void> {
    const path = this.#fileOf(version);
    const beside = `${path}.new`;
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  }

  /** Throws ModelError for what is not there, or not what this collector signed under this name. */
  async open(
    { name, version }: Version,
    expected: { featuresVersion: number; publicKey: KeyObject },
  ): Promise<{ card: ModelCard; body: Buffer }> {
    const bytes = await this.read({ name, version });
    if (bytes.length > FILE_BYTES_MAX) throw new ModelError('malformed', 'a model file is larger than any model');
    return openModelFile(bytes, { name, version, ...expected });
  }

  /** As it lies there, whatever it is. Throws ModelError where it cannot be read. */
  read({ name, version }: Version): Promise<Buffer> {
    return readFile(this.#fileOf({ name, version })).catch((error: NodeJS.ErrnoException) => {
      throw new ModelError('malformed', `the file of ${name} ${version} cannot be read: ${error.message}`);
    });
  }

  async remove(version: Version): Promise<void> {
    await unlink(this.#fileOf(version)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  #fileOf({ name, version }: Version): string {
    return join(this.#directory, `${name}-${version}.tgmodel`);
  }
}
