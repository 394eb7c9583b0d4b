import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type KemKey,
  type PeerName,
  readCertificates,
  setKeyPassphrase,
  signCaSuccession,
  signKemKey,
} from '@threatguard/proto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CertificateKeeper } from '../../agent/src/identity/certificate-keeper.ts';
import {
  beginIdentity,
  finishIdentity,
  identityDirectory,
  readIdentity,
  readNextKey,
  rewriteAgentKeys,
} from '../../agent/src/identity/identity-files.ts';
import { SealingKey } from '../../agent/src/identity/sealing-key.ts';
import {
  CertificateAuthority,
  readCertificateRequest,
  selfSignCa,
} from '../../collector/src/fleet/certificate-authority.ts';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
const EPOCH_KEY = generateKeyPairSync('ml-kem-768').publicKey;
const AGENT: PeerName = { kind: 'agent', id: 'a-1' };

interface TestCa {
  authority: CertificateAuthority;
  privateKey: KeyObject;
  kemKey: KemKey;
}

async function makeCa(): Promise<TestCa> {
  const { privateKey } = generateKeyPairSync('ml-dsa-65');
  const certificate = new X509Certificate(await selfSignCa(privateKey, NOW_MS));
  const authority = new CertificateAuthority({ certificate, privateKey });
  const leaf = generateKeyPairSync('ml-dsa-65');
  const name = { kind: 'collector', id: 'c' } as const;
  const signer = {
    privateKey: leaf.privateKey,
    certificate: await authority.issue({ name, publicKey: leaf.publicKey, nowMs: NOW_MS }),
  };
  const kemKey = signKemKey({
    epoch: 1,
    publicKey: EPOCH_KEY,
    createdAtUs: 1,
    signer,
  });
  return { authority, privateKey, kemKey };
}

let [ca, nextCa, stranger]: TestCa[] = [];
let home: string;

beforeAll(async () => {
  [ca, nextCa, stranger] = await Promise.all([makeCa(), makeCa(), makeCa()]);
});
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'tg-renewal-'));
  const { privateKey, publicKey } = generateKeyPairSync('ml-dsa-65');
  beginIdentity(home, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  finishIdentity(home, {
    certificatePem: (await issue(publicKey)).toString(),
    caPem: ca!.authority.certificate.toString(),
    kemKey: ca!.kemKey,
    enrolment: { agentId: 'a-1', name: 'web-1', collector: '127.0.0.1:1' },
  });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const issue = (publicKey: KeyObject, { by = ca!, name = AGENT, nowMs = NOW_MS } = {}) =>
  by.authority.issue({ name, publicKey, nowMs });
const keeperAt = (nowMs: number) => new CertificateKeeper({ home, identity: readIdentity(home), nowMs: () => nowMs });
const succession = () =>
  signCaSuccession({
    old: { certificate: ca!.authority.certificate, privateKey: ca!.privateKey },
    successor: nextCa!.authority.certificate,
    nowUs: 1,
  });
const told = (...cas: TestCa[]) => ({
  certificates: cas.map(({ authority }) => authority.certificate.raw),
  successions: [succession()],
});

describe('a certificate', () => {
  test.each([
    [19, false, false],
    [21, true, false],
    [31, true, true],
  ])('after %d days of 30: due %s, expired %s', (days, due, expired) => {
    const keeper = keeperAt(NOW_MS + days * DAY_MS);
    expect([keeper.due, keeper.expired]).toEqual([due, expired]);
  });

  test('that is renewed is on disk before it is used, and needs no new connection', async () => {
    const keeper = keeperAt(NOW_MS);
    const { certificateRequest } = await keeper.request(false);
    const renewed = await issue(await readCertificateRequest(certificateRequest!));
    expect(keeper.accept({ certificate: renewed.raw })).toEqual({ reconnect: false });
    expect(readIdentity(home).certificate.serialNumber).toBe(renewed.serialNumber);
    expect(keeper.tls.certificate).toBe(renewed.toString());
  });

  test.each<[string, () => Promise<X509Certificate | undefined>, string]>([
    ['none', async () => undefined, 'refused'],
    ['of a CA that is not trusted', () => issue(readIdentity(home).publicKey, { by: stranger! }), 'untrusted'],
    ['of another agent', () => issue(readIdentity(home).publicKey, { name: { kind: 'agent', id: 'a-2' } }), 'foreign'],
    [
      'of a collector',
      () => issue(readIdentity(home).publicKey, { name: { kind: 'collector', id: 'a-1' } }),
      'foreign',
    ],
    ['for another key', () => issue(generateKeyPairSync('ml-dsa-65').publicKey), 'foreign'],
  ])('is not taken: %s', async (_, make, code) => {
    const keeper = keeperAt(NOW_MS);
    const before = readIdentity(home).certificate.serialNumber;
    const certificate = await make();
    const answer = certificate ? { certificate: certificate.raw } : { refusal: 'no' };
    expect(() => keeper.accept(answer)).toThrow(expect.objectContaining({ code }));
    expect(readIdentity(home).certificate.serialNumber).toBe(before);
  });
});

describe('a new key', () => {
  async function granted(keeper: CertificateKeeper) {
    const { certificateRequest } = await keeper.request(true);
    return issue(await readCertificateRequest(certificateRequest!));
  }

  test('signs from the answer on; the collector is to see it at once', async () => {
    const keeper = keeperAt(NOW_MS);
    const former = keeper.signer.signingKeyId;
    const certificate = await granted(keeper);
    expect(keeper.signer.signingKeyId).toEqual(former);
    expect(keeper.accept({ certificate: certificate.raw })).toEqual({ reconnect: true });
    expect(keeper.signer.signingKeyId).not.toEqual(former);
    expect(readIdentity(home).publicKey.equals(certificate.publicKey)).toBe(true);
    expect(existsSync(join(identityDirectory(home), 'agent.key.next'))).toBe(false);
  });

  test('is sealed at rest as the present one is, until both are opened', async () => {
    setKeyPassphrase(Buffer.from('correct horse'));
    try {
      const files = ['agent.key', 'agent.key.next'].map((name) => join(identityDirectory(home), name));
      const sealed = () => files.map((file) => readFileSync(file, 'utf8').startsWith('{'));
      const keeper = keeperAt(NOW_MS);
      const certificate = await granted(keeper);
      expect(sealed()).toEqual([false, true]);
      expect(rewriteAgentKeys(home, 'sealed')).toEqual(files.slice(0, 1));
      expect(sealed()).toEqual([true, true]);
      expect(rewriteAgentKeys(home, 'open')).toEqual(files);
      expect(sealed()).toEqual([false, false]);
      rewriteAgentKeys(home, 'sealed');
      expect(keeper.accept({ certificate: certificate.raw })).toEqual({ reconnect: true });
      expect(readFileSync(files[0]!, 'utf8').startsWith('{')).toBe(true);
      expect(readIdentity(home).publicKey.equals(certificate.publicKey)).toBe(true);
    } finally {
      setKeyPassphrase(undefined);
    }
  });

  test('that was asked for before a crash is asked for again, and no other', async () => {
    const first = await granted(keeperAt(NOW_MS));
    const again = await granted(keeperAt(NOW_MS));
    expect(again.publicKey.equals(first.publicKey)).toBe(true);
    expect(readIdentity(home).publicKey.equals(first.publicKey)).toBe(false);
  });

  test('is the present one if the crash came between its certificate and its file', async () => {
    const certificate = await granted(keeperAt(NOW_MS));
    const directory = identityDirectory(home);
    writeFileSync(join(directory, 'agent.crt'), certificate.toString());
    writeFileSync(join(directory, 'agent.crt.new'), 'torn');
    expect(readIdentity(home).publicKey.equals(certificate.publicKey)).toBe(true);
    expect(readNextKey(home)).toBeDefined();
    const keeper = keeperAt(NOW_MS);
    expect(readNextKey(home)).toBeUndefined();
    expect(createPublicKey(readIdentity(home).privateKey).equals(certificate.publicKey)).toBe(true);
    expect(keeper.signer.signingKeyId).toHaveLength(32);
  });
});

describe('a CA', () => {
  test('that follows is trusted after a restart too, and the old one forgotten when nothing rests on it', async () => {
    const keeper = keeperAt(NOW_MS);
    const { kemKey } = readIdentity(home);
    const sealingKey = new SealingKey({ home, kemKey, anchors: () => keeper.anchors });
    expect(() => sealingKey.take(nextCa!.kemKey)).toThrow(expect.objectContaining({ code: 'identity_mismatch' }));
    keeper.trust(told(nextCa!, ca!));
    expect(readIdentity(home).anchors).toHaveLength(2);
    expect(readCertificates(String(keeper.tls.ca))[0]!.raw).toEqual(nextCa!.authority.certificate.raw);

    keeper.forgetRetired(told(nextCa!));
    expect(readIdentity(home).anchors, 'the certificate is of the old CA').toHaveLength(2);
    const renewed = await issue(readIdentity(home).publicKey, { by: nextCa! });
    expect(keeper.accept({ certificate: renewed.raw })).toEqual({ reconnect: true });
    keeper.forgetRetired(told(nextCa!));
    expect(readIdentity(home).anchors, 'the ML-KEM key is signed under the old CA').toHaveLength(2);
    expect(sealingKey.take(nextCa!.kemKey), 'the same epoch').toBe(false);
    keeper.forgetRetired(told(nextCa!));
    expect(readIdentity(home).anchors).toHaveLength(1);
  });

  test('that nobody vouches for is not', () => {
    const keeper = keeperAt(NOW_MS);
    keeper.trust({ certificates: [stranger!.authority.certificate.raw], successions: [] });
    expect(keeper.anchors).toHaveLength(1);
  });
});
