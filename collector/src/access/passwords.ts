// Passwords, kept as scrypt (RFC 7914). The parameters stand in each hash, so that they can be raised later.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AccessError } from './access-error.ts';

/** 32 MiB and some 150 ms of one core a guess (OWASP Password Storage: N=2^15, r=8, p=3). */
const LOG2_N = 15;
const R = 8;
const P = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** At one time; each takes 32 MiB and a thread of the pool. */
const AT_WORK_MAX = 2;
/** Logins that wait for their turn: some ten seconds' worth. More are told to come again. */
const WAITING_MAX = 64;
const LENGTH_MIN = 12;
const LENGTH_MAX = 256;

const HASH =
  /^scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[A-Za-z0-9_-]{22})\$(?<hash>[A-Za-z0-9_-]{43})$/;

const derive = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

export class Passwords {
  #atWork = 0;
  readonly #waiting: (() => void)[] = [];
  /** The form of a hash and of no password: who has none is as slow to refuse as who has. */
  readonly #nobody = storedForm(randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));

  /** As it is stored. Throws AccessError `busy`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, { ln: LOG2_N, r: R, p: P });
    return storedForm(salt, hash);
  }

  /** Takes as long for an empty `stored`, which no password fits, as for any other. Throws AccessError `busy`. */
  async verify(password: string, stored: string): Promise<boolean> {
    const found = HASH.exec(stored || this.#nobody)?.groups;
    if (!found) return false;
    const parameters = { ln: Number(found.ln), r: Number(found.r), p: Number(found.p) };
    const hash = await this.#derive(password, Buffer.from(found.salt!, 'base64url'), parameters);
    return timingSafeEqual(hash, Buffer.from(found.hash!, 'base64url')) && stored !== '';
  }

  async #derive(
    password: string,
    salt: Uint8Array,
    { ln, r, p }: { ln: number; r: number; p: number },
  ): Promise<Buffer> {
    if (this.#atWork >= AT_WORK_MAX) {
      if (this.#waiting.length >= WAITING_MAX) {
        throw new AccessError('busy', 'too many people log in at once; try again', { retryAfterS: 5 });
      }
      await new Promise<void>((go) => this.#waiting.push(go));
    } else this.#atWork++;
    try {
      const N = 2 ** ln;
      return await derive(normalise(password), salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#atWork--;
    }
  }
}

function storedForm(salt: Buffer, hash: Buffer): string {
  return `scrypt$ln=${LOG2_N},r=${R},p=${P}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** The same characters however a keyboard composes them (RFC 8265 4.2.1). */
function normalise(password: string): string {
  return password.normalize('NFC');
}

/** Throws AccessError `weak_password`. Length is what counts (NIST SP 800-63B 5.1.1.2); rules about kinds of characters are not. */
export function checkPassword(password: string, name: string): void {
  const weak = (why: string) => new AccessError('weak_password', `this password ${why}`);
  if ([...password].length < LENGTH_MIN) throw weak(`is shorter than ${LENGTH_MIN} characters`);
  if (password.length > LENGTH_MAX) throw weak(`is longer than ${LENGTH_MAX} characters`);
  const folded = password.toLowerCase();
  if (new Set(folded).size < 5) throw weak('repeats a few characters');
  const named = name.length >= 4 && folded.includes(name);
  if (named || folded.includes('threatguard')) throw weak('contains the name of the user or of this program');
}
