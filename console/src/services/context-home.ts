// The home of a context that was made from files somebody brought: as `threatguard-collector init` makes HOME/console.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issuerOf, readCertificates } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';

/** Paths of PEM files. */
export interface ContextFiles {
  collector: string;
  ca: string;
  certificate: string;
  key: string;
}

/** Homes made here, as opposed to those that were only named. */
export function contextHome(stateDirectory: string, name: string): string {
  return join(stateDirectory, 'contexts', name);
}

/**
 * Copies what it is given into a home of its own, which renewals of the certificate then change. Throws `usage` where the files
 * do not belong together; nothing is left then.
 */
export function makeContextHome(home: string, files: ContextFiles): void {
  if (!/^[^\s/@]+:\d{1,5}$/.test(files.collector)) {
    throw new ConsoleError('usage', `--collector "${files.collector}" must be HOST:PORT`);
  }
  const texts = { ca: read(files.ca), certificate: read(files.certificate), key: read(files.key) };
  refuseStrangers(texts, files);
  const next = `${home}.new`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(join(next, 'console'), { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => writeFileSync(join(next, 'console', name), text, { mode: 0o600 });
  write('console.json', `${JSON.stringify({ collector: files.collector })}\n`);
  write('ca.crt', texts.ca);
  write('console.crt', texts.certificate);
  write('console.key', texts.key);
  rmSync(home, { recursive: true, force: true });
  renameSync(next, home);
}

/** Takes a home made here away, with the copy of its key. */
export function removeContextHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConsoleError('usage', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function refuseStrangers(texts: { ca: string; certificate: string; key: string }, files: ContextFiles): void {
  const parse = <Parsed>(path: string, what: string, of: () => Parsed): Parsed => {
    try {
      return of();
    } catch (cause) {
      throw new ConsoleError('usage', `${path} is no ${what} in PEM`, { cause });
    }
  };
  const certificate = parse(files.certificate, 'certificate', () => new X509Certificate(texts.certificate));
  const key = parse(files.key, 'private key', () => createPrivateKey(texts.key));
  const anchors = parse(files.ca, 'certificate', () => readCertificates(texts.ca));
  if (!certificate.checkPrivateKey(key)) {
    throw new ConsoleError('usage', `${files.certificate} is not the certificate of ${files.key}`);
  }
  if (anchors.length === 0) throw new ConsoleError('usage', `${files.ca} holds no certificate in PEM`);
  if (!issuerOf(certificate, anchors)) {
    throw new ConsoleError('usage', `${files.certificate} was not issued by ${files.ca}`);
  }
}
