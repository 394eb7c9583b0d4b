// The agent cannot open what it sealed: the ML-KEM private key is the collector's. So that an envelope whose epoch is
// compromised before it was sent can be sealed anew, its content key is kept beside it in the spool, wrapped with AES Key
// Wrap (RFC 3394) by a key of this host, HOME/spool/content.key (0600).
//
// Whoever holds that file and the spool reads what waits in the spool, and nothing that was ever delivered: the key is a new
// one at each start that finds the spool empty.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'content.key';
const KEY_BYTES = 32;
/** RFC 3394 section 2.2.3.1: what a key is confirmed by when it is unwrapped. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6);
const ALGORITHM = 'id-aes256-wrap';

export class ContentKeys {
  readonly #hostKey: Buffer;

  private constructor(hostKey: Buffer) {
    this.#hostKey = hostKey;
  }

  /** The key of this spool; a new one where there is none that can be used, and where nothing in the spool needs the old. */
  static open(spool: { directory: string; empty: boolean }): ContentKeys {
    const path = join(spool.directory, NAME);
    const found = spool.empty ? undefined : readKey(path);
    if (found) return new ContentKeys(found);
    const made = randomBytes(KEY_BYTES);
    rmSync(path, { force: true });
    writeFileSync(`${path}.new`, made, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    return new ContentKeys(made);
  }

  wrap(contentKey: Uint8Array): Uint8Array {
    const cipher = createCipheriv(ALGORITHM, this.#hostKey, INITIAL_VALUE);
    return Buffer.concat([cipher.update(contentKey), cipher.final()]);
  }

  /** Undefined where it was not wrapped by this key. */
  unwrap(wrapped: Uint8Array): Uint8Array | undefined {
    if (wrapped.length === 0) return undefined;
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#hostKey, INITIAL_VALUE);
      return Buffer.concat([decipher.update(wrapped), decipher.final()]);
    } catch {
      return undefined; // the initial value did not come out: another key wrapped it
    }
  }
}

function readKey(path: string): Buffer | undefined {
  try {
    const key = readFileSync(path);
    return key.length === KEY_BYTES ? key : undefined;
  } catch {
    return undefined; // none, or not to be read: what it wrapped cannot be sealed anew, and can still be sent
  }
}
