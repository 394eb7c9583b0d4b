import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AccessError } from '../access-error.ts';
import type { OidcSettings } from './settings.ts';
import type { SingleSignOnParts } from './single-sign-on.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** As configured, with what its files hold; undefined where it is not. Throws AccessError `invalid_settings`. */
export async function readSingleSignOn(http: {
  oidc?: OidcSettings | undefined;
  public_url?: string | undefined;
}): Promise<SingleSignOnParts | undefined> {
  const { oidc: settings, public_url: publicUrl } = http;
  if (!settings) return undefined;
  const { client_secret_file, ca_file } = settings;
  return {
    settings,
    publicUrl,
    secret: client_secret_file === undefined ? undefined : await readText('client_secret_file', client_secret_file),
    ca: ca_file === undefined ? undefined : await readCa(ca_file),
  };
}

async function readCa(file: string): Promise<string> {
  const text = await readText('ca_file', file);
  const found = text.match(CERTIFICATE) ?? [];
  try {
    for (const pem of found) new X509Certificate(pem);
    if (found.length > 0) return text;
  } catch (cause) {
    throw new AccessError('invalid_settings', `http.oidc.ca_file: ${file} has a certificate that cannot be read`, {
      cause,
    });
  }
  throw new AccessError('invalid_settings', `http.oidc.ca_file: ${file} has no certificate; write the CA's as PEM`);
}

async function readText(key: string, file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AccessError('invalid_settings', `http.oidc.${key}: ${file} cannot be read (${code})`, { cause });
  }
  if (text === '') throw new AccessError('invalid_settings', `http.oidc.${key}: ${file} is empty`);
  return text;
}
