// The first admin: whoever has the secret that `init` printed, once. Only its hash is kept.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere, replaceFile } from '../fleet/key-files.ts';

const stateSchema = z.strictObject({ sha256: z.hex().length(64), used: z.boolean() });

const fileIn = (directory: string) => join(directory, 'first-admin.json');

/** A new secret where none was ever made here; undefined otherwise. */
export async function makeFirstAdminSecret(directory: string): Promise<string | undefined> {
  if ((await readIfThere(fileIn(directory))) !== undefined) return undefined;
  const secret = randomBytes(24).toString('base64url');
  await replaceFile(fileIn(directory), `${JSON.stringify({ sha256: hashOf(secret).toString('hex'), used: false })}\n`);
  return secret;
}

export async function isFirstAdminSecret(directory: string, secret: string): Promise<boolean> {
  const text = await readIfThere(fileIn(directory));
  const state = text === undefined ? undefined : stateSchema.parse(JSON.parse(text));
  const right = Buffer.from(state?.sha256 ?? '0'.repeat(64), 'hex');
  return timingSafeEqual(hashOf(secret), right) && state?.used === false;
}

/** From now on it buys nothing. */
export async function spendFirstAdminSecret(directory: string): Promise<void> {
  await replaceFile(fileIn(directory), `${JSON.stringify({ sha256: '0'.repeat(64), used: true })}\n`);
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
