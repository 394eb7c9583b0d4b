// The agent's identity on disk, HOME/identity:
//   agent.key (PKCS#8 PEM, sealed where there is a passphrase; 0600)  agent.crt  ca.crt (PEM)  enrolment.json  kem-key.bin (an encoded KemKey)
// enrolment.json is written last: where it stands, the rest is complete.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type AnnouncedKemKey,
  KemKey,
  keyAtRest,
  openKey,
  type ProfileName,
  profileOfCa,
  rewriteKeys,
  SealedKeyError,
  signatureAlgorithmOf,
  verifyKemKey,
} from '@threatguard/proto';

/** Why there is no identity to run with. */
type IdentityErrorCode = 'not_enrolled' | 'identity_damaged';

class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Enrolment {
  agentId: string;
  name: string;
  /** HOST:PORT of the collector that enrolled this agent. */
  collector: string;
}

export interface Identity extends Enrolment {
  privateKey: KeyObject;
  publicKey: KeyObject;
  certificate: X509Certificate;
  ca: X509Certificate;
  /** What TLS takes, PEM. */
  pem: { key: string; certificate: string; ca: string };
  kemKey: AnnouncedKemKey;
  /** The fleet's, which the key of its CA decides. */
  profile: ProfileName;
}

const STAGE = 'identity.new';
const FORMER = 'identity.old';

export function identityDirectory(home: string): string {
  return join(home, 'identity');
}

export function isEnrolled(home: string): boolean {
  return existsSync(join(identityDirectory(home), 'enrolment.json'));
}

/** Reads everything and holds it together: key and certificate fit, and the ML-KEM key is one of this CA's collector. */
export function readIdentity(home: string): Identity {
  if (!isEnrolled(home)) {
    const command = `threatguard-agent enroll --collector HOST:PORT --token TOKEN --home ${home}`;
    throw new IdentityError('not_enrolled', `this agent is not enrolled yet; run: ${command}`);
  }
  const directory = identityDirectory(home);
  const read = (name: string) => readFileSync(join(directory, name));
  try {
    const pem = {
      key: openKey(`${read('agent.key')}`, 'agent.key'),
      certificate: `${read('agent.crt')}`,
      ca: `${read('ca.crt')}`,
    };
    const enrolment = JSON.parse(`${read('enrolment.json')}`) as Enrolment;
    const privateKey = createPrivateKey(pem.key);
    const certificate = new X509Certificate(pem.certificate);
    const ca = new X509Certificate(pem.ca);
    const profile = profileOfCa(ca.publicKey);
    if (!profile) throw new Error('ca.crt is not of a ThreatGuard fleet');
    if (!profile.acceptedSignatures.some((accepted) => accepted === signatureAlgorithmOf(privateKey))) {
      throw new Error(`agent.key is not a key of ${profile.acceptedSignatures.join(' or ')}`);
    }
    if (!certificate.checkPrivateKey(privateKey)) throw new Error('agent.crt is not the certificate of agent.key');
    const kemKey = verifyKemKey(KemKey.decode(read('kem-key.bin')), ca);
    const publicKey = createPublicKey(privateKey);
    return { ...enrolment, privateKey, publicKey, certificate, ca, pem, kemKey, profile: profile.name };
  } catch (error) {
    if (error instanceof SealedKeyError) throw error;
    const advice = 'restore the directory from a backup, or enroll again with --force';
    throw new IdentityError('identity_damaged', `${directory} cannot be used (${(error as Error).message}); ${advice}`);
  }
}

/** Seals the agent's key, or writes it open again; the files that changed. Throws SealedKeyError. */
export function rewriteAgentKey(home: string, wanted: 'sealed' | 'open'): string[] {
  const file = join(identityDirectory(home), 'agent.key');
  if (!existsSync(file)) throw new IdentityError('not_enrolled', `there is no key in ${identityDirectory(home)} yet`);
  return rewriteKeys([file], wanted);
}

/** A fresh place for an identity in the making, so that the present one stays until the new one is whole. */
export function beginIdentity(home: string, keyPem: string): string {
  const directory = join(home, STAGE);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'agent.key'), keyAtRest(keyPem), { mode: 0o600, flush: true });
  return directory;
}

/** Completes an identity begun with `beginIdentity` and puts it in place; the former one is kept beside it. */
export function finishIdentity(
  home: string,
  parts: { certificatePem: string; caPem: string; kemKey: KemKey; enrolment: Enrolment },
): void {
  const stage = join(home, STAGE);
  const write = (name: string, content: string | Uint8Array) =>
    writeFileSync(join(stage, name), content, { mode: 0o600, flush: true });
  write('agent.crt', parts.certificatePem);
  write('ca.crt', parts.caPem);
  write('kem-key.bin', KemKey.encode(parts.kemKey).finish());
  write('enrolment.json', `${JSON.stringify(parts.enrolment, null, 2)}\n`);
  const directory = identityDirectory(home);
  if (existsSync(directory)) {
    rmSync(join(home, FORMER), { recursive: true, force: true });
    renameSync(directory, join(home, FORMER));
  }
  renameSync(stage, directory);
}

/** Keeps the fleet's current ML-KEM key for the next start; whole or not at all, and over a power cut once it returns. */
export function saveKemKey(home: string, kemKey: KemKey): void {
  const directory = identityDirectory(home);
  const path = join(directory, 'kem-key.bin');
  writeFileSync(`${path}.new`, KemKey.encode(kemKey).finish(), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  const descriptor = openSync(directory, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
