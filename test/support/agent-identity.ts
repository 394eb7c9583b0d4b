// Certificates and enrolment for tests: an agent that enrols for real, and certificates no collector would issue.
import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeGenericClientConstructor } from '@grpc/grpc-js';
import * as x509 from '@peculiar/x509';
import {
  type AnnouncedKemKey,
  activeProfile,
  activeProvider,
  type EnrolRequest,
  type EnrolResponse,
  type EnvelopeIdentity,
  enrolmentService,
  envelopeIdentity,
  parseJoinToken,
  type SignatureAlgorithm,
  signatureAlgorithmOf,
  verifyKemKey,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';

x509.cryptoProvider.set(webcrypto as Crypto);
const ALGORITHM = { name: 'ML-DSA-65' };

/** PEM texts, as TLS wants them. */
export interface TlsIdentity {
  ca: string;
  certificate: string;
  key: string;
}

export interface AgentIdentity extends TlsIdentity {
  agentId: string;
  name: string;
  envelope: EnvelopeIdentity;
  kemKey: AnnouncedKemKey;
}

export function caOf(home: string): string {
  return readFileSync(join(home, 'collector', 'ca', 'ca.crt'), 'utf8');
}

/** The admin console's identity that `init` made. */
export function consoleIdentityOf(home: string): TlsIdentity {
  const read = (name: string) => readFileSync(join(home, 'console', name), 'utf8');
  return { ca: read('ca.crt'), certificate: read('console.crt'), key: read('console.key') };
}

export async function certificateRequest(keys: { privateKey: KeyObject; publicKey: KeyObject }): Promise<Buffer> {
  const algorithm = { name: signatureAlgorithmOf(keys.publicKey)! };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=whatever the host calls itself',
    keys: {
      privateKey: keys.privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: keys.publicKey.toCryptoKey(algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
  });
  return Buffer.from(request.rawData);
}

/** One Enrol call, as it stands. */
export function callEnrol(parts: { address: string; ca: string }, request: EnrolRequest): Promise<EnrolResponse> {
  const Client = makeGenericClientConstructor(enrolmentService, 'Enrolment');
  const client = new Client(parts.address, collectorCredentials({ ca: parts.ca }), CHANNEL_OPTIONS);
  return new Promise<EnrolResponse>((resolve, reject) => {
    client.enrol!(request, (error: Error | null, response: EnrolResponse) =>
      error ? reject(error) : resolve(response),
    );
  }).finally(() => client.close());
}

/** Enrols over the wire with a join token; keys are made here. */
export async function enrolTestAgent(parts: {
  address: string;
  ca: string;
  token: string;
  hostName?: string;
  machineId?: string;
  bootId?: string;
  algorithm?: SignatureAlgorithm;
}): Promise<AgentIdentity> {
  const keys = activeProvider().generate(parts.algorithm ?? activeProfile().signature);
  const token = parseJoinToken(parts.token)!;
  const response = await callEnrol(parts, {
    tokenId: token.id,
    tokenSecret: token.secret,
    certificateRequest: await certificateRequest(keys),
    hostName: parts.hostName ?? 'test-host',
    machineId: parts.machineId ?? randomBytes(16).toString('hex'),
    bootId: parts.bootId ?? '',
  });
  const agentId = response.agentId!;
  return {
    agentId,
    name: response.agentName!,
    ca: parts.ca,
    certificate: new X509Certificate(response.certificate!).toString(),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    envelope: envelopeIdentity(agentId, keys),
    kemKey: verifyKemKey(response.kemKey!, new X509Certificate(parts.ca)),
  };
}

/** A CA of one's own: for what an attacker would bring. */
export async function makeCa(): Promise<{ pem: string; privateKey: KeyObject }> {
  const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-65');
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=ThreatGuard CA',
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    keys: {
      privateKey: privateKey.toCryptoKey(ALGORITHM, false, ['sign']),
      publicKey: publicKey.toCryptoKey(ALGORITHM, true, ['verify']),
    },
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return { pem: certificate.toString('pem'), privateKey };
}

/** The real CA of a state directory, key included. */
export function realCa(home: string): { pem: string; privateKey: KeyObject } {
  return { pem: caOf(home), privateKey: createPrivateKey(readFileSync(join(home, 'collector', 'ca', 'ca.key'))) };
}

/** A certificate with any name and any life, by any CA. `publicKey` is that of `key`. */
export async function issueAnything(parts: {
  by: { pem: string; privateKey: KeyObject };
  uri: string | undefined;
  key?: string;
  notBefore?: Date;
  notAfter?: Date;
  /** Which side of TLS it is for. */
  side?: 'client' | 'server';
}): Promise<{ certificate: string; key: string }> {
  const privateKey = parts.key ? createPrivateKey(parts.key) : generateKeyPairSync('ml-dsa-65').privateKey;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const san = parts.uri ? [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: parts.uri }])] : [];
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const usage = parts.side === 'server' ? serverAuth : clientAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    subject: 'CN=anything',
    issuer: new x509.X509Certificate(parts.by.pem).subject,
    notBefore: parts.notBefore ?? new Date(Date.now() - 7_200_000),
    notAfter: parts.notAfter ?? new Date(Date.now() + 3_600_000),
    publicKey: createPublicKey(privateKey).toCryptoKey(ALGORITHM, true, ['verify']),
    signingKey: parts.by.privateKey.toCryptoKey(ALGORITHM, false, ['sign']),
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.ExtendedKeyUsageExtension([usage]), ...san],
  });
  return { certificate: certificate.toString('pem'), key };
}
