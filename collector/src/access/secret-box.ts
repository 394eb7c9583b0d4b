import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals what has to be read again and must not stand in the store (AES-256-GCM), and vouches for what goes out and comes back. */
export class SecretBox {
  readonly #sealing: Uint8Array;
  readonly #vouching: Uint8Array;

  /** 32 random bytes that stay with this collector. */
  constructor(key: Uint8Array) {
    this.#sealing = new Uint8Array(hkdfSync('sha256', key, '', 'threatguard/access-sealing/v1', 32));
    this.#vouching = new Uint8Array(hkdfSync('sha256', key, '', 'threatguard/access-vouching/v1', 32));
  }

  /** Opens only for the same `subject`. */
  seal(plain: Uint8Array, subject: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#sealing, nonce).setAAD(Buffer.from(subject));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Throws where it was sealed by another key, for another subject, or was changed. */
  open(sealed: Uint8Array, subject: string): Uint8Array {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#sealing, nonce)
      .setAAD(Buffer.from(subject))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  }

  /** For what comes back from outside: undefined where `open` throws. */
  tryOpen(sealed: Uint8Array, subject: string): Uint8Array | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    try {
      return this.open(sealed, subject);
    } catch {
      // The tag is wrong: nothing else is left that could be.
      return undefined;
    }
  }

  /** HMAC-SHA-256, base64url. */
  vouch(text: string): string {
    return createHmac('sha256', this.#vouching).update(text).digest('base64url');
  }

  isVouched(text: string, mac: string): boolean {
    const [given, right] = [Buffer.from(mac), Buffer.from(this.vouch(text))];
    return given.length === right.length && timingSafeEqual(given, right);
  }
}
