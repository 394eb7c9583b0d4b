// Seals and unseals key files where they are.
import {
  chownSync,
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { isSealedKey, openKey, sealKey } from './sealed-key.ts';

/**
 * Brings every file into the wanted state and gives those that were not in it. Nothing is written before every file was
 * opened: with a wrong passphrase all stay as they are. Interrupted, it is simply repeated. Throws SealedKeyError.
 */
export function rewriteKeys(files: readonly string[], wanted: 'sealed' | 'open'): string[] {
  const opened = files.map((file) => {
    const text = readFileSync(file, 'utf8');
    return { file, sealed: isSealedKey(text), pem: openKey(text, file) };
  });
  const changing = opened.filter(({ sealed }) => sealed !== (wanted === 'sealed'));
  for (const { file, pem } of changing) replaceKey(file, wanted === 'sealed' ? sealKey(pem) : pem);
  return changing.map(({ file }) => file);
}

/**
 * The new content is on disk before the old is overwritten. What the overwriting reaches is up to the disk: a file system
 * that copies on write, or a solid-state disk, may keep the old blocks.
 */
function replaceKey(file: string, content: string): void {
  const former = openSync(file, 'r+');
  try {
    const { size: length, uid, gid } = fstatSync(former);
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, content, { mode: 0o600, flush: true });
    // Whoever owned the key reads it after as before, also where root seals it for a service.
    chownSync(`${file}.new`, uid, gid);
    renameSync(`${file}.new`, file);
    writeSync(former, Buffer.alloc(length), 0, length, 0);
    fsyncSync(former);
  } finally {
    closeSync(former);
  }
}
