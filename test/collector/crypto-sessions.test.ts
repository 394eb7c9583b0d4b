import { PROFILES } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { belowPolicy, type SessionCrypto, weakened } from '../../collector/src/fleet/crypto-policy.ts';
import { TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

const NOW_US = 1_790_000_000_000_000;
const STANDARD: SessionCrypto = {
  tlsProtocol: 'TLSv1.3',
  tlsGroup: 'X25519MLKEM768',
  signatureAlgorithm: 'ML-DSA-65',
  provider: 'openssl',
  certificateExpiresAtUs: NOW_US + 1,
};
const CNSA2 = { ...STANDARD, tlsGroup: 'SecP384R1MLKEM1024', signatureAlgorithm: 'ML-DSA-87' };

describe('a session', () => {
  it('meets the profile it was made with, and every weaker one', () => {
    expect(belowPolicy(STANDARD, PROFILES.standard, NOW_US)).toEqual([]);
    expect(belowPolicy(CNSA2, PROFILES.standard, NOW_US)).toEqual([]);
    expect(belowPolicy(CNSA2, PROFILES.cnsa2, NOW_US)).toEqual([]);
  });

  it.each([
    [STANDARD, 'cnsa2', ['group X25519MLKEM768 instead of', 'ML-DSA-65 instead of ML-DSA-87']],
    [{ ...STANDARD, tlsProtocol: 'TLSv1.2' }, 'standard', ['TLSv1.2 instead of TLSv1.3']],
    [{ ...STANDARD, tlsGroup: 'X25519' }, 'standard', ['group X25519 instead of X25519MLKEM768']],
    [{ ...STANDARD, tlsGroup: '' }, 'standard', ['group unknown']],
    [{ ...STANDARD, signatureAlgorithm: 'toString' }, 'standard', ['toString instead of ML-DSA-65']],
    [{ ...STANDARD, provider: '' }, 'standard', ['does not say which provider']],
    [{ ...STANDARD, certificateExpiresAtUs: NOW_US }, 'standard', ['certificate has expired']],
  ] as const)('%o is below %s, and says why', (session, profile, reasons) => {
    const below = belowPolicy(session, PROFILES[profile], NOW_US);
    expect(below).toHaveLength(reasons.length);
    for (const [at, reason] of reasons.entries()) expect(below[at]).toContain(reason);
  });

  it.each([
    [STANDARD, STANDARD, []],
    [STANDARD, CNSA2, []],
    [{ ...STANDARD, provider: 'liboqs' }, STANDARD, []],
    [STANDARD, { ...STANDARD, provider: 'liboqs' }, ['liboqs instead of openssl']],
    [STANDARD, { ...STANDARD, provider: '' }, ['nothing it says instead of openssl']],
    [CNSA2, STANDARD, ['X25519MLKEM768 instead of SecP384R1MLKEM1024', 'ML-DSA-65 instead of ML-DSA-87']],
  ])('%o followed by %o has weakened by %j', (before, now, what) => {
    expect(weakened(before, now)).toEqual(what);
  });
});

describe('the collector', () => {
  let collector: TestCollector;
  beforeAll(async () => {
    collector = await TestCollector.start();
  });
  afterAll(() => collector?.[Symbol.asyncDispose]());

  const downgrades = async () =>
    (await collector.console.alerts()).alerts?.filter(({ ruleId }) => ruleId === 'health/crypto-downgrade') ?? [];

  it('keeps what each session used, tells of a weaker one once, and lists hosts below policy first', async () => {
    const [steady, changing] = [await collector.enrol('a-steady'), await collector.enrol('b-changing')];
    const silent = await collector.enrol('c-silent');
    const visit = async (identity: typeof steady, cryptoProvider: string) => {
      const session = async () =>
        (await collector.console.cryptoReport()).hosts?.find((host) => host.agentId === identity.agentId)
          ?.sessionAtUs ?? 0;
      const before = await session();
      using _ = await SealingAgent.connect({ address: collector.address, identity, hello: { cryptoProvider } });
      await until(async () => (await session()) > before, { limitMs: 10_000, what: () => 'the session to be kept' });
    };
    await visit(steady, 'openssl');
    await visit(changing, 'openssl');
    expect(await downgrades()).toEqual([]);
    await visit(changing, 'liboqs');
    const [alert] = await until(async () => ((await downgrades()).length > 0 ? downgrades() : undefined), {
      limitMs: 10_000,
      what: () => 'an alert',
    });
    expect(alert).toMatchObject({ agentId: changing.agentId, count: 1 });
    expect(alert!.reason).toContain('liboqs instead of openssl');
    await visit(changing, 'liboqs');
    await visit(changing, '\u001b]0;x\u0007'.repeat(1_000));

    const report = await collector.console.cryptoReport();
    expect(report).toMatchObject({ profile: 'standard', policy: 'standard', below: 1 });
    expect(report.hosts?.map(({ name }) => name)).toEqual(['b-changing', 'a-steady', 'c-silent']);
    expect(report.hosts?.[0]).toMatchObject({ provider: '', below: [expect.stringContaining('does not say')] });
    expect(report.hosts?.[1]).toMatchObject({
      tlsProtocol: 'TLSv1.3',
      tlsGroup: 'X25519MLKEM768',
      signatureAlgorithm: 'ML-DSA-65',
      keyId: Buffer.from(steady.envelope.signingKeyId).toString('hex'),
      provider: 'openssl',
      below: [],
    });
    expect(report.hosts?.[2]).toMatchObject({ agentId: silent.agentId, sessionAtUs: 0, below: [] });
    expect(await collector.console.cryptoReport('cnsa2')).toMatchObject({ policy: 'cnsa2', below: 2 });
    expect((await downgrades())[0]?.count).toBe(2);
    await expect(collector.console.cryptoReport('cnsa3')).rejects.toThrow('did you mean "cnsa2"?');
  });

  it('leaves revoked agents out of the report', async () => {
    await collector.enrol('gone');
    await collector.console.revoke('gone');
    expect((await collector.console.cryptoReport()).hosts?.some(({ name }) => name === 'gone')).toBe(false);
  });
});
