// A fleet made with the profile cnsa2, over the wire. In a file of its own: the profile is that of the process.
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { parseJoinToken, rewriteKeys, setKeyPassphrase, TLS_POLICY } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initHome } from '../../collector/src/init.ts';
import { enrolTestAgent } from '../support/agent-identity.ts';
import { CertificatesClient, initTestHome, TestCollector } from '../support/collector.ts';
import { processEvents } from '../support/envelopes.ts';
import { LivingAgent } from '../support/living-agent.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let home: string;
let collector: TestCollector;

beforeAll(async () => {
  home = await initTestHome('cnsa2');
  collector = await TestCollector.start({ home, config: 'crypto:\n  profile: cnsa2\n' });
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
});

describe('a cnsa2 fleet', () => {
  it('says so, and takes events sealed and signed with its algorithms', async () => {
    expect(await collector.console.status()).toMatchObject({
      cryptoProfile: 'cnsa2',
      cryptoProvider: 'openssl',
      signatureAlgorithm: 'ML-DSA-87',
      kemAlgorithm: 'ML-KEM-1024',
      tlsGroup: 'SecP384R1MLKEM1024',
    });
    const identity = await collector.enrol();
    expect([identity.kemKey.publicKey.asymmetricKeyType, identity.envelope.privateKey.asymmetricKeyType]).toEqual([
      'ml-kem-1024',
      'ml-dsa-87',
    ]);
    using agent = await SealingAgent.connect({ address: collector.address, identity });
    expect(await agent.send(processEvents(10))).toMatchObject({ acknowledgement: { sequence: 1 } });
  });

  it('certifies no key below its profile', async () => {
    const { token } = await collector.console.createToken();
    expect(parseJoinToken(token!)).toBeDefined();
    const weak = enrolTestAgent({ ...collector, token: token!, algorithm: 'ML-DSA-65' });
    await expect(weak).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('shakes hands over its own group only', async () => {
    const [host, port] = collector.address.split(':');
    const attempt = (ecdhCurve: string) =>
      new Promise<unknown>((resolve) => {
        const to = { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
        const socket = connect({ ...to, ...TLS_POLICY, ecdhCurve }, () => {
          resolve(socket.getEphemeralKeyInfo());
          socket.end();
        });
        socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
      });
    expect(await attempt('SecP384R1MLKEM1024')).toMatchObject({ name: expect.stringMatching(/^secp384r1mlkem1024$/i) });
    expect(await attempt(TLS_POLICY.ecdhCurve)).toMatchObject({ name: expect.stringMatching(/^secp384r1mlkem1024$/i) });
    expect(await attempt('X25519MLKEM768')).toMatch(/^(ERR_SSL|ECONNRESET)/);
  });

  it('replaces its CA and the keys of its agents by such of its profile, sealed where there is a passphrase', async () => {
    await using stack = new AsyncDisposableStack();
    const certificates = stack.use(new CertificatesClient(collector));
    const { token } = await collector.console.createToken();
    const agentHome = await LivingAgent.enrol({ collector: collector.address, token: token!, name: 'rotates' });
    stack.defer(() => rmSync(agentHome, { recursive: true, force: true }));
    const agent = stack.use(new LivingAgent({ home: agentHome, collector: collector.address, nowMs: Date.now }));
    const first = agent.keeper.certificate;
    setKeyPassphrase(Buffer.from('correct horse'));
    stack.defer(() => setKeyPassphrase(undefined));
    await certificates.orderKeys('rotates');
    await certificates.rotateCa();
    agent.connect();
    const followed = () => {
      const { certificate, anchors } = agent.keeper;
      return !certificate.publicKey.equals(first.publicKey) && anchors[1] && certificate.checkIssued(anchors[0]!);
    };
    await until(followed, { limitMs: 25_000, what: () => `the new key and CA: ${JSON.stringify(agent.log)}` });
    agent.seal(processEvents(1));
    await until(() => agent.drained, { limitMs: 25_000, what: 'the envelope to arrive' });

    const made = [agent.keeper.certificate, ...agent.keeper.anchors].map(({ publicKey }) => publicKey);
    expect(made.map(({ asymmetricKeyType }) => asymmetricKeyType)).toEqual(Array(3).fill('ml-dsa-87'));
    const ca = join(home, 'collector', 'ca');
    expect(new X509Certificate(readFileSync(join(ca, 'ca-2.crt'))).raw).toEqual(agent.keeper.anchors[0]!.raw);
    for (const key of [join(ca, 'ca-2.key'), join(agentHome, 'identity', 'agent.key')]) {
      expect(JSON.parse(readFileSync(key, 'utf8'))).toMatchObject({ format: 'threatguard/sealed-key/v1' });
    }
    expect(JSON.stringify(agent.log)).not.toContain('refused');
    expect(rewriteKeys([join(ca, 'ca-2.key')], 'open')).toHaveLength(1);
  });

  it('stays what it was made: another profile is refused, at init and at start', async () => {
    const refused = expect.objectContaining({ name: 'FleetCryptoError', code: 'profile_differs' });
    await expect(TestCollector.start({ home, config: 'crypto:\n  profile: standard\n' })).rejects.toEqual(refused);
    const again = { home, listen: '127.0.0.1:0', nowMs: Date.now() };
    await expect(initHome({ ...again, profile: 'standard' })).rejects.toEqual(refused);
    expect((await initHome(again)).profile).toBe('cnsa2');
  });
});
