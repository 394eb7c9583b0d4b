// What must not buy a certificate, and who is not taken for an agent although he has its key.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type CertificateAnswer, type CollectorFrame, parseJoinToken, signKeySuccession } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentIdentity, callEnrol, certificateRequest, enrolTestAgent } from '../support/agent-identity.ts';
import { CertificatesClient, TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let certificates: CertificatesClient;

beforeAll(async () => {
  collector = await TestCollector.start();
  certificates = new CertificatesClient(collector);
});
afterAll(async () => {
  certificates?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});

interface Keys {
  privateKey: KeyObject;
  publicKey: KeyObject;
}
const makeKeys = (): Keys => generateKeyPairSync('ml-dsa-65');
const keysOf = (identity: AgentIdentity): Keys => {
  const privateKey = createPrivateKey(identity.key);
  return { privateKey, publicKey: createPublicKey(privateKey) };
};

/** The answer to a certificate request on the stream of `agent`. */
async function ask(
  agent: SealingAgent,
  wanted: Keys,
  step?: { succession: Uint8Array; signature: Uint8Array },
): Promise<CertificateAnswer> {
  const answered = () => agent.frames.filter((frame: CollectorFrame) => frame.certificateAnswer);
  const before = answered().length;
  agent.sendFrame({
    certificateRequest: {
      certificateRequest: await certificateRequest(wanted),
      succession: step?.succession ?? new Uint8Array(),
      successionSignature: step?.signature ?? new Uint8Array(),
    },
  });
  return until(() => answered()[before]?.certificateAnswer, { limitMs: 15_000, what: 'an answer' });
}

const step = (agentId: string, old: Keys, wanted: Keys) =>
  signKeySuccession({ agentId, old, newPublicKey: wanted.publicKey, nowUs: Date.now() * 1000 });

describe('no certificate is to be had on a live stream', () => {
  it.each<
    [string, string, (own: AgentIdentity, other: AgentIdentity) => { wanted: Keys; with?: ReturnType<typeof step> }]
  >([
    ['for a new key without a succession', 'signature of the old one', () => ({ wanted: makeKeys() })],
    [
      'by a succession a stranger signed',
      'not signed by the present key',
      (own) => {
        const wanted = makeKeys();
        const stranger = { ...makeKeys(), publicKey: keysOf(own).publicKey };
        return { wanted, with: step(own.agentId, stranger, wanted) };
      },
    ],
    [
      'by a succession of another agent',
      'of another agent',
      (own, other) => {
        const wanted = makeKeys();
        return { wanted, with: step(other.agentId, keysOf(own), wanted) };
      },
    ],
    [
      'by a succession to another key than the one asked for',
      'of other keys',
      (own) => ({ wanted: makeKeys(), with: step(own.agentId, keysOf(own), makeKeys()) }),
    ],
    [
      'by a succession that names another old key',
      'of other keys',
      (own) => {
        const wanted = makeKeys();
        const old = { privateKey: keysOf(own).privateKey, publicKey: makeKeys().publicKey };
        return { wanted, with: step(own.agentId, old, wanted) };
      },
    ],
    [
      'for the key of another agent',
      'is or was in use',
      (own, other) => ({ wanted: keysOf(other), with: step(own.agentId, keysOf(own), keysOf(other)) }),
    ],
  ])('%s', async (_, said, attack) => {
    const [own, other] = [await collector.enrol('attacked'), await collector.enrol('other')];
    await certificates.orderKeys(own.agentId);
    using agent = await SealingAgent.connect({ address: collector.address, identity: own });
    const { wanted, with: signed } = attack(own, other);
    const answer = await ask(agent, wanted, signed);
    expect(answer.certificate).toHaveLength(0);
    expect(answer.refusal).toContain(said);
  });

  it('for a new key nobody ordered', async () => {
    const own = await collector.enrol('eager');
    using agent = await SealingAgent.connect({ address: collector.address, identity: own });
    const wanted = makeKeys();
    const { refusal } = await ask(agent, wanted, step(own.agentId, keysOf(own), wanted));
    expect(refusal).toContain('nobody asked for a new key');
  });

  it('more than four times without ever coming with the key', async () => {
    const own = await collector.enrol('hoarder');
    await certificates.orderKeys('hoarder');
    using agent = await SealingAgent.connect({ address: collector.address, identity: own });
    const refusals: string[] = [];
    for (let index = 0; index < 5; index++) {
      const wanted = makeKeys();
      refusals.push((await ask(agent, wanted, step(own.agentId, keysOf(own), wanted))).refusal ?? '');
    }
    expect(refusals).toEqual(['', '', '', '', expect.stringContaining('too many keys')]);
  });

  it('again and again: asked for early, the certificate there is comes back', async () => {
    const own = await collector.enrol('impatient');
    using agent = await SealingAgent.connect({ address: collector.address, identity: own });
    const [first, second] = [await ask(agent, keysOf(own)), await ask(agent, keysOf(own))];
    expect(first.certificate).toEqual(second.certificate);
  });
});

describe('a key that was replaced', () => {
  it('is refused at the handshake once its successor came, raises an alert, and cannot be enrolled, nor come back', async () => {
    const own = await collector.enrol('replaced');
    const wanted = makeKeys();
    await certificates.orderKeys('replaced');
    const signed = step(own.agentId, keysOf(own), wanted);
    let renewed: AgentIdentity;
    {
      using agent = await SealingAgent.connect({ address: collector.address, identity: own });
      const { certificate } = await ask(agent, wanted, signed);
      // The answer may be lost: the same request is answered again.
      expect((await ask(agent, wanted, signed)).certificate).toEqual(certificate);
      const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate!).toString('base64')}\n-----END CERTIFICATE-----\n`;
      const key = wanted.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      renewed = { ...own, certificate: pem, key };
    }
    using now = await SealingAgent.connect({ address: collector.address, identity: renewed });
    using before = new SealingAgent({ address: collector.address, identity: own });
    expect((await before.untilEnded()).code).toBe(status.UNAVAILABLE);
    const { alerts } = await until(
      async () => {
        const found = await collector.console.alerts({ filter: { agent: 'replaced' } });
        return found.alerts?.length ? found : undefined;
      },
      { limitMs: 10_000, what: 'the alert' },
    );
    expect(alerts).toMatchObject([{ ruleId: 'health/key-superseded' }]);
    // Replayed: the step of before, on the stream of the new key; and back to the old key.
    expect((await ask(now, wanted, signed)).refusal).toContain('not signed by the present key');
    await certificates.orderKeys('replaced');
    const back = await ask(now, keysOf(own), step(own.agentId, wanted, keysOf(own)));
    expect(back.refusal).toContain('is or was in use');
    for (const keys of [keysOf(own), wanted]) {
      const { token } = await collector.console.createToken();
      const { id: tokenId, secret: tokenSecret } = parseJoinToken(token!)!;
      const request = { tokenId, tokenSecret, certificateRequest: await certificateRequest(keys), hostName: 'again' };
      await expect(callEnrol(collector, request)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    }
  });
});

describe('an agent that is revoked while its key is rotated', () => {
  it('comes back neither with the old key nor with the one it was granted, by handshake or enrolment', async () => {
    const own = await collector.enrol('leaver');
    const wanted = makeKeys();
    await certificates.orderKeys('leaver');
    let granted: AgentIdentity;
    {
      using agent = await SealingAgent.connect({ address: collector.address, identity: own });
      const { certificate } = await ask(agent, wanted, step(own.agentId, keysOf(own), wanted));
      const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate!).toString('base64')}\n-----END CERTIFICATE-----\n`;
      const key = wanted.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      granted = { ...own, certificate: pem, key };
      await collector.console.revoke('leaver');
      await agent.untilEnded();
      expect(agent.frames.at(-1)!.refusal).toMatchObject({ code: 'agent_revoked' });
    }
    for (const identity of [own, granted]) {
      using back = new SealingAgent({ address: collector.address, identity });
      await back.untilEnded();
      expect(back.frames).toEqual([]);
      const { token } = await collector.console.createToken();
      const { id: tokenId, secret: tokenSecret } = parseJoinToken(token!)!;
      const request = { tokenId, tokenSecret, certificateRequest: await certificateRequest(keysOf(identity)) };
      await expect(callEnrol(collector, { ...request, hostName: 'leaver' })).rejects.toMatchObject({
        code: status.PERMISSION_DENIED,
      });
    }
    await expect(certificates.orderKeys('leaver')).rejects.toThrow('leaver is revoked');
    expect((await collector.console.agent(own.agentId)).agent!.state).toBe('revoked');
  });
});

describe('a second host with the identity of an agent', () => {
  it('with another machine id is refused with a code, raises an alert, and the first goes on', async () => {
    const own = await enrolOn({ machineId: 'm-1', hostName: 'cloned' });
    using first = await SealingAgent.connect({ ...own, hello: { machineId: 'm-1', bootId: 'b-1' } });
    using second = new SealingAgent(own);
    second.sendFrame({ hello: { machineId: 'm-2', bootId: 'b-2', streamId: second.position.streamId } });
    expect((await second.answer()).refusal).toMatchObject({ code: 'agent_cloned' });
    expect(await second.untilEnded()).toMatchObject({ code: status.PERMISSION_DENIED, details: 'agent_cloned' });
    expect(await first.send([])).toMatchObject({ acknowledgement: { sequence: 1 } });
    const { alerts } = await collector.console.alerts({ filter: { agent: 'cloned' } });
    expect(alerts).toMatchObject([{ ruleId: 'health/agent-cloned' }]);
  });

  it('of the same image is refused as soon as the first speaks; after a reboot and a lost connection it is let in', async () => {
    const own = await enrolOn({ machineId: 'm-3', hostName: 'image' });
    const first = await SealingAgent.connect({ ...own, hello: { machineId: 'm-3', bootId: 'b-1' } });
    using second = new SealingAgent(own);
    second.sendFrame({ hello: { machineId: 'm-3', bootId: 'b-2', streamId: second.position.streamId } });
    const spoken = until(
      () => {
        first.sendFrame({ heartbeat: {} });
        return second.frames[0];
      },
      { limitMs: 11_000, what: 'the refusal' },
    );
    expect((await spoken).refusal).toMatchObject({ code: 'agent_cloned' });
    using same = await SealingAgent.connect({ ...own, hello: { machineId: 'm-3', bootId: 'b-1' } });
    first[Symbol.dispose]();
    same[Symbol.dispose]();
    using rebooted = await SealingAgent.connect({ ...own, hello: { machineId: 'm-3', bootId: 'b-3' } });
    expect(await rebooted.send([])).toMatchObject({ acknowledgement: {} });
  });
});

async function enrolOn(parts: { machineId: string; hostName: string; bootId?: string; replace?: boolean }) {
  const { token } = await collector.console.createToken({ replace: parts.replace ?? false, group: 'web' });
  const identity = await enrolTestAgent({ ...collector, ...parts, token: token! });
  return { identity, address: collector.address };
}

const named = async (name: string) =>
  (await collector.console.agents()).filter((agent) => agent.name?.startsWith(name)).map((agent) => agent.name);

describe('a host that enrols again', () => {
  it('takes the place of its former self: same machine, same name, not connected', async () => {
    const before = await enrolOn({ machineId: 'm-10', hostName: 'again' });
    const { identity } = await enrolOn({ machineId: 'm-10', hostName: 'again' });
    expect(identity.name).toBe('again');
    expect(await named('again')).toEqual(['again']);
    using refused = new SealingAgent(before);
    expect((await refused.untilEnded()).code).toBe(status.UNAVAILABLE);
    expect((await collector.console.agent(before.identity.agentId)).agent!.state).toBe('superseded');
    expect((await collector.console.agent('again')).agent).toMatchObject({ group: 'web' });
  });

  it('while its former self is connected does so from the same boot alone', async () => {
    const before = await enrolOn({ machineId: 'm-11', hostName: 'twin' });
    using live = await SealingAgent.connect({ ...before, hello: { machineId: 'm-11', bootId: 'b-1' } });
    expect((await enrolOn({ machineId: 'm-11', hostName: 'twin', bootId: 'b-2' })).identity.name).toBe('twin-2');
    expect(live.ended).toBeUndefined();
    expect((await enrolOn({ machineId: 'm-11', hostName: 'twin', bootId: 'b-1' })).identity.name).toBe('twin');
    await live.untilEnded();
    expect(live.frames.at(-1)!.refusal).toMatchObject({ code: 'agent_revoked' });
  });

  it('re-imaged takes the place of its name with a token made for that, and with no other', async () => {
    await enrolOn({ machineId: 'm-12', hostName: 'image-1' });
    expect((await enrolOn({ machineId: 'm-13', hostName: 'image-1' })).identity.name).toBe('image-1-2');
    const { identity } = await enrolOn({
      machineId: randomBytes(8).toString('hex'),
      hostName: 'image-1',
      replace: true,
    });
    expect(identity.name).toBe('image-1');
    expect(await named('image-1')).toEqual(['image-1', 'image-1-2']);
  });
});
