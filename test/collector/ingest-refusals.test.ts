// Every bad input an agent, or somebody who is none, can bring. After each the honest agent's stream goes on, and what was
// acknowledged is in the store.
import { createCipheriv, encapsulate, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { zstdCompressSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import {
  Batch,
  ENVELOPE_BYTES_MAX,
  Envelope,
  EnvelopeHeader,
  EventClass,
  type HostEvent,
  MESSAGE_BYTES_MAX,
  peerUri,
  type RefusalCode,
  sha256,
  signBytes,
} from '@threatguard/proto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AgentIdentity, consoleIdentityOf, issueAnything, makeCa, realCa } from '../support/agent-identity.ts';
import { ConsoleClient, TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let honest: SealingAgent;
let honestEvents = 0;

beforeAll(async () => {
  collector = await TestCollector.start();
  const identity = await collector.enrol('honest');
  honest = await SealingAgent.connect({ address: collector.address, identity });
});

afterEach(async () => {
  honestEvents += 1;
  const answer = await honest.send([event('honest')]);
  expect(answer).toMatchObject({ acknowledgement: { sequence: honestEvents } });
  expect(await storedWith('honest')).toBe(honestEvents);
});

afterAll(async () => {
  honest?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});

function event(mark: string, parts: HostEvent = {}): HostEvent {
  return {
    observedAtUs: Date.now() * 1000,
    class: EventClass.PROCESS,
    sensor: 'process.ebpf',
    process: { pid: 4711, executable: '/usr/bin/true', args: ['true', mark] },
    ...parts,
  };
}

async function storedWith(mark: string): Promise<number> {
  const filters = [{ field: 'process.command_line', value: `true ${mark}` }];
  return (await collector.console.events({ filters, limit: 1000 })).events!.length;
}

async function newAgent(name?: string): Promise<SealingAgent> {
  return SealingAgent.connect({ address: collector.address, identity: await collector.enrol(name) });
}

/** An envelope that a correct agent would never make: the payload, header and signature may be replaced on the way. */
function forge(
  agent: SealingAgent,
  parts: {
    events?: HostEvent[];
    batchBytes?: number;
    payload?: Uint8Array;
    header?: EnvelopeHeader;
    headerBytes?: Uint8Array;
    context?: 'batch' | 'alert';
    altered?: boolean;
  },
): Uint8Array {
  const { events = [event('forged')] } = parts;
  const { envelope, kemKey, agentId } = agent.identity;
  const batch = Batch.encode({ events }).finish();
  const payload = parts.payload ?? zstdCompressSync(batch);
  const { ciphertext: kemCiphertext, sharedKey } = encapsulate(kemKey.publicKey);
  const nonce = randomBytes(12);
  const times = events.map((one) => one.observedAtUs ?? 0);
  const header =
    parts.headerBytes ??
    EnvelopeHeader.encode({
      version: 1,
      agentId,
      signingKeyId: envelope.signingKeyId,
      streamId: agent.position.streamId,
      sequence: agent.position.sequence + 1,
      previousHeaderDigest: agent.position.headerDigest,
      eventCount: events.length,
      firstEventAtUs: Math.min(...times),
      lastEventAtUs: Math.max(...times),
      sealedAtUs: Date.now() * 1000,
      losses: [],
      payloadDigest: sha256(payload),
      batchBytes: parts.batchBytes ?? batch.length,
      kemAlgorithm: 'ML-KEM-768',
      kemEpoch: 1,
      kemCiphertext,
      nonce,
      ...parts.header,
    }).finish();
  const key = new Uint8Array(hkdfSync('sha256', sharedKey, nonce, 'threatguard/envelope/v1 AES-256-GCM', 32));
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header);
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const { privateKey } = envelope;
  const signature = signBytes({ message: header, privateKey, purpose: parts.context ?? 'batch' });
  if (parts.altered) ciphertext[0]! ^= 1;
  return Envelope.encode({ header, signature, ciphertext }).finish();
}

describe('an envelope is refused, counted, and the stream goes on, where', () => {
  const stranger = generateKeyPairSync('ml-dsa-65');
  const cases: [string, RefusalCode, (agent: SealingAgent) => Uint8Array][] = [
    ['it is no protobuf', 'frame_malformed', () => Buffer.from('\xff\xff\xff\xff garbage', 'latin1')],
    ['it is empty', 'signature_invalid', () => new Uint8Array(0)],
    ['it was cut off', 'frame_malformed', (agent) => forge(agent, {}).subarray(0, -20)],
    ['it is larger than any may be', 'frame_oversized', () => Buffer.alloc(ENVELOPE_BYTES_MAX + 1)],
    [
      'its header is larger than any may be',
      'frame_oversized',
      (agent) => forge(agent, { headerBytes: Buffer.alloc(33 * 1024) }),
    ],
    [
      'its header is signed garbage',
      'header_malformed',
      (agent) => forge(agent, { headerBytes: Buffer.alloc(99, 0xff) }),
    ],
    [
      'a field of its header has the wrong length',
      'header_malformed',
      (agent) => forge(agent, { header: { nonce: randomBytes(8) } }),
    ],
    ['its version is not known', 'version_unsupported', (agent) => forge(agent, { header: { version: 9 } })],
    [
      'another key signed it',
      'signature_invalid',
      (agent) => {
        const envelope = Envelope.decode(forge(agent, {}));
        const signature = signBytes({ message: envelope.header, privateKey: stranger.privateKey, purpose: 'batch' });
        return Envelope.encode({ ...envelope, signature }).finish();
      },
    ],
    ['it was signed for another purpose', 'signature_invalid', (agent) => forge(agent, { context: 'alert' })],
    [
      'it names another agent',
      'identity_mismatch',
      (agent) => forge(agent, { header: { agentId: honest.identity.agentId } }),
    ],
    [
      'it names another key',
      'identity_mismatch',
      (agent) => forge(agent, { header: { signingKeyId: randomBytes(32) } }),
    ],
    [
      'it is sealed for an epoch nobody announced',
      'epoch_unknown',
      (agent) => forge(agent, { header: { kemEpoch: 7 } }),
    ],
    ['its ciphertext was altered', 'ciphertext_invalid', (agent) => forge(agent, { altered: true })],
    [
      'its payload is not the signed one',
      'payload_digest_mismatch',
      (agent) => forge(agent, { header: { payloadDigest: randomBytes(32) } }),
    ],
    ['its payload is not zstd', 'payload_malformed', (agent) => forge(agent, { payload: randomBytes(200) })],
    [
      'its payload is a zstd bomb',
      'payload_malformed',
      (agent) => forge(agent, { payload: zstdCompressSync(Buffer.alloc(256 * 1024 * 1024)), batchBytes: 1_000_000 }),
    ],
    [
      'its payload is compressed protobuf garbage',
      'payload_malformed',
      (agent) => forge(agent, { payload: zstdCompressSync(Buffer.alloc(1000, 0xff)), batchBytes: 1000 }),
    ],
    [
      'its batch holds more events than it says',
      'count_mismatch',
      (agent) => forge(agent, { header: { eventCount: 2 } }),
    ],
    [
      'its events lie outside the times it says',
      'count_mismatch',
      (agent) => forge(agent, { header: { firstEventAtUs: 1 } }),
    ],
    [
      'an event has a field of 1 MiB',
      'field_too_long',
      (agent) => agent.seal([event('long', { process: { executable: 'x'.repeat(1024 * 1024) } })]).bytes,
    ],
    [
      'an event lies an hour ahead of the clock its agent showed',
      'time_out_of_range',
      (agent) => agent.seal([event('ahead', { observedAtUs: (Date.now() + 3_600_000) * 1000 })]).bytes,
    ],
  ];

  it.each(cases)('%s: %s', async (_, code, make) => {
    using agent = await newAgent();
    expect(await agent.send([event('before')])).toMatchObject({ acknowledgement: { sequence: 1 } });
    const counted = await collector.console.refusals(code);
    const position = agent.position;
    expect((await agent.sendEnvelope(make(agent))).refusal?.code).toBe(code);
    expect(await collector.console.refusals(code)).toBe(counted + 1);
    agent.position = position;
    expect(await agent.send([event('after')])).toMatchObject({ acknowledgement: { sequence: 2 } });
  });
});

describe('the order of a stream', () => {
  it('is broken by an envelope that does not continue the one before: refused, and an alert', async () => {
    using agent = await newAgent('chain-host');
    await agent.send([event('chain')]);
    agent.position = { ...agent.position, headerDigest: randomBytes(32) };
    expect((await agent.send([event('chain')])).refusal?.code).toBe('chain_broken');
    const { alerts } = await collector.console.alerts({ filter: { agent: 'chain-host' } });
    expect(alerts!.map((alert) => alert.ruleId)).toEqual(['health/chain-broken']);
    expect(await storedWith('chain')).toBe(1);
  });

  it('is broken by a first envelope that names one before it', async () => {
    using agent = await newAgent();
    agent.position = { ...agent.position, headerDigest: randomBytes(32) };
    expect((await agent.send([event('first')])).refusal?.code).toBe('chain_broken');
  });

  it('takes the same envelope twice without storing it twice, committed or still on its way', async () => {
    using agent = await newAgent();
    const { bytes } = agent.seal([event('same')]);
    for (let count = 0; count < 3; count++) agent.sendFrame({ envelope: bytes });
    for (let count = 0; count < 3; count++) {
      expect(await agent.answer()).toMatchObject({ acknowledgement: { sequence: 1 } });
    }
    expect(await agent.sendEnvelope(bytes)).toMatchObject({ acknowledgement: { sequence: 1 } });
    expect(await storedWith('same')).toBe(1);
  });

  it('refuses other content under a stored sequence, and raises an alert', async () => {
    using agent = await newAgent('replay-host');
    const start = agent.position;
    await agent.send([event('replay')]);
    agent.position = start;
    expect((await agent.send([event('replay')])).refusal?.code).toBe('sequence_replayed');
    const { alerts } = await collector.console.alerts({ filter: { agent: 'replay-host' } });
    expect(alerts!.map((alert) => alert.ruleId)).toEqual(['health/sequence-replayed']);
    expect(await storedWith('replay')).toBe(1);
  });

  it('refuses an envelope that comes after its successor', async () => {
    using agent = await newAgent();
    const late = agent.seal([event('late')]);
    await agent.send([event('early')]);
    expect((await agent.sendEnvelope(late.bytes)).refusal?.code).toBe('sequence_reordered');
  });

  it('refuses the envelope of another agent on its stream', async () => {
    using agent = await newAgent();
    const foreign = await newAgent();
    const { bytes } = foreign.seal([event('foreign')]);
    foreign[Symbol.dispose]();
    expect((await agent.sendEnvelope(bytes)).refusal?.code).toBe('signature_invalid');
  });
});

describe('frames', () => {
  it.each([
    ['protobuf garbage', 'frame_malformed', Buffer.from('ffffffff', 'hex')],
    ['nothing', 'frame_malformed', Buffer.alloc(0)],
    ['a frame cut off', 'frame_malformed', Buffer.from([0x12, 0x7f, 0x01])],
    ['a second hello', 'protocol_violation', Buffer.from([0x0a, 0x00])],
  ])('refuses %s, and the stream goes on', async (_, code, bytes) => {
    using agent = await newAgent();
    agent.sendBytes(bytes);
    expect((await agent.answer()).refusal?.code).toBe(code);
    expect(await agent.send([event('goes on')])).toMatchObject({ acknowledgement: { sequence: 1 } });
  });

  it('refuses envelopes and heartbeats before the hello, and a hello without a stream', async () => {
    const identity = await collector.enrol();
    using agent = new SealingAgent({ address: collector.address, identity });
    agent.sendFrame({ envelope: new Uint8Array(9) });
    agent.sendFrame({ heartbeat: {} });
    agent.sendFrame({ hello: { streamId: new Uint8Array(3) } });
    for (let count = 0; count < 3; count++) expect((await agent.answer()).refusal?.code).toBe('protocol_violation');
    expect((await agent.hello()).lastSequence).toBe(0);
  });

  it('ends the call for a message that is larger than gRPC may take, and counts it', async () => {
    using agent = await newAgent();
    const counted = await collector.console.refusals('frame_oversized');
    agent.sendBytes(Buffer.alloc(MESSAGE_BYTES_MAX + 1));
    expect((await agent.untilEnded()).code).toBe(status.RESOURCE_EXHAUSTED);
    await until(async () => (await collector.console.refusals('frame_oversized')) > counted, {
      limitMs: 5_000,
      what: 'the refusal to be counted',
    });
  });
});

describe('hostile text in events', () => {
  it.each([
    ['NUL', 'before\0after'],
    ['terminal escapes', '\x1b]52;c;aGk=\x07\x1b[2J'],
    ['right-to-left overrides', 'exe\u202egnp.sh'],
  ])('%s: stored, and searchable by the rest of the event', async (name, text) => {
    using agent = await newAgent();
    const mark = `hostile-${name.replaceAll(' ', '-')}`;
    const hostile = event(mark, { user: { name: text }, original: text, serviceName: text });
    expect(await agent.send([hostile])).toMatchObject({ acknowledgement: { sequence: 1 } });
    expect(await storedWith(mark)).toBe(1);
  });

  it('invalid UTF-8: the batch is refused', async () => {
    using agent = await newAgent();
    const marked = event('utf8', { serviceName: 'AAAA' });
    const batch = Buffer.from(Batch.encode({ events: [marked] }).finish());
    batch.fill(0xff, batch.indexOf('AAAA'), batch.indexOf('AAAA') + 4);
    const bytes = forge(agent, { events: [marked], payload: zstdCompressSync(batch), batchBytes: batch.length });
    expect((await agent.sendEnvelope(bytes)).refusal?.code).toBe('payload_malformed');
    expect(await storedWith('utf8')).toBe(0);
  });
});

it('a clock an hour off: events are kept, their times corrected, and an alert says so', async () => {
  const identity = await collector.enrol('slow-clock');
  const hourUs = 3_600_000_000;
  using agent = await SealingAgent.connect({
    address: collector.address,
    identity,
    hello: { sentAtUs: Date.now() * 1000 - hourUs },
  });
  const observedAtUs = Date.now() * 1000 - hourUs;
  expect(await agent.send([event('clock', { observedAtUs })])).toMatchObject({ acknowledgement: { sequence: 1 } });
  const filters = [{ field: 'process.command_line', value: 'true clock' }];
  const [stored] = (await collector.console.events({ filters })).events!;
  expect(stored!.event!.observedAtUs).toBe(observedAtUs);
  expect(Math.abs(stored!.eventAtUs! - Date.now() * 1000)).toBeLessThan(60_000_000);
  const { alerts } = await collector.console.alerts({ filter: { agent: 'slow-clock' } });
  expect(alerts!.map((alert) => alert.ruleId)).toContain('health/clock-off');
});

describe('a connection is refused and counted where', () => {
  async function refusedWith(identity: AgentIdentity, code: string, ended = status.UNAVAILABLE): Promise<void> {
    const name = `handshake.${code}`;
    const counted = await collector.console.refusals(name);
    using agent = new SealingAgent({ address: collector.address, identity });
    expect((await agent.untilEnded()).code).toBe(ended);
    await until(async () => (await collector.console.refusals(name)) > counted, { limitMs: 5_000, what: name });
  }

  async function withCertificate(parts: {
    uri: string | undefined;
    notAfter?: Date;
    otherCa?: boolean;
    ownKey?: boolean;
  }) {
    const identity = await collector.enrol();
    const by = parts.otherCa ? await makeCa() : realCa(collector.home);
    const uri = parts.uri === 'own' ? peerUri({ kind: 'agent', id: identity.agentId }) : parts.uri;
    const key = parts.ownKey === false ? undefined : identity.key;
    return { ...identity, ...(await issueAnything({ by, uri, key, notAfter: parts.notAfter })) };
  }

  it('the certificate has expired', async () => {
    const identity = await withCertificate({ uri: 'own', notAfter: new Date(Date.now() - 1000) });
    await refusedWith(identity, 'certificate_expired', status.UNAUTHENTICATED);
  });

  it('another CA issued the certificate, though it has the same name', async () => {
    await refusedWith(await withCertificate({ uri: 'own', otherCa: true }), 'certificate_untrusted');
  });

  it('the certificate has no name of ours', async () => {
    await refusedWith(await withCertificate({ uri: undefined }), 'certificate_unnamed');
  });

  it('the agent was never enrolled', async () => {
    const uri = peerUri({ kind: 'agent', id: '00000000-0000-4000-8000-000000000000' });
    await refusedWith(await withCertificate({ uri }), 'agent_unknown');
  });

  it('the agent is known, but by another key', async () => {
    await refusedWith(await withCertificate({ uri: 'own', ownKey: false }), 'agent_unknown');
  });

  it('the agent was revoked', async () => {
    const identity = await collector.enrol('revoked-agent');
    await collector.console.revoke('revoked-agent');
    await refusedWith(identity, 'agent_revoked');
  });

  it.each([
    ['the key exchange is not post-quantum', 'no_post_quantum_group', { ecdhCurve: 'X25519' }],
    ['TLS is older than 1.3', 'tls_version', { maxVersion: 'TLSv1.2' as const }],
  ])('%s', async (_, code, options) => {
    const name = `handshake.${code}`;
    const counted = await collector.console.refusals(name);
    const [host, port] = collector.address.split(':');
    const socket = connect({ host, port: Number(port), ca: collector.ca, ALPNProtocols: ['h2'], ...options });
    const error = await new Promise((resolve) => socket.once('error', resolve).once('secureConnect', resolve));
    expect(error).toBeInstanceOf(Error);
    await until(async () => (await collector.console.refusals(name)) > counted, { limitMs: 5_000, what: name });
  });

  it('it does not speak TLS', async () => {
    const counted = await collector.console.refusals('handshake.handshake_failed');
    const [host, port] = collector.address.split(':');
    const socket = connectTcp({ host, port: Number(port) });
    socket.on('error', () => socket.destroy());
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await collector.console.refusals('handshake.handshake_failed')).toBe(counted + 1);
  });
});

describe('services answer only to those they are for', () => {
  it('an agent without a certificate may not open a stream', async () => {
    const identity = {
      ...(await collector.enrol()),
      certificate: undefined,
      key: undefined,
    } as unknown as AgentIdentity;
    using agent = new SealingAgent({ address: collector.address, identity });
    expect((await agent.untilEnded()).code).toBe(status.UNAUTHENTICATED);
  });

  it('a console may not send telemetry, and an agent may not ask what a console asks', async () => {
    const identity = await collector.enrol();
    const console = consoleIdentityOf(collector.home);
    using agent = new SealingAgent({ address: collector.address, identity: { ...identity, ...console } });
    expect((await agent.untilEnded()).code).toBe(status.PERMISSION_DENIED);
    using asking = new ConsoleClient(collector.address, identity);
    await expect(asking.status()).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });
});
