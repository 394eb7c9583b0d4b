import { readFile } from 'node:fs/promises';
import { AccessError } from '../access-error.ts';
import type { OidcSettings } from './settings.ts';
import type { SingleSignOnParts } from './single-sign-on.ts';

/** As configured, with the secret its file holds; undefined where it is not. Throws AccessError `invalid_settings`. */
export async function readSingleSignOn(http: {
  oidc?: OidcSettings | undefined;
  public_url?: string | undefined;
}): Promise<SingleSignOnParts | undefined> {
  const { oidc: settings, public_url: publicUrl } = http;
  if (!settings) return undefined;
  const { client_secret_file: file } = settings;
  return { settings, publicUrl, secret: file === undefined ? undefined : await readSecret(file) };
}

async function readSecret(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AccessError('invalid_settings', `http.oidc.client_secret_file: ${file} cannot be read (${code})`, {
      cause,
    });
  }
  if (text === '') throw new AccessError('invalid_settings', `http.oidc.client_secret_file: ${file} is empty`);
  return text;
}
