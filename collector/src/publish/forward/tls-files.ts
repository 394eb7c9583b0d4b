import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import type { TlsSettings } from './settings.ts';
import { DeliveryError } from './target.ts';

/** Read before each connection: certificates are renewed while a collector runs. The system's CAs where none is named. */
export async function readTlsFiles(settings: TlsSettings | undefined): Promise<SecureContextOptions> {
  const { ca_file, certificate_file, key_file } = settings ?? {};
  const [ca, cert, key] = await Promise.all([ca_file, certificate_file, key_file].map(readNamed));
  return { minVersion: 'TLSv1.2', ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** Throws DeliveryError `settings` with the path, and never with what is in the file. */
export async function readNamed(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new DeliveryError('settings', `${path} cannot be read: ${cause.code}`, { cause });
  });
}
