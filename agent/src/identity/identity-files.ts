// The agent's identity on disk, HOME/identity:
//   agent.key (PKCS#8 PEM, sealed where there is a passphrase; 0600)  agent.crt  ca.crt (PEM, the newest first)
//   enrolment.json  kem-key.bin (an encoded KemKey)
//   agent.key.next: a key that is to follow, kept like agent.key, from before it is asked for until its certificate is in place
// enrolment.json is written last: where it stands, the rest is complete. agent.crt says which key is the present one: it is
// replaced by one rename, and the key it is of is there before, so that no moment is without a key and its certificate.
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
  readCertificates,
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
  /** Whom this agent trusts, the newest first; never empty. */
  anchors: X509Certificate[];
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
    const certificate = new X509Certificate(pem.certificate);
    let privateKey = createPrivateKey(pem.key);
    const next = readNextKey(home);
    if (next && certificate.checkPrivateKey(next.privateKey)) {
      // Stopped after the certificate of the next key was put in place, and before that key was.
      privateKey = next.privateKey;
      pem.key = next.pem;
    }
    const anchors = readCertificates(pem.ca);
    const profile = anchors[0] && profileOfCa(anchors[0].publicKey);
    if (!profile) throw new Error('ca.crt is not of a ThreatGuard fleet');
    if (!profile.acceptedSignatures.some((accepted) => accepted === signatureAlgorithmOf(privateKey))) {
      throw new Error(`agent.key is not a key of ${profile.acceptedSignatures.join(' or ')}`);
    }
    if (!certificate.checkPrivateKey(privateKey)) throw new Error('agent.crt is not the certificate of agent.key');
    const kemKey = verifyKemKey(KemKey.decode(read('kem-key.bin')), anchors);
    const publicKey = createPublicKey(privateKey);
    return { ...enrolment, privateKey, publicKey, certificate, anchors, pem, kemKey, profile: profile.name };
  } catch (error) {
    if (error instanceof SealedKeyError) throw error;
    const advice = 'restore the directory from a backup, or enroll again with --force';
    throw new IdentityError('identity_damaged', `${directory} cannot be used (${(error as Error).message}); ${advice}`);
  }
}

/** Seals the agent's key and the one that is to follow it, or writes them open again; the files that changed. Throws SealedKeyError. */
export function rewriteAgentKeys(home: string, wanted: 'sealed' | 'open'): string[] {
  const directory = identityDirectory(home);
  const files = ['agent.key', 'agent.key.next'].map((name) => join(directory, name)).filter((file) => existsSync(file));
  if (files.length === 0) throw new IdentityError('not_enrolled', `there is no key in ${directory} yet`);
  return rewriteKeys(files, wanted);
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
  replace(home, 'kem-key.bin', KemKey.encode(kemKey).finish());
}

/** Whether the ML-KEM key that is kept is one of a collector of these CAs. */
export function kemKeyIsOf(home: string, anchors: readonly X509Certificate[]): boolean {
  try {
    verifyKemKey(KemKey.decode(readFileSync(join(identityDirectory(home), 'kem-key.bin'))), anchors);
    return true;
  } catch {
    return false; // whatever is wrong with it, it does not speak for these CAs
  }
}

/** The newest first. */
export function saveAnchors(home: string, anchors: readonly X509Certificate[]): void {
  replace(home, 'ca.crt', anchors.map(String).join(''));
}

/** The key that is to follow the present one; undefined where none was made. */
export function readNextKey(home: string): { privateKey: KeyObject; pem: string } | undefined {
  const path = join(identityDirectory(home), 'agent.key.next');
  if (!existsSync(path)) return undefined;
  const pem = openKey(readFileSync(path, 'utf8'), 'agent.key.next');
  return { privateKey: createPrivateKey(pem), pem };
}

/** Kept before anybody is asked to certify it: an answer that is lost is asked for again, for the same key. */
export function saveNextKey(home: string, pem: string): void {
  replace(home, 'agent.key.next', keyAtRest(pem));
}

/** Puts a certificate of the present key in place, or one of the next key, which then is the present one. */
export function saveCertificate(home: string, certificate: X509Certificate): void {
  replace(home, 'agent.crt', certificate.toString());
  settleNextKey(home, certificate);
}

/** Gives the next key its place where `certificate`, which is in place already, is its own. */
export function settleNextKey(home: string, certificate: X509Certificate): void {
  const next = readNextKey(home);
  if (!next || !certificate.checkPrivateKey(next.privateKey)) return;
  const directory = identityDirectory(home);
  renameSync(join(directory, 'agent.key.next'), join(directory, 'agent.key'));
  flushDirectory(directory);
}

/** Replaces a file whole, and for good: what is done next may rely on it after a power cut. */
function replace(home: string, name: string, content: string | Uint8Array): void {
  const directory = identityDirectory(home);
  const path = join(directory, name);
  writeFileSync(`${path}.new`, content, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  flushDirectory(directory);
}

function flushDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
