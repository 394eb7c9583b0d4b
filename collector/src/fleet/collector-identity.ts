// Who this collector is towards agents and consoles: one key, which also signs alerts and announces the ML-KEM key, and a
// certificate of it by every CA that is trusted. Each peer is shown the one of the CA it names.
//
// Invariant: #certificates has one entry per trusted CA, newest first; the newest is on disk, older ones are issued anew at
// every start.
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { keyId } from '@threatguard/proto';
import { Turns } from '../turns.ts';
import type { CertificateAuthorities } from './authorities.ts';
import { type CertificateAuthority, VALID_DAYS } from './certificate-authority.ts';
import { loadOrMakeSigningKey, readIfThere, replaceFile } from './key-files.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A certificate with less than this share of its life left is renewed. */
const RENEWED_BELOW_MS = (VALID_DAYS.collector * DAY_MS) / 3;

export interface CollectorCertificate {
  certificate: X509Certificate;
  ca: X509Certificate;
}

/** What signs in the collector's name; the certificate is the newest there is. */
export type CollectorSigner = Pick<CollectorIdentity, 'privateKey' | 'certificate' | 'signingKeyId'>;

export class CollectorIdentity {
  readonly privateKey: KeyObject;
  readonly signingKeyId: Uint8Array;
  readonly #publicKey: KeyObject;
  readonly #certificateFile: string;
  #certificates: CollectorCertificate[] = [];
  /** One renewal at a time: the clock and a CA's rotation may both ask for one. */
  readonly #turns = new Turns();

  private constructor(privateKey: KeyObject, certificateFile: string) {
    this.privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.signingKeyId = keyId(this.#publicKey);
    this.#certificateFile = certificateFile;
  }

  static async load(parts: {
    keyFile: string;
    certificateFile: string;
    authorities: CertificateAuthorities;
    nowMs: number;
  }): Promise<CollectorIdentity> {
    const { key } = await loadOrMakeSigningKey(parts.keyFile);
    const identity = new CollectorIdentity(key, parts.certificateFile);
    const stored = await readIfThere(parts.certificateFile);
    if (stored) identity.#adopt(new X509Certificate(stored), parts.authorities);
    await identity.renew(parts.authorities, parts.nowMs);
    return identity;
  }

  /** By the newest CA. What it signs is believed by whoever was told of that CA. */
  get certificate(): X509Certificate {
    return this.#certificates[0]!.certificate;
  }

  /** By every CA that is trusted, newest first. */
  get certificates(): readonly CollectorCertificate[] {
    return this.#certificates;
  }

  /** Brings the certificates to the trusted CAs, each with a third of its life left; whether something changed. */
  renew(authorities: CertificateAuthorities, nowMs: number): Promise<boolean> {
    return this.#turns.next(() => this.#renew(authorities, nowMs));
  }

  async #renew(authorities: CertificateAuthorities, nowMs: number): Promise<boolean> {
    const before = this.#certificates;
    const certificates: CollectorCertificate[] = [];
    for (const authority of authorities.trusted) {
      const held = before.find(({ ca }) => ca.raw.equals(authority.certificate.raw));
      const usable = held && held.certificate.validToDate.getTime() - nowMs > RENEWED_BELOW_MS;
      certificates.push(usable ? held : await this.#issue(authority, nowMs));
    }
    if (certificates.length === before.length && certificates.every((each, index) => each === before[index])) {
      return false;
    }
    if (certificates[0] !== before[0])
      await replaceFile(this.#certificateFile, certificates[0]!.certificate.toString());
    this.#certificates = certificates;
    return true;
  }

  /** A certificate from disk, where it is one of this key by the newest CA. */
  #adopt(certificate: X509Certificate, { newest }: CertificateAuthorities): void {
    const ours = certificate.checkPrivateKey(this.privateKey) && certificate.verify(newest.certificate.publicKey);
    if (ours) this.#certificates = [{ certificate, ca: newest.certificate }];
  }

  async #issue(authority: CertificateAuthority, nowMs: number): Promise<CollectorCertificate> {
    const name = { kind: 'collector', id: Buffer.from(this.signingKeyId).toString('hex').slice(0, 32) } as const;
    const certificate = await authority.issue({ name, publicKey: this.#publicKey, nowMs });
    return { certificate, ca: authority.certificate };
  }
}
