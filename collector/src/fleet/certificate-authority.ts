// The fleet's CA: says which key speaks for which agent, console or collector (RFC 5280; ML-DSA by RFC 9881).
import 'reflect-metadata';
import { createPublicKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import {
  activeProfile,
  type CaEndorsement,
  type CaSuccession,
  keyId,
  type PeerName,
  peerUri,
  signatureAlgorithmOf,
  signCaEndorsement,
  signCaSuccession,
} from '@threatguard/proto';

x509.cryptoProvider.set(webcrypto as Crypto);

const DAY_MS = 24 * 60 * 60 * 1000;
/** The oldest clock among the hosts may be this far behind and still accept a new certificate. */
const BACKDATED_MS = 60 * 60 * 1000;
const SERIAL_BYTES = 16;
/** A CSR with an ML-DSA-87 key and signature has about 7.4 KB. */
const CERTIFICATE_REQUEST_BYTES_MAX = 16 * 1024;

const CA_VALID_DAYS = 3650;
const CA_NAME_HEX = 16;
/** How long each kind of certificate lives. */
export const VALID_DAYS: Record<PeerName['kind'], number> = { agent: 30, console: 365, collector: 365 };

export type CertificateErrorCode = 'request_malformed' | 'request_signature' | 'key_type';

/** A certificate request that will never be granted. The message is for the one who sent it. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Issues certificates under one CA key. Names in them come from the collector, never from a request. */
export class CertificateAuthority {
  readonly certificate: X509Certificate;
  readonly #privateKey: KeyObject;
  readonly #signingKey: webcrypto.CryptoKey;

  constructor({ certificate, privateKey }: { certificate: X509Certificate; privateKey: KeyObject }) {
    if (!certificate.checkPrivateKey(privateKey)) throw new Error('the CA key is not the one of the CA certificate');
    this.certificate = certificate;
    this.#privateKey = privateKey;
    this.#signingKey = privateKey.toCryptoKey(algorithmOf(privateKey), false, ['sign']);
  }

  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex: what join tokens pin. */
  get fingerprint(): string {
    return keyId(this.certificate.publicKey).toString('hex');
  }

  async issue(parts: { name: PeerName; publicKey: KeyObject; nowMs: number }): Promise<X509Certificate> {
    const { kind } = parts.name;
    const usages = [kind === 'collector' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth];
    const issued = await x509.X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      subject: `CN=ThreatGuard ${kind}`,
      issuer: new x509.X509Certificate(this.certificate.raw).subject,
      notBefore: new Date(parts.nowMs - BACKDATED_MS),
      notAfter: new Date(parts.nowMs + VALID_DAYS[kind] * DAY_MS),
      publicKey: parts.publicKey.toCryptoKey(algorithmOf(parts.publicKey), true, ['verify']),
      signingKey: this.#signingKey,
      signingAlgorithm: this.#signingKey.algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: peerUri(parts.name) }]),
      ],
    });
    return new X509Certificate(Buffer.from(issued.rawData));
  }

  /** Whoever trusts this CA may trust `successor`. */
  vouchFor(successor: X509Certificate, nowUs: number): CaSuccession {
    return signCaSuccession({
      old: { certificate: this.certificate, privateKey: this.#privateKey },
      successor,
      nowUs,
    });
  }

  /** What `former` issued until now stays proven to whoever knows this CA alone. */
  endorse(former: X509Certificate, nowUs: number): CaEndorsement {
    return signCaEndorsement({ old: former, successor: { privateKey: this.#privateKey }, succeedsAtUs: nowUs });
  }
}

/**
 * A self-signed CA certificate for a fresh key, PEM. Its name holds the key's: chains are built by names, and two CAs of one
 * name would be taken for each other while one follows the other.
 */
export async function selfSignCa(privateKey: KeyObject, nowMs: number): Promise<string> {
  const algorithm = algorithmOf(privateKey);
  const name = keyId(createPublicKey(privateKey)).toString('hex').slice(0, CA_NAME_HEX);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `CN=ThreatGuard CA ${name}`,
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + CA_VALID_DAYS * DAY_MS),
    keys: {
      privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: createPublicKey(privateKey).toCryptoKey(algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/**
 * The public key of a PKCS#10 request whose sender proved to hold the private one; nothing else in it is believed.
 * Throws CertificateError.
 */
export async function readCertificateRequest(der: Uint8Array): Promise<KeyObject> {
  if (der.length === 0 || der.length > CERTIFICATE_REQUEST_BYTES_MAX) {
    throw new CertificateError('request_malformed', `a certificate request of ${der.length} bytes is not possible`);
  }
  let publicKey: KeyObject;
  let proven: boolean;
  try {
    const request = new x509.Pkcs10CertificateRequest(Uint8Array.from(der));
    publicKey = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    const { acceptedSignatures } = activeProfile();
    if (!acceptedSignatures.some((accepted) => accepted === signatureAlgorithmOf(publicKey))) {
      throw new CertificateError('key_type', `only keys of ${acceptedSignatures.join(' or ')} are certified`);
    }
    proven = await request.verify(webcrypto as Crypto);
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError('request_malformed', 'not a PKCS#10 certificate request');
  }
  if (!proven) throw new CertificateError('request_signature', 'the request is not signed by the key it names');
  return publicKey;
}

/** As WebCrypto takes it. */
function algorithmOf(key: KeyObject): { name: string } {
  return { name: signatureAlgorithmOf(key) ?? String(key.asymmetricKeyType) };
}

function randomSerial(): string {
  // RFC 5280 4.1.2.2: positive, so the first bit is clear; and not zero-led, so that its length never varies.
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial.toString('hex');
}
