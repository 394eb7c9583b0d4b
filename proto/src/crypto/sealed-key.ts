// Private keys at rest: PKCS#8 PEM as it is, or sealed under a passphrase.
//
//   {"format":"threatguard/sealed-key/v1", kdf, cipher, "ciphertext"}       one line of JSON, binary values in base64
//   key        = scrypt(passphrase, salt, N = 2^15, r = 8, p = 3)           RFC 7914
//   ciphertext = AES-256-GCM(key, nonce, PEM, AAD = format) with its tag    SP 800-38D; each key is used once
//
// The cost is one of those OWASP's password storage guide holds equal (2025): 32 MiB, so that an agent can bear it, and some
// tenths of a second. Salt and nonce are new at each sealing.
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

const FORMAT = 'threatguard/sealed-key/v1';
const COST = { N: 2 ** 15, r: 8, p: 3 };
const MIB = 1024 * 1024;
/** scrypt takes 128 * N * r bytes; the rest is OpenSSL's own. */
const MEMORY_BYTES_MAX = 64 * MIB;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const PASSPHRASE_BYTES_MAX = 1024;

export type SealedKeyErrorCode =
  | 'passphrase_unusable'
  | 'passphrase_missing'
  | 'passphrase_wrong'
  | 'sealed_key_malformed';

/** A key at rest cannot be opened, or not be sealed. The message says what to do; it never quotes key or passphrase. */
export class SealedKeyError extends Error {
  override readonly name = 'SealedKeyError';
  readonly code: SealedKeyErrorCode;

  constructor(code: SealedKeyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

let passphrase: Buffer | undefined;

/**
 * The passphrase this process opens and seals keys with: the content of a file without the end of its last line. Undefined
 * for none. Throws SealedKeyError `passphrase_unusable`.
 */
export function setKeyPassphrase(content: Buffer | undefined): void {
  if (content === undefined) {
    passphrase = undefined;
    return;
  }
  const text = content.toString('utf8').replace(/\r?\n$/, '');
  const bytes = Buffer.from(text);
  if (bytes.length === 0 || bytes.length > PASSPHRASE_BYTES_MAX) {
    const is = `is empty, or longer than ${PASSPHRASE_BYTES_MAX} bytes`;
    throw new SealedKeyError('passphrase_unusable', `the passphrase in THREATGUARD_KEY_PASSPHRASE_FILE ${is}`);
  }
  passphrase = bytes;
}

export function isSealedKey(text: string): boolean {
  return text.startsWith('{');
}

/** What a key file is to hold: sealed where this process has a passphrase, `pem` as it is where not. */
export function keyAtRest(pem: string): string {
  return passphrase ? sealKey(pem) : pem;
}

/** Throws SealedKeyError `passphrase_missing`. */
export function sealKey(pem: string): string {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', derive(salt, COST), nonce).setAAD(Buffer.from(FORMAT));
  const ciphertext = Buffer.concat([cipher.update(pem, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const sealed = {
    format: FORMAT,
    kdf: { name: 'scrypt', ...COST, salt: salt.toString('base64') },
    cipher: { name: 'AES-256-GCM', nonce: nonce.toString('base64') },
    ciphertext: ciphertext.toString('base64'),
  };
  return `${JSON.stringify(sealed)}\n`;
}

/** The PEM in what a key file holds, sealed or not; `file` is for messages. Throws SealedKeyError. */
export function openKey(text: string, file: string): string {
  if (!isSealedKey(text)) return text;
  const { salt, nonce, ciphertext } = readSealed(text, file);
  if (!passphrase) {
    const advice = 'put the path of the passphrase into THREATGUARD_KEY_PASSPHRASE_FILE';
    throw new SealedKeyError('passphrase_missing', `${file} is sealed; ${advice}`);
  }
  const decipher = createDecipheriv('aes-256-gcm', derive(salt, COST), nonce)
    .setAAD(Buffer.from(FORMAT))
    .setAuthTag(ciphertext.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    // GCM does not say whether the key or the bytes are the wrong ones.
    const why = 'it was sealed with another one than that of THREATGUARD_KEY_PASSPHRASE_FILE, or the file was altered';
    throw new SealedKeyError('passphrase_wrong', `the passphrase does not open ${file}: ${why}`);
  }
}

/** The cost is of the format, so that a file cannot ask for another: neither for gigabytes, nor for next to nothing. */
function readSealed(text: string, file: string): { salt: Buffer; nonce: Buffer; ciphertext: Buffer } {
  const malformed = new SealedKeyError(
    'sealed_key_malformed',
    `${file} is no sealed key of ours; restore it from a backup`,
  );
  let sealed: Partial<Record<'format' | 'ciphertext', unknown>> & {
    kdf?: { salt?: unknown };
    cipher?: { nonce?: unknown };
  };
  try {
    sealed = JSON.parse(text) as typeof sealed;
  } catch {
    throw malformed;
  }
  const [salt, nonce, ciphertext] = [sealed.kdf?.salt, sealed.cipher?.nonce, sealed.ciphertext].map((value) =>
    Buffer.from(typeof value === 'string' ? value : '', 'base64'),
  ) as [Buffer, Buffer, Buffer];
  const known = sealed.format === FORMAT && salt.length === SALT_BYTES && nonce.length === NONCE_BYTES;
  if (!known || ciphertext.length <= TAG_BYTES) throw malformed;
  return { salt, nonce, ciphertext };
}

function derive(salt: Buffer, cost: typeof COST): Buffer {
  if (!passphrase) {
    const advice = 'put the path of a file that holds it into THREATGUARD_KEY_PASSPHRASE_FILE';
    throw new SealedKeyError('passphrase_missing', `sealing needs a passphrase; ${advice}`);
  }
  return scryptSync(passphrase, salt, KEY_BYTES, { ...cost, maxmem: MEMORY_BYTES_MAX });
}
