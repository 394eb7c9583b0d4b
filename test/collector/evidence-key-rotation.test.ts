// Evidence over a rotation of an agent's signing key, from a store that the collector opened again after a stop.
import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { Activity, EventClass, type HostEvent, keyId } from '@threatguard/proto';
import { afterAll, expect, it } from 'vitest';
import { CertificatesClient, initTestHome, TestCollector } from '../support/collector.ts';
import { exportBundle, takeApart, verifyBytesOf } from '../support/evidence.ts';
import { LivingAgent } from '../support/living-agent.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 25_000;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const event = (): HostEvent => ({
  observedAtUs: Date.now() * 1000,
  class: EventClass.AUTHENTICATION,
  activity: Activity.LOGON,
  sensor: 'auth.file',
});

it('proves what was sent under the old key and the new, and that the old one signed the new', async () => {
  const home = await initTestHome();
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  const keys: string[] = [];
  {
    await using collector = await TestCollector.start({ home });
    using certificates = new CertificatesClient(collector);
    const { token } = await collector.console.createToken();
    const agentHome = await LivingAgent.enrol({ collector: collector.address, token: token!, name: 'web-1' });
    stack.defer(() => rmSync(agentHome, { recursive: true, force: true }));
    await using agent = new LivingAgent({ home: agentHome, collector: collector.address, nowMs: () => Date.now() });
    const delivered = () => until(() => agent.drained, { limitMs: LIMIT_MS, what: 'envelopes to arrive' });
    const key = () => keyId(agent.keeper.certificate.publicKey).toString('hex');
    keys.push(key());
    agent.connect();
    agent.seal([event()]);
    await delivered();
    await certificates.orderKeys('web-1');
    await until(() => key() !== keys[0], { limitMs: LIMIT_MS, what: 'the new key' });
    keys.push(key());
    agent.seal([event()]);
    await delivered();
    const current = async () => (await collector.console.agent('web-1')).signingKeyId === keys[1];
    await until(current, { limitMs: LIMIT_MS, what: 'the new key to be current' });
  }
  await using collector = await TestCollector.start({ home });
  const { caSha256 } = await collector.console.status();
  const bundle = await exportBundle(collector, { agent: 'web-1', fromUs: 1 });
  const { certificates } = (await takeApart(bundle)).find(({ agent }) => agent)!.agent!;
  const held = certificates!.map(({ certificate }) =>
    keyId(new X509Certificate(certificate!).publicKey).toString('hex'),
  );
  expect([...new Set(held)].toSorted()).toEqual(keys.toSorted());
  const report = await verifyBytesOf(bundle, { caSha256: [caSha256!] });
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({
    proven: true,
    agents: [{ name: 'web-1', envelopes: 2, events: 2, unsucceededKeys: 0 }],
  });
});
