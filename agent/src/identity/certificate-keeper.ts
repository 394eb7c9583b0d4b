// The identity of a running agent: renewed, its key replaced and its CA followed while it runs.
//
// Invariants: what is in memory is on disk already; the present key signs, shows itself to the collector, and is the one of
// the present certificate; #identity.anchors is never empty, and the present certificate is of one of them.
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  type CertificateAnswer,
  type CertificateRequest,
  type EnvelopeIdentity,
  envelopeIdentity,
  extendTrust,
  issuerOf,
  parsePeerName,
  signKeySuccession,
  type TrustAnchors,
  withoutRetired,
} from '@threatguard/proto';
import type { ClientIdentity } from '@threatguard/proto/client';
import {
  type Identity,
  kemKeyIsOf,
  readNextKey,
  saveAnchors,
  saveCertificate,
  saveNextKey,
  settleNextKey,
} from './identity-files.ts';

/** A certificate is renewed when less than this share of its life is left. */
const RENEWED_BELOW = 1 / 3;

type CertificateErrorCode = 'refused' | 'untrusted' | 'foreign';

/** An answer that is of no use; the present identity stays. */
class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export class CertificateKeeper {
  readonly #home: string;
  readonly #nowMs: () => number;
  #identity: Identity;
  #signer: EnvelopeIdentity;
  /** What TLS takes; read anew for every connection. */
  readonly tls: ClientIdentity;

  constructor(parts: { home: string; identity: Identity; nowMs: () => number }) {
    this.#home = parts.home;
    this.#identity = parts.identity;
    this.#nowMs = parts.nowMs;
    this.#signer = envelopeIdentity(parts.identity.agentId, parts.identity);
    settleNextKey(parts.home, parts.identity.certificate);
    const pem = () => this.#identity.pem;
    this.tls = {
      get ca() {
        return pem().ca;
      },
      get certificate() {
        return pem().certificate;
      },
      get key() {
        return pem().key;
      },
    };
  }

  /** Signs envelopes from now on. */
  get signer(): EnvelopeIdentity {
    return this.#signer;
  }

  /** Whom to trust, the newest first. */
  get anchors(): readonly X509Certificate[] {
    return this.#identity.anchors;
  }

  get certificate(): X509Certificate {
    return this.#identity.certificate;
  }

  /** Whether two thirds of the certificate's life are over. */
  get due(): boolean {
    const { validFromDate, validToDate } = this.#identity.certificate;
    const life = validToDate.getTime() - validFromDate.getTime();
    return validToDate.getTime() - this.#nowMs() < life * RENEWED_BELOW;
  }

  get expired(): boolean {
    return this.#nowMs() > this.#identity.certificate.validToDate.getTime();
  }

  /** Trusts the CAs that one it trusts vouches for. What is no longer named goes with `forgetRetired`. */
  trust(told: TrustAnchors): void {
    const { anchors } = this.#identity;
    const extended = extendTrust(anchors, told);
    if (extended.length > anchors.length) this.#keepAnchors(extended);
  }

  /**
   * Drops CAs older than those the collector still names, as soon as nothing of ours rests on them: neither the present
   * certificate nor the ML-KEM key that is kept.
   */
  forgetRetired(told: TrustAnchors): void {
    const { anchors, certificate } = this.#identity;
    const left = withoutRetired(anchors, told);
    if (left.length === anchors.length) return;
    if (issuerOf(certificate, left) && kemKeyIsOf(this.#home, left)) this.#keepAnchors(left);
  }

  /** A request for the present key, or for a new one with the present key's signature for it. */
  async request(newKey: boolean): Promise<CertificateRequest> {
    // Loaded when it is needed, once a month: it would take memory for nothing.
    const { makeKey, requestFor } = await import('./keys.ts');
    const { agentId, name, privateKey, publicKey } = this.#identity;
    if (!newKey) return { certificateRequest: await requestFor(name, privateKey) };
    let next = readNextKey(this.#home);
    if (!next) {
      saveNextKey(this.#home, (await makeKey(name)).privateKeyPem);
      next = readNextKey(this.#home)!;
    }
    const newPublicKey = createPublicKey(next.privateKey);
    const old = { privateKey, publicKey };
    const { succession, signature } = signKeySuccession({ agentId, old, newPublicKey, nowUs: this.#nowMs() * 1000 });
    const certificateRequest = await requestFor(name, next.privateKey);
    return { certificateRequest, succession, successionSignature: signature };
  }

  /**
   * Puts the answer in place. Says whether the collector should see it at once: a new key, or another CA. Throws
   * CertificateError where it is none of this agent's; the present identity then stays.
   */
  accept(answer: CertificateAnswer): { reconnect: boolean } {
    if (!answer.certificate?.length) throw new CertificateError('refused', answer.refusal || 'no reason given');
    const identity = this.#identity;
    const certificate = new X509Certificate(answer.certificate);
    const issuer = issuerOf(certificate, identity.anchors);
    if (!issuer) throw new CertificateError('untrusted', 'the certificate is of a CA this agent does not trust');
    const peer = parsePeerName(certificate.subjectAltName);
    if (peer?.kind !== 'agent' || peer.id !== identity.agentId) {
      throw new CertificateError('foreign', 'the certificate names somebody else');
    }
    const key = this.#keyOf(certificate);
    if (!key) throw new CertificateError('foreign', 'the certificate is for another key');
    const isOtherKey = key.privateKey !== identity.privateKey;
    saveCertificate(this.#home, certificate);
    const pem = { ...identity.pem, certificate: certificate.toString(), key: key.pem };
    const publicKey = createPublicKey(key.privateKey);
    this.#identity = { ...identity, certificate, pem, privateKey: key.privateKey, publicKey };
    this.#signer = envelopeIdentity(identity.agentId, this.#identity);
    return { reconnect: isOtherKey || !identity.certificate.checkIssued(issuer) };
  }

  #keyOf(certificate: X509Certificate): { privateKey: KeyObject; pem: string } | undefined {
    const { privateKey, pem } = this.#identity;
    if (certificate.checkPrivateKey(privateKey)) return { privateKey, pem: pem.key };
    const next = readNextKey(this.#home);
    return next && certificate.checkPrivateKey(next.privateKey) ? next : undefined;
  }

  #keepAnchors(anchors: X509Certificate[]): void {
    saveAnchors(this.#home, anchors);
    const pem = { ...this.#identity.pem, ca: anchors.map(String).join('') };
    this.#identity = { ...this.#identity, anchors, pem };
  }
}
