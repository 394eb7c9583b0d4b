// Agents, real ones over real TLS, through months of a clock that is set: renewed, rotated, and back from a long sleep.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, extendTrust, type HostEvent, keyId, parseJoinToken } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { CertificateAuthorities } from '../../collector/src/fleet/authorities.ts';
import { CollectorIdentity } from '../../collector/src/fleet/collector-identity.ts';
import { CertificatesClient, TestCollector } from '../support/collector.ts';
import { exportBundle, verifyBytesOf } from '../support/evidence.ts';
import { LivingAgent } from '../support/living-agent.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
const LIMIT_MS = 25_000;

let collector: TestCollector;
let certificates: CertificatesClient;
let stack: AsyncDisposableStack;
/** Grows only, and stays below the 243 days after which the collector renews its own certificate into a future that TLS refuses. */
let offsetMs = 0;
const nowMs = () => Date.now() + offsetMs;

beforeAll(async () => {
  collector = await TestCollector.start({ nowMs, config: 'agents: { expired_grace_days: 60 }' });
  certificates = new CertificatesClient(collector);
});
afterAll(async () => {
  certificates?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  stack = new AsyncDisposableStack();
  return () => stack.disposeAsync();
});

const event = (): HostEvent => ({
  observedAtUs: nowMs() * 1000,
  class: EventClass.AUTHENTICATION,
  activity: Activity.LOGON,
  sensor: 'auth.file',
});

async function enrolled(name: string, about: { machineId?: string; bootId?: string } = {}): Promise<string> {
  const { token } = await collector.console.createToken();
  const home = await LivingAgent.enrol({ collector: collector.address, token: token!, name, ...about });
  stack.defer(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

function living(home: string, about: { machineId?: string; bootId?: string } = {}): LivingAgent {
  return stack.use(new LivingAgent({ home, collector: collector.address, nowMs, ...about }));
}

const summary = async (id: string) => (await collector.console.agents()).find((agent) => agent.id === id)!;
const wait = (what: string, condition: () => unknown) => until(condition, { limitMs: LIMIT_MS, what });
const connected = (agent: LivingAgent) =>
  wait('a connection', async () => (await summary(agent.agentId))?.state === 'connected');
const delivered = (agent: LivingAgent) =>
  wait(`envelopes to arrive: ${JSON.stringify(agent.log)}`, () => agent.drained);

describe('a signing key', () => {
  it('is replaced by one that it signed; what was spooled under it arrives, and the old one is of no use', async () => {
    const home = await enrolled('rotates');
    const agent = living(home);
    const first = readIdentity(home);
    agent.seal([event()]);
    await certificates.orderKeys('rotates');
    agent.connect();
    await wait('the new key', () => !agent.keeper.certificate.publicKey.equals(first.publicKey));
    agent.seal([event()]);
    await delivered(agent);
    const current = async () => (await collector.console.agent('rotates')).signingKeyId;
    const second = keyId(agent.keeper.certificate.publicKey).toString('hex');
    await wait('the new key to be current', async () => (await current()) === second);
    await agent.disconnect();

    expect(
      (await collector.console.refusals('signature_invalid')) + (await collector.console.refusals('identity_mismatch')),
    ).toBe(0);
  });
});

describe('the CA', () => {
  it('is rotated under connected and absent agents, and retired when nobody needs it', async () => {
    const present = living(await enrolled('present'));
    const absentHome = await enrolled('absent');
    const oldToken = (await collector.console.createToken({ uses: 2 })).token!;
    present.connect();
    await connected(present);
    const { sha256, formerSha256 } = await certificates.rotateCa();
    expect(sha256).not.toBe(formerSha256);
    await expect(certificates.rotateCa()).rejects.toThrow('still trusted');
    await wait(
      'the new CA',
      () => present.keeper.certificate.checkIssued(present.keeper.anchors[0]!) && present.keeper.anchors.length === 2,
    );

    const newToken = (await collector.console.createToken()).token!;
    expect(parseJoinToken(newToken)!.caSha256).toBe(sha256);
    for (const [name, token] of [
      ['by-old', oldToken],
      ['by-new', newToken],
    ] as const) {
      const home = await LivingAgent.enrol({ collector: collector.address, token, name });
      stack.defer(() => rmSync(home, { recursive: true, force: true }));
      const agent = living(home);
      agent.connect();
      await connected(agent);
      agent.seal([event()]);
      await delivered(agent);
      await agent.disconnect();
    }

    // What an agent sent under two keys and an older CA is proven with that CA's fingerprint, and with the newest alone.
    const bundle = await exportBundle(collector, { agent: 'rotates', fromUs: 1 });
    const proven = await verifyBytesOf(bundle, { caSha256: [formerSha256!], nowUs: nowMs() * 1000 });
    expect(proven.findings).toEqual([]);
    expect(proven).toMatchObject({ proven: true, agents: [{ name: 'rotates', envelopes: 2 }] });
    expect(proven.authorities.toSorted()).toEqual([sha256, formerSha256].toSorted());
    const byNewest = await verifyBytesOf(bundle, { caSha256: [sha256!], nowUs: nowMs() * 1000 });
    expect(byNewest.findings).toEqual([]);
    expect(byNewest).toMatchObject({ proven: true, agents: [{ name: 'rotates', envelopes: 2 }] });
    expect(byNewest.authorities.toSorted()).toEqual([sha256, formerSha256].toSorted());

    await expect(certificates.retireCa(false)).rejects.toThrow('still chain to it');
    const holders = (await certificates.getCas()).cas!.find(({ state }) => state === 'trusted')!.holders!;
    expect(holders.map(({ name }) => name)).toContain('absent');
    expect(holders.map(({ name }) => name)).not.toContain('present');

    const absent = living(absentHome);
    absent.seal([event()]);
    absent.connect();
    await wait('the absent one to follow', async () => {
      const held = (await certificates.getCas()).cas!.find(({ state }) => state === 'trusted')!.holders!;
      return !held.some(({ name }) => name === 'absent');
    });
    await delivered(absent);
    await certificates.retireCa(true);
    await wait('the old CA to be forgotten', () => absent.keeper.anchors.length === 1);
    for (const agent of [present, absent]) {
      await agent.disconnect();
      agent.connect();
      await connected(agent);
      agent.seal([event()]);
      await delivered(agent);
    }
    await expect(LivingAgent.enrol({ collector: collector.address, token: oldToken, name: 'late' })).rejects.toThrow();
    const { caTrusted, caSha256 } = await certificates.status();
    expect([caSha256, caTrusted]).toEqual([sha256, [sha256]]);
  });
});

describe('CAs that were retired', () => {
  it('lose their keys and are announced no more; their steps are kept, so that the first proves the newest', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-cas-'));
    stack.defer(() => rmSync(directory, { recursive: true, force: true }));
    await CertificateAuthorities.init(directory, Date.now());
    const authorities = await CertificateAuthorities.load(directory);
    const first = authorities.newest.certificate;
    for (let generation = 0; generation < 2; generation++) {
      await authorities.rotate(Date.now());
      await authorities.retire(Date.now());
    }
    for (const each of [authorities, await CertificateAuthorities.load(directory)]) {
      expect(each.announced).toMatchObject({ certificates: [each.newest.certificate.raw], successions: [] });
      expect(extendTrust([first], each.announced)).toHaveLength(1);
      expect(each.history.certificates).toHaveLength(3);
      expect(extendTrust([first], each.history)[0]!.raw).toEqual(each.newest.certificate.raw);
    }
    expect(['ca.key', 'ca-2.key', 'ca-3.key'].map((name) => existsSync(join(directory, name)))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("the collector's certificates", () => {
  it('follow the CA once, however many ask for it at the same time', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-own-'));
    stack.defer(() => rmSync(directory, { recursive: true, force: true }));
    await CertificateAuthorities.init(directory, Date.now());
    const authorities = await CertificateAuthorities.load(directory);
    const [keyFile, certificateFile] = [join(directory, 'own.key'), join(directory, 'own.crt')];
    const identity = await CollectorIdentity.load({ keyFile, certificateFile, authorities, nowMs: Date.now() });
    await authorities.rotate(Date.now());
    const asked = Array.from({ length: 4 }, () => identity.renew(authorities, Date.now()));
    expect(await Promise.all(asked)).toEqual([true, false, false, false]);
    expect(identity.certificates.map(({ ca }) => ca.raw)).toEqual(authorities.anchors.map(({ raw }) => raw));
  });
});

describe('an agent certificate', () => {
  it('renews itself at two thirds of its life while the connection goes on, month after month', async () => {
    const home = await enrolled('renews');
    const agent = living(home);
    agent.connect();
    await connected(agent);
    for (let month = 0; month < 3; month++) {
      const before = agent.keeper.certificate.serialNumber;
      offsetMs += 21 * DAY_MS;
      await wait('another certificate', () => agent.keeper.certificate.serialNumber !== before);
      agent.seal([event()]);
      await delivered(agent);
    }
    expect(agent.log.filter(({ msg }) => msg === 'connected')).toHaveLength(1);
    const expiresAtMs = agent.keeper.certificate.validToDate.getTime();
    expect(expiresAtMs - nowMs()).toBeGreaterThan(29 * DAY_MS);
    const host = (await certificates.cryptoReport()).hosts!.find(({ agentId }) => agentId === agent.agentId)!;
    expect(host.certificateExpiresAtUs).toBe(expiresAtMs * 1000);
    expect(host.below).not.toContain('its certificate has expired');
    const onDisk = readIdentity(home).certificate.serialNumber;
    expect(onDisk).toBe(agent.keeper.certificate.serialNumber);
    await agent.disconnect();
    agent.connect();
    await connected(agent);
  });

  it('that expired in its sleep is exchanged for another, and what was spooled arrives', async () => {
    const home = await enrolled('sleeper');
    const agent = living(home);
    agent.seal([event()]);
    offsetMs += 40 * DAY_MS;
    agent.connect();
    await connected(agent);
    await delivered(agent);
    expect(agent.keeper.expired).toBe(false);
    const { entries } = await collector.console.audit({ limit: 50 });
    expect(entries!.find(({ action }) => action === 'agent.recovered')).toMatchObject({ subject: agent.agentId });
  });

  it('that expired is not exchanged for one who was revoked, is another machine, or slept beyond the grace', async () => {
    const names = ['revoked-sleeper', 'moved-sleeper', 'late-sleeper'] as const;
    const homes = await Promise.all(names.map((name) => enrolled(name, { machineId: `machine-of-${name}` })));
    await collector.console.revoke('revoked-sleeper');
    const cases = [
      [0, 35, 'machine-of-revoked-sleeper', ''],
      [1, 0, 'elsewhere', 'another machine'],
      [2, 60, 'machine-of-late-sleeper', 'more than 60 days ago'],
    ] as const;
    for (const [index, days, machineId, said] of cases) {
      offsetMs += days * DAY_MS;
      const agent = living(homes[index]!, { machineId });
      agent.connect();
      await wait('a refusal', () => agent.log.some(({ reason }) => String(reason ?? '').includes(said) && reason));
      await agent.disconnect();
      expect(agent.keeper.expired).toBe(true);
      expect((await summary(agent.agentId)).state).not.toBe('connected');
    }
    const { alerts } = await collector.console.alerts({ filter: { agent: 'moved-sleeper' } });
    expect(alerts).toMatchObject([{ ruleId: 'health/agent-cloned' }]);
  });
});
