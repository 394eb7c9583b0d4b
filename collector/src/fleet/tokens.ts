import { randomBytes } from 'node:crypto';
import { formatJoinToken, sha256 } from '@threatguard/proto';
import type { AuditActor } from '../store/audit-entry.ts';
import type { Store } from '../store/store.ts';
import { cleanText } from './clean-text.ts';

const SECRET_BYTES = 32;
const ID_BYTES = 8;
const DAY_SECONDS = 24 * 60 * 60;
const TOKEN_USES_MAX = 10_000;
const TOKEN_VALID_SECONDS_MAX = 90 * DAY_SECONDS;
const LABEL_CHARS_MAX = 128;
const GROUP_CHARS_MAX = 64;

/** A new join token. Its secret is in the returned text and nowhere else: the store keeps a hash. */
export async function createToken(
  store: Store,
  wanted: {
    uses: number;
    validSeconds: number;
    label: string;
    group: string;
    replaces: boolean;
    caSha256: string;
    nowUs: number;
  },
  by: AuditActor,
): Promise<{ token: string; expiresAtUs: number; uses: number }> {
  const uses = Math.min(wanted.uses || 1, TOKEN_USES_MAX);
  const validSeconds = Math.min(wanted.validSeconds || DAY_SECONDS, TOKEN_VALID_SECONDS_MAX);
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const expiresAtUs = wanted.nowUs + validSeconds * 1_000_000;
  const label = wanted.label.slice(0, LABEL_CHARS_MAX);
  const group = cleanText(wanted.group, GROUP_CHARS_MAX);
  const { replaces, nowUs: madeAtUs } = wanted;
  const record = { id, secretHash: hashSecret(secret), label, usesLeft: uses, madeAtUs, expiresAtUs, group, replaces };
  await store.addToken(record, by);
  return { token: formatJoinToken({ id, secret, caSha256: wanted.caSha256 }), expiresAtUs, uses };
}

/** A secret of 256 random bits needs no slow hash: there is nothing to guess. */
export function hashSecret(secret: string): Uint8Array {
  return sha256(Buffer.from(secret));
}
