import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { parseJoinToken, parsePeerName, sha256, verifyKemKey } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthorities } from '../../collector/src/fleet/authorities.ts';
import { CollectorIdentity } from '../../collector/src/fleet/collector-identity.ts';
import { homePaths } from '../../collector/src/fleet/home.ts';
import { SilenceWatch } from '../../collector/src/fleet/silence-watch.ts';
import { RateLimit } from '../../collector/src/ingest/rate-limit.ts';
import { callEnrol, certificateRequest, enrolTestAgent } from '../support/agent-identity.ts';
import { TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'agents:\n  silent_after_seconds: 5\n' });
});

afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
});

const DAY_MS = 86_400_000;

async function requestWith(token: string, parts: object = {}) {
  const { id, secret } = parseJoinToken(token)!;
  const keys = generateKeyPairSync('ml-dsa-65');
  return {
    tokenId: id,
    tokenSecret: secret,
    certificateRequest: await certificateRequest(keys),
    hostName: 'h',
    ...parts,
  };
}

describe('enrolment', () => {
  it('gives a certificate for 30 days that names the agent, the CA of the token, and the signed ML-KEM key', async () => {
    const { token } = await collector.console.createToken();
    const response = await callEnrol(collector, await requestWith(token!, { hostName: 'db-1' }));
    const certificate = new X509Certificate(response.certificate!);
    const ca = new X509Certificate(response.caCertificate!);
    expect(parsePeerName(certificate.subjectAltName)).toEqual({ kind: 'agent', id: response.agentId });
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.serialNumber).toMatch(/^[0-9A-F]{32}$/);
    expect(Math.round((certificate.validToDate.getTime() - Date.now()) / DAY_MS)).toBe(30);
    expect(sha256(ca.publicKey.export({ type: 'spki', format: 'der' })).toString('hex')).toBe(
      parseJoinToken(token!)!.caSha256,
    );
    expect(verifyKemKey(response.kemKey!, ca).epoch).toBe(1);
    expect(response.agentName).toBe('db-1');
  });

  it('gives every live agent a name of its own, also when hosts of one name come at once', async () => {
    const { token } = await collector.console.createToken({ uses: 3 });
    const enrol = () => enrolTestAgent({ ...collector, token: token!, hostName: 'twin host/..' });
    const names = (await Promise.all([enrol(), enrol(), enrol()])).map((agent) => agent.name);
    expect(names.toSorted()).toEqual(['twin-host-..', 'twin-host-..-2', 'twin-host-..-3']);
  });

  it('gives the name of a revoked agent to the next', async () => {
    await collector.enrol('reborn');
    await collector.console.revoke('reborn');
    expect((await collector.enrol('reborn')).name).toBe('reborn');
  });

  it('takes a token as often as it may be used and not once more', async () => {
    const { token } = await collector.console.createToken({ uses: 2 });
    const enrol = async () => callEnrol(collector, await requestWith(token!));
    const results = await Promise.allSettled([enrol(), enrol(), enrol(), enrol()]);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
  });

  it.each([
    ['a token that never was', { tokenId: 'aaaaaaaaaaaaaaaa' }, status.PERMISSION_DENIED],
    ['a wrong secret', { tokenSecret: 'x'.repeat(43) }, status.PERMISSION_DENIED],
    ['no request', { certificateRequest: new Uint8Array() }, status.INVALID_ARGUMENT],
    ['a request that is garbage', { certificateRequest: Buffer.from('garbage') }, status.INVALID_ARGUMENT],
    ['a request that is too large', { certificateRequest: Buffer.alloc(20_000) }, status.INVALID_ARGUMENT],
  ])('refuses %s, and the token stays good', async (_, parts, code) => {
    const { token } = await collector.console.createToken();
    await expect(callEnrol(collector, await requestWith(token!, parts))).rejects.toMatchObject({ code });
    expect((await callEnrol(collector, await requestWith(token!))).agentId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses a request that is not signed by its key, one with another kind of key, and a key enrolled before', async () => {
    const { token } = await collector.console.createToken({ uses: 9 });
    const altered = await certificateRequest(generateKeyPairSync('ml-dsa-65'));
    altered[altered.length - 9]! ^= 1;
    const other = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
    const foreign = await Pkcs10CertificateRequestGenerator.create({
      name: 'CN=x',
      keys: other as webcrypto.CryptoKeyPair,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    for (const bytes of [altered, Buffer.from(foreign.rawData)]) {
      const refused = callEnrol(collector, await requestWith(token!, { certificateRequest: bytes }));
      await expect(refused).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
    const again = await requestWith(token!);
    await callEnrol(collector, again);
    await expect(callEnrol(collector, again)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });

  it('refuses a token that has expired', async () => {
    let offsetMs = 0;
    await using later = await TestCollector.start({ nowMs: () => Date.now() + offsetMs });
    const { token } = await later.console.createToken({ validSeconds: 60 });
    offsetMs = 61_000;
    await expect(callEnrol(later, await requestWith(token!))).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });
});

describe('the certificate of the collector', () => {
  it('is renewed when less than a third of its life is left, for the same key', async () => {
    const paths = homePaths(collector.home);
    const load = async (nowMs: number) =>
      CollectorIdentity.load({
        keyFile: paths.tlsKey,
        certificateFile: paths.tlsCertificate,
        authorities: await CertificateAuthorities.load(paths.caDirectory),
        nowMs,
      });
    const now = await load(Date.now());
    expect((await load(Date.now() + 200 * DAY_MS)).certificate.serialNumber).toBe(now.certificate.serialNumber);
    const renewed = await load(Date.now() + 300 * DAY_MS);
    expect(renewed.certificate.serialNumber).not.toBe(now.certificate.serialNumber);
    expect(renewed.signingKeyId).toEqual(now.signingKeyId);
  });
});

describe('silence', () => {
  const agent = { id: 'a', connected: false, lastSeenAtUs: 100 };

  it('is reported once, until the agent is heard again', () => {
    const watch = new SilenceWatch({ silentAfterUs: 60, startedAtUs: 0 });
    expect(watch.check([agent], 159)).toEqual([]);
    expect(watch.check([agent], 160)).toEqual([agent]);
    expect(watch.check([agent], 500)).toEqual([]);
    expect(watch.check([{ ...agent, lastSeenAtUs: 490 }], 500)).toEqual([]);
    expect(watch.check([{ ...agent, lastSeenAtUs: 490 }], 560)).toHaveLength(1);
  });

  it('is not reported of agents that are connected, were never seen, or before the collector listened for that long', () => {
    const watch = new SilenceWatch({ silentAfterUs: 60, startedAtUs: 1_000 });
    expect(watch.check([agent], 1_059)).toEqual([]);
    expect(watch.check([{ ...agent, connected: true }], 5_000)).toEqual([]);
    expect(watch.check([{ ...agent, lastSeenAtUs: 0 }], 5_000)).toEqual([]);
  });

  it('of a real agent becomes an alert', async () => {
    const identity = await collector.enrol('quiet');
    const agent = await SealingAgent.connect({ address: collector.address, identity });
    agent[Symbol.dispose]();
    const alert = await until(async () => (await collector.console.alerts({ filter: { agent: 'quiet' } })).alerts![0], {
      limitMs: 15_000,
      what: 'the alert',
    });
    expect(alert).toMatchObject({ ruleId: 'health/agent-silent', agentName: 'quiet' });
    const summary = (await collector.console.agents()).find(({ name }) => name === 'quiet');
    expect(summary!.state).toBe('silent');
  });
});

describe('the limit on enrolments', () => {
  it('holds for each address and for all together, and lets go with time', () => {
    const limit = new RateLimit({ burst: 2, perSecond: 1, totalFactor: 2 });
    const allowed = (key: string, nowMs: number) => limit.allows(key, nowMs);
    expect([allowed('a', 0), allowed('a', 0), allowed('a', 0)]).toEqual([true, true, false]);
    expect([allowed('b', 0), allowed('b', 0), allowed('c', 0)]).toEqual([true, true, false]);
    expect([allowed('a', 1_000), allowed('a', 1_000)]).toEqual([true, false]);
  });
});
