// Whom a bundle's signatures may come from: certificates that chain to a CA whose fingerprint was given from outside.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { readCaEndorsement } from '../ca-endorsement.ts';
import { CLOCK_OFFSET_MS_MAX } from '../limits.ts';
import { parsePeerName } from '../peer-name.ts';
import { keyId, verifyBytes } from '../signature.ts';
import { type BundleAgent, type CaSuccession, KeySuccession, type TrustAnchors } from '../v1.ts';
import type { Findings } from './findings.ts';

/** CAs of one fleet over the years. */
const AUTHORITIES_MAX = 64;
/** Certificates of one agent: one every twenty days for fifty years. */
const CERTIFICATES_MAX = 1024;

/** Milliseconds since the Unix epoch, both included. */
interface Validity {
  fromMs: number;
  toMs: number;
}

/** The CAs that may be believed, by the SHA-256 of their keys. */
export class Authorities {
  readonly #trusted = new Map<string, X509Certificate>();
  /** Those a newer one says it came from: for certificates from before `untilMs`, and for no successor. */
  readonly #former = new Map<string, { certificate: X509Certificate; untilMs: number }>();
  #stated = 0;

  /**
   * Begins with what `fingerprints` (SHA-256 of a SubjectPublicKeyInfo, hex) name, and goes on over successions: a trusted
   * CA signed the next one. Then back over endorsements, where the newer CA made one.
   */
  constructor(anchors: TrustAnchors, fingerprints: readonly string[] | undefined, findings: Findings) {
    const wanted = fingerprints && new Set(fingerprints.map((text) => text.toLowerCase()));
    const certificates = (anchors.certificates ?? []).slice(0, AUTHORITIES_MAX);
    const successions = (anchors.successions ?? []).slice(0, AUTHORITIES_MAX);
    for (const der of certificates) {
      const certificate = parseCertificate(der);
      if (!certificate?.ca || !certificate.verify(certificate.publicKey)) continue;
      this.#stated++;
      const id = keyId(certificate.publicKey).toString('hex');
      if (!wanted || wanted.has(id)) this.#trusted.set(id, certificate);
    }
    for (let grown = true; grown; ) {
      grown = false;
      for (const succession of successions) {
        const old = this.#trusted.get(Buffer.from(succession.oldCaKeyId ?? []).toString('hex'));
        const der = succession.newCaCertificate ?? new Uint8Array();
        const next = parseCertificate(der);
        if (!old || !next?.ca || this.#trusted.has(keyId(next.publicKey).toString('hex'))) continue;
        const signature = succession.signature ?? new Uint8Array();
        if (!verifyBytes({ message: der, signature, publicKey: old.publicKey, purpose: 'caSuccession' })) continue;
        this.#trusted.set(keyId(next.publicKey).toString('hex'), next);
        grown = true;
      }
    }
    this.#goBack(successions);
    for (const succession of successions) {
      const next = parseCertificate(succession.newCaCertificate);
      const nextId = next && keyId(next.publicKey).toString('hex');
      const old = Buffer.from(succession.oldCaKeyId ?? []).toString('hex');
      if (this.#believed(old) && !(nextId && this.#believed(nextId))) {
        findings.add('ca_succession_invalid', `the CA ${old} did not sign the one that is said to succeed it`);
      }
      if (next && nextId && this.#believed(nextId) && succession.endorsement && !readCaEndorsement(succession, next)) {
        findings.add('ca_succession_invalid', `the CA ${nextId} did not sign that it came from ${old}`);
      }
    }
    if (this.#trusted.size === 0) {
      const text = `none of the ${this.#stated} CAs of this bundle has the fingerprint that was given: it is of another fleet`;
      findings.add('ca_unknown', text);
    }
  }

  get fingerprints(): string[] {
    return [...this.#trusted.keys(), ...this.#former.keys()];
  }

  /** The one that issued this certificate while it might; undefined where none of those that are believed did. */
  issuerOf(certificate: X509Certificate): X509Certificate | undefined {
    const fromMs = certificate.validFromDate.getTime();
    const former = [...this.#former.values()].filter(({ untilMs }) => fromMs < untilMs);
    const authorities = [...this.#trusted.values(), ...former.map((each) => each.certificate)];
    return authorities.find((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  }

  #believed(id: string): boolean {
    return this.#trusted.has(id) || this.#former.has(id);
  }

  /**
   * From each CA that is believed to the one it says it came from. A former CA's own successions are not followed, and it
   * endorses nothing for longer than itself: its key may be in other hands by now.
   */
  #goBack(successions: readonly CaSuccession[]): void {
    for (let grown = true; grown; ) {
      grown = false;
      for (const succession of successions) {
        const next = parseCertificate(succession.newCaCertificate);
        const nextId = next && keyId(next.publicKey).toString('hex');
        if (!nextId || !this.#believed(nextId)) continue;
        const came = readCaEndorsement(succession, next);
        const oldId = came && keyId(came.old.publicKey).toString('hex');
        if (!oldId || this.#believed(oldId)) continue;
        const untilMs = Math.min(
          came.succeedsAtUs / 1000,
          this.#former.get(nextId)?.untilMs ?? Number.POSITIVE_INFINITY,
        );
        this.#former.set(oldId, { certificate: came.old, untilMs });
        grown = true;
      }
    }
  }

  /** The key of a collector whose certificate was good at a time; a string says why not. */
  collectorKey(der: Uint8Array | null | undefined, atUs: number): KeyObject | string {
    const certificate = parseCertificate(der);
    if (!certificate) return 'it is no certificate';
    const issuer = this.issuerOf(certificate);
    if (!issuer) return 'it was not issued by a CA that is believed';
    if (parsePeerName(certificate.subjectAltName)?.kind !== 'collector') return 'it is not that of a collector';
    if (!covers(validityOf(certificate, issuer), atUs)) return 'it was not valid at that time';
    return certificate.publicKey;
  }
}

interface AgentKey {
  publicKey: KeyObject;
  id: Buffer;
  validities: Validity[];
}

/** The keys that spoke for one agent, each with when its certificates were valid. */
export class AgentKeys {
  readonly agentId: string;
  readonly name: string;
  /** Newest last; the one that was used last is tried first. */
  readonly #keys = new Map<string, AgentKey>();
  #used: AgentKey | undefined;
  /** When its first certificate began: before, it sent nothing. */
  sinceUs = Number.POSITIVE_INFINITY;
  /** Keys that only the CA's certificate says are this agent's, because no earlier key signed them. */
  unsucceeded = 0;

  constructor(stated: BundleAgent, authorities: Authorities, findings: Findings) {
    this.agentId = stated.agentId ?? '';
    this.name = stated.name ?? '';
    const certificates = (stated.certificates ?? []).slice(0, CERTIFICATES_MAX);
    for (const { certificate: der } of certificates) this.#addCertificate(der, authorities, findings);
    const succeeded = new Set<string>();
    for (const { succession, successionSignature } of certificates) {
      if (!succession?.length) continue;
      const newKey = this.#verifySuccession(succession, successionSignature ?? new Uint8Array());
      if (newKey) succeeded.add(newKey);
      else findings.add('key_succession_invalid', `a key of agent ${this.agentId} is not signed by the one before it`);
    }
    this.unsucceeded = Math.max(0, this.#keys.size - succeeded.size - 1);
  }

  /** The keys, the one used last first. */
  candidates(): AgentKey[] {
    const rest = [...this.#keys.values()].filter((key) => key !== this.#used);
    return this.#used ? [this.#used, ...rest] : rest;
  }

  use(key: AgentKey): void {
    this.#used = key;
  }

  get count(): number {
    return this.#keys.size;
  }

  #addCertificate(der: Uint8Array | null | undefined, authorities: Authorities, findings: Findings): void {
    const certificate = parseCertificate(der);
    const issuer = certificate && authorities.issuerOf(certificate);
    const name = parsePeerName(certificate?.subjectAltName);
    if (!certificate || !issuer || name?.kind !== 'agent' || name.id !== this.agentId) {
      const why = !certificate
        ? 'no certificate'
        : !issuer
          ? 'not issued by a CA that is believed'
          : 'for somebody else';
      findings.add('agent_certificate_invalid', `a certificate of agent ${this.agentId} is ${why}`);
      return;
    }
    const id = keyId(certificate.publicKey);
    const key = this.#keys.get(id.toString('hex')) ?? { publicKey: certificate.publicKey, id, validities: [] };
    key.validities.push(validityOf(certificate, issuer));
    this.sinceUs = Math.min(this.sinceUs, certificate.validFromDate.getTime() * 1000);
    this.#keys.set(id.toString('hex'), key);
  }

  #verifySuccession(message: Uint8Array, signature: Uint8Array): string | undefined {
    // Any of the keys may be the old one: which it says it is, is read only once it is known to be true.
    const old = [...this.#keys.values()].find(({ publicKey }) =>
      verifyBytes({ message, signature, publicKey, purpose: 'keySuccession' }),
    );
    if (!old) return undefined;
    let body: KeySuccession;
    try {
      body = KeySuccession.decode(message);
    } catch {
      return undefined;
    }
    const newId = Buffer.from(body.newKeyId ?? []).toString('hex');
    const fits = body.agentId === this.agentId && old.id.equals(Buffer.from(body.oldKeyId ?? []));
    return fits && this.#keys.has(newId) ? newId : undefined;
  }
}

/** Whether a certificate of the key was valid; clocks may differ by what the collector lets pass without an alert. */
export function wasValid(key: AgentKey, atUs: number): boolean {
  return key.validities.some((validity) => covers(validity, atUs));
}

function covers({ fromMs, toMs }: Validity, atUs: number): boolean {
  return atUs / 1000 >= fromMs - CLOCK_OFFSET_MS_MAX && atUs / 1000 <= toMs + CLOCK_OFFSET_MS_MAX;
}

function validityOf(certificate: X509Certificate, issuer: X509Certificate): Validity {
  return {
    fromMs: Math.max(certificate.validFromDate.getTime(), issuer.validFromDate.getTime()),
    toMs: Math.min(certificate.validToDate.getTime(), issuer.validToDate.getTime()),
  };
}

function parseCertificate(der: Uint8Array | null | undefined): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der ?? new Uint8Array());
    // A key that OpenSSL does not know throws when it is asked for: here, and nowhere later.
    return certificate.publicKey && certificate;
  } catch {
    return undefined;
  }
}
