// The collector's own certificate at two thirds of its life, while agents stream: renewed without anybody noticing.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { TLS_POLICY, verifyAlert, verifyKemKey } from '@threatguard/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { caOf, consoleIdentityOf } from '../support/agent-identity.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { bruteForce, failedLogin } from '../support/envelopes.ts';
import { LivingAgent } from '../support/living-agent.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const LIFE_MS = 365 * 24 * HOUR_MS;
const LIMIT_MS = 25_000;

/** Behind the real clock, by which TLS judges certificates; made good in the test, so nothing is of the future. */
let offsetMs = -3 * HOUR_MS;
const nowMs = () => Date.now() + offsetMs;
let home: string;
let collector: TestCollector;

beforeAll(async () => {
  // Everything is as old as it may be without being renewed at the start.
  home = await initTestHome(undefined, nowMs() - (LIFE_MS * 2) / 3 + HOUR_MS);
  collector = await TestCollector.start({ home, nowMs });
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
  if (home) rmSync(home, { recursive: true, force: true });
});

/** The certificate that a handshake shows now. */
function shown(): Promise<X509Certificate> {
  const [host, port] = collector.address.split(':');
  const { certificate: cert, key, ca } = consoleIdentityOf(home);
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        ...TLS_POLICY,
        host,
        port: Number(port),
        cert,
        key,
        ca,
        ALPNProtocols: ['h2'],
        checkServerIdentity: () => undefined,
      },
      () => {
        resolve(socket.getPeerX509Certificate()!);
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}
const onDisk = () => new X509Certificate(readFileSync(join(home, 'collector', 'tls', 'collector.crt')));
const wait = (what: string, condition: () => unknown) => until(condition, { limitMs: LIMIT_MS, what });

it('is renewed under a connected agent; handshakes, the ML-KEM key and alerts are of the new one', async () => {
  const { token } = await collector.console.createToken({ uses: 2 });
  const agentHome = await LivingAgent.enrol({ collector: collector.address, token: token!, name: 'stays' });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rmSync(agentHome, { recursive: true, force: true }));
  const agent = cleanUp.use(new LivingAgent({ home: agentHome, collector: collector.address, nowMs }));
  agent.connect();
  agent.seal([failedLogin('192.0.2.1', nowMs() * 1000)]);
  await wait('the first envelope', () => agent.drained);
  const before = await shown();
  expect(before.raw).toEqual(onDisk().raw);

  offsetMs = 0;
  await wait('a new certificate', async () => (await shown()).serialNumber !== before.serialNumber);
  const after = await shown();
  expect(after.validToDate.getTime() - before.validToDate.getTime()).toBeGreaterThan(LIFE_MS / 2);
  expect(after.publicKey.equals(before.publicKey)).toBe(true);
  expect(onDisk().raw).toEqual(after.raw);
  expect(Buffer.from((await collector.console.status()).signingCertificate!)).toEqual(after.raw);

  const watched = await collector.console.watch();
  agent.seal(bruteForce('192.0.2.1', nowMs() * 1000));
  await wait('the envelopes of after', () => agent.drained);
  const signed = await wait('an alert', () => watched.signed[0]);
  watched.stop();
  expect(agent.log.filter(({ msg }) => msg === 'connected')).toHaveLength(1);
  expect(verifyAlert(signed, after.publicKey).agentName).toBe('stays');

  using newcomer = await SealingAgent.connect({
    address: collector.address,
    identity: await collector.enrol('newcomer'),
  });
  const told = newcomer.frames.flatMap(({ welcome, kemKey }) => kemKey ?? welcome?.kemKey ?? [])[0]!;
  expect(Buffer.from(told.certificate!)).toEqual(after.raw);
  expect(verifyKemKey(told, new X509Certificate(caOf(home))).epoch).toBe(1);
});

it('and so is that of a console which comes after two thirds of its own, for the key it has', async () => {
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  const held = () => new X509Certificate(readFileSync(join(home, 'console', 'console.crt')));
  const before = held();
  const run = () => runCommand(['status', '--output', 'json'], { THREATGUARD_HOME: home });
  expect(await run()).toMatchObject({ code: 0, stderr: '' });
  const after = held();
  expect(after.validToDate.getTime() - before.validToDate.getTime()).toBeGreaterThan(LIFE_MS / 2);
  expect(after.checkPrivateKey(createPrivateKey(readFileSync(join(home, 'console', 'console.key'))))).toBe(true);
  expect(await run()).toMatchObject({ code: 0, stderr: '' });
  expect(held().raw).toEqual(after.raw);
  const { entries } = await collector.console.audit({ limit: 50 });
  expect(entries!.filter(({ action }) => action === 'console.renewed')).toHaveLength(1);
});
