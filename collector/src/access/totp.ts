// Codes that change every thirty seconds (RFC 6238 over RFC 4226), as authenticator apps show them: SHA-1, six digits.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const STEP_S = 30;
const DIGITS = 6;
/** Steps before and after now that are taken: a clock that is off, and somebody who types slowly (RFC 6238 5.2). */
const STEPS_AROUND = 1;
/** RFC 4226 4, R6 recommends 160 bits. */
const SECRET_BYTES = 20;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function makeTotpSecret(): Uint8Array {
  return randomBytes(SECRET_BYTES);
}

/** The code of a counter. RFC 4226 5.3. */
export function hotp(secret: Uint8Array, counter: number, { digits = DIGITS, hash = 'sha1' } = {}): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(hash, secret).update(message).digest();
  const offset = mac.at(-1)! & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The time step of a code; undefined where it is wrong, or of a step up to `usedStep`: none is taken twice. */
export function verifyTotp(
  secret: Uint8Array,
  code: string,
  { nowS, usedStep }: { nowS: number; usedStep: number },
): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const now = Math.floor(nowS / STEP_S);
  let found: number | undefined;
  for (let step = now - STEPS_AROUND; step <= now + STEPS_AROUND; step++) {
    // All are compared, whichever is right.
    if (timingSafeEqual(Buffer.from(hotp(secret, step)), Buffer.from(code)) && step > usedStep) found ??= step;
  }
  return found;
}

/** What an authenticator app reads from a QR code or is given by hand. */
export function totpUri(secret: Uint8Array, { name, issuer }: { name: string; issuer: string }): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(name)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_S}`;
}

/** RFC 4648 6, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}
