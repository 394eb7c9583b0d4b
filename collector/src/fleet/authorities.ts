// The CAs of the fleet, one generation after another, DIR/ca:
//   ca.key ca.crt                                  the first
//   ca-N.key ca-N.crt ca-N.succession              the Nth; the succession is signed by the key before it, and written last
//   ca-N.retired, ca.retired                       since when it is trusted no more; its key is destroyed after that
// Certificates and successions stay for ever: what was signed under a retired CA stays provable.
//
// Invariants: #generations are in order, oldest first, and whole (an interrupted rotation is not seen, and the next one
// completes it); the newest is never retired; of those not retired the key is at hand.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { CaSuccession, issuerOf, keyId, type TrustAnchors } from '@threatguard/proto';
import { CertificateAuthority, selfSignCa } from './certificate-authority.ts';
import {
  destroyKey,
  loadOrMakeSigningKey,
  readBytesIfThere,
  readIfThere,
  replaceFile,
  writeOnce,
} from './key-files.ts';

/** A CA as it is kept; `authority` is undefined once it is retired. */
export interface Generation {
  number: number;
  certificate: X509Certificate;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  sha256: string;
  /** The step from the one before; undefined for the first. */
  succession: CaSuccession | undefined;
  authority: CertificateAuthority | undefined;
}

export type CaErrorCode = 'ca_missing' | 'rotation_under_way' | 'certificates_in_use' | 'nothing_to_retire';

/** The CAs stay as they are. The message says what the administrator does next. */
export class CaError extends Error {
  override readonly name = 'CaError';
  readonly code: CaErrorCode;

  constructor(code: CaErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export class CertificateAuthorities {
  readonly #directory: string;
  readonly #generations: Generation[];
  #busy = false;

  private constructor(directory: string, generations: Generation[]) {
    this.#directory = directory;
    this.#generations = generations;
  }

  /** Makes the first CA where there is none. */
  static async init(directory: string, nowMs: number): Promise<void> {
    const files = filesOf(directory, 1);
    if ((await readIfThere(files.certificate)) !== undefined) return;
    const { key } = await loadOrMakeSigningKey(files.key);
    await writeOnce(files.certificate, await selfSignCa(key, nowMs));
  }

  /** Throws CaError where there is no CA, and an error of its files where one is damaged. */
  static async load(directory: string): Promise<CertificateAuthorities> {
    const generations: Generation[] = [];
    for (let number = 1; ; number++) {
      const generation = await loadGeneration(directory, number);
      if (!generation) break;
      // A stop between the mark and the destruction of the key is made good here.
      if (!generation.authority) await destroyKey(filesOf(directory, number).key);
      generations.push(generation);
    }
    if (!generations.at(-1)?.authority) {
      throw new CaError('ca_missing', `there is no CA in ${directory}; make one: threatguard-collector init`);
    }
    return new CertificateAuthorities(directory, generations);
  }

  /** Issues every certificate of agents and consoles. */
  get newest(): CertificateAuthority {
    return this.#generations.at(-1)!.authority!;
  }

  /** Those that are trusted, newest first. */
  get trusted(): CertificateAuthority[] {
    return this.#generations.flatMap(({ authority }) => authority ?? []).reverse();
  }

  /** All there ever were, newest first. */
  get all(): readonly Generation[] {
    return this.#generations.toReversed();
  }

  get anchors(): X509Certificate[] {
    return this.trusted.map(({ certificate }) => certificate);
  }

  /** PEM of those that are trusted, newest first. */
  get anchorsPem(): string {
    return this.anchors.map(String).join('');
  }

  /**
   * What peers are told; with successions as far as a peer that trusts any of them needs. Without endorsements: those are for
   * evidence, and peers go forward only.
   */
  get announced(): TrustAnchors {
    const trusted = this.#generations.filter(({ authority }) => authority).reverse();
    const steps = trusted.slice(0, -1).flatMap(({ succession }) => succession ?? []);
    return {
      certificates: trusted.map(({ certificate }) => certificate.raw),
      successions: steps.map(({ endorsement: _, ...step }) => step),
    };
  }

  /** All there ever were, with every step from one to the next: what proves signatures of any time. */
  get history(): TrustAnchors {
    return {
      certificates: this.all.map(({ certificate }) => certificate.raw),
      successions: this.all.flatMap(({ succession }) => succession ?? []),
    };
  }

  /** The trusted CA that issued a certificate. */
  issuerOf(certificate: X509Certificate): X509Certificate | undefined {
    return issuerOf(certificate, this.anchors);
  }

  /**
   * Makes the next CA, vouched for by the newest; both are trusted from then on. An interrupted one is completed. Throws
   * CaError (`rotation_under_way`) while an older one waits to be retired.
   */
  async rotate(nowMs: number): Promise<{ newest: CertificateAuthority; former: CertificateAuthority }> {
    return this.#alone(async () => {
      if (this.trusted.length > 1) {
        throw new CaError(
          'rotation_under_way',
          'a former CA is still trusted; "threatguard ca status" says by whom it is needed, "threatguard ca retire" ends that',
        );
      }
      const former = this.newest;
      const number = this.#generations.length + 1;
      const files = filesOf(this.#directory, number);
      const { key } = await loadOrMakeSigningKey(files.key);
      await writeOnce(files.certificate, await selfSignCa(key, nowMs));
      const certificate = new X509Certificate((await readIfThere(files.certificate))!);
      const nowUs = Math.round(nowMs * 1000);
      const endorsement = new CertificateAuthority({ certificate, privateKey: key }).endorse(former.certificate, nowUs);
      const succession = { ...former.vouchFor(certificate, nowUs), endorsement };
      await writeOnce(files.succession, CaSuccession.encode(succession).finish());
      this.#generations.push((await loadGeneration(this.#directory, number))!);
      return { newest: this.newest, former };
    });
  }

  /** Trusts no CA but the newest from now on, and destroys the keys of the others. Says which. */
  async retire(nowMs: number): Promise<Generation[]> {
    return this.#alone(async () => {
      const former = this.#generations.slice(0, -1).filter(({ authority }) => authority);
      if (former.length === 0) {
        throw new CaError('nothing_to_retire', 'only one CA is trusted; "threatguard ca rotate" makes the next');
      }
      for (const generation of former) {
        const files = filesOf(this.#directory, generation.number);
        await replaceFile(files.retired, `${new Date(nowMs).toISOString()}\n`);
        generation.authority = undefined;
        await destroyKey(files.key);
      }
      return former;
    });
  }

  async #alone<T>(change: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new CaError('rotation_under_way', 'the CAs are being changed by somebody else; look again');
    this.#busy = true;
    try {
      return await change();
    } finally {
      this.#busy = false;
    }
  }
}

function filesOf(directory: string, number: number) {
  const file = (suffix: string) => join(directory, number === 1 ? `ca.${suffix}` : `ca-${number}.${suffix}`);
  return { key: file('key'), certificate: file('crt'), succession: file('succession'), retired: file('retired') };
}

/** Undefined where it is not there, or not whole yet. */
async function loadGeneration(directory: string, number: number): Promise<Generation | undefined> {
  const files = filesOf(directory, number);
  const certificatePem = await readIfThere(files.certificate);
  const succession = number === 1 ? undefined : await readBytesIfThere(files.succession);
  if (certificatePem === undefined || (number > 1 && !succession)) return undefined;
  const certificate = new X509Certificate(certificatePem);
  const retired = (await readIfThere(files.retired)) !== undefined;
  return {
    number,
    certificate,
    sha256: keyId(certificate.publicKey).toString('hex'),
    succession: succession && CaSuccession.decode(succession),
    authority: retired ? undefined : new CertificateAuthority({ certificate, privateKey: await caKey(files.key) }),
  };
}

async function caKey(path: string): Promise<KeyObject> {
  if ((await readIfThere(path)) === undefined) {
    throw new CaError(
      'ca_missing',
      `${path} is missing; restore it from a backup: without it nothing can be certified`,
    );
  }
  return (await loadOrMakeSigningKey(path)).key;
}
