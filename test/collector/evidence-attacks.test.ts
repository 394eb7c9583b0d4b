// A real bundle, and everything that somebody could do to it. Each attack is tried twice: on the file, and by whoever has the
// collector's key and signs the end again.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import {
  Alert,
  Batch,
  BundleRecord,
  Envelope,
  EnvelopeHeader,
  KeySuccession,
  keyId,
  type SignedAlert,
  sealEnvelope,
  sha256,
  signBytes,
  TreeEntry,
  TreeHead,
} from '@threatguard/proto';
import { FINDING_CODES, type FindingCode, readTreeHead, signTreeHead } from '@threatguard/proto/evidence';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueAnything, makeCa, realCa } from '../support/agent-identity.ts';
import { TestCollector } from '../support/collector.ts';
import { bruteForce, processEvents } from '../support/envelopes.ts';
import {
  type CollectorKey,
  collectorKeyOf,
  exportBundle,
  putTogether,
  rebuilt,
  signedAgain,
  takeApart,
  verifyBytesOf,
} from '../support/evidence.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

type Records = BundleRecord[];

let ca: string;
let key: CollectorKey;
let agent: SealingAgent;
let otherId: string;
let kept: string;
let caKey: ReturnType<typeof realCa>;
/** Three entries of web-1: envelopes 1 to 3, 4 and 5, 6. */
let range: Records;
/** Of one alert about web-1, with the envelope behind it. */
let ofAlert: Records;
let otherAgent: Records;
let collector: TestCollector;

beforeAll(async () => {
  collector = await TestCollector.start();
  ca = (await collector.console.status()).caSha256!;
  key = collectorKeyOf(collector.home);
  caKey = realCa(collector.home);
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
  const identity = await collector.enrol('db-1');
  otherId = identity.agentId;
  using other = await SealingAgent.connect({ address: collector.address, identity });
  await other.send(processEvents(2));
  const losses = [{ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 7, firstAtUs: 5, lastAtUs: 6 }];
  for (let sequence = 1; sequence <= 3; sequence++)
    await agent.send(processEvents(sequence), sequence === 2 ? losses : []);
  const ofWeb = { agent: 'web-1', fromUs: 1 };
  kept = readTreeHead((await takeApart(await exportBundle(collector, ofWeb)))[2]!.head!.head!)!.digest.toString('hex');
  for (let sequence = 4; sequence <= 5; sequence++) await agent.send(processEvents(sequence));
  await exportBundle(collector, ofWeb);
  await agent.send(bruteForce('192.0.2.1'));
  const alert = await until(async () => (await collector.console.alerts()).alerts?.[0], {
    limitMs: 10_000,
    what: 'alert',
  });
  range = await takeApart(await exportBundle(collector, ofWeb));
  ofAlert = await takeApart(await exportBundle(collector, { alertId: alert.id! }));
  otherAgent = await takeApart(await exportBundle(collector, { agent: 'db-1', fromUs: 1 }));
});
afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});

async function findings(bundle: Uint8Array, heads?: string[]): Promise<FindingCode[]> {
  const kept = heads?.map((digest) => ({ digest }));
  const report = await verifyBytesOf(bundle, { caSha256: [ca], ...(kept ? { heads: kept } : {}) });
  expect(report.proven).toBe(report.findings.length === 0);
  return report.findings.map(({ code }) => code);
}

const copy = (records: Records): Records =>
  records.map((each) => BundleRecord.decode(BundleRecord.encode(each).finish()));
const at = (records: Records, kind: keyof BundleRecord, place = 0): number =>
  records.flatMap((each, index) => (each[kind] ? [index] : []))[place]!;
const flip = (bytes: Uint8Array | null | undefined, where = 0.5) => {
  const changed = Uint8Array.from(bytes!);
  changed[Math.floor(changed.length * where)]! ^= 1;
  return changed;
};
const envelope = (records: Records, place: number) => records[at(records, 'envelope', place)]!.envelope!;
/** An entry with everything that follows it. */
const entrySpan = (records: Records, place: number): [number, number] => {
  const from = at(records, 'entry', place);
  const to = records.findIndex((each, index) => index > from && (each.entry || each.end));
  return [from, to - from];
};
const changeEntry = (records: Records, place: number, change: (entry: TreeEntry) => void) => {
  const stated = records[at(records, 'entry', place)]!.entry!;
  const entry = TreeEntry.decode(stated.entry!);
  change(entry);
  stated.entry = TreeEntry.encode(entry).finish();
};

/** Seals as web-1 does, with its own key, and gives what evidence keeps of it. */
function sealedBy(parts: { sequence: number; previous: Uint8Array; sealedAtUs: number; streamId: Uint8Array }) {
  const events = processEvents(1);
  const { bytes } = sealEnvelope({
    events,
    losses: [],
    identity: agent.identity.envelope,
    kemKey: agent.identity.kemKey,
    previous: { streamId: parts.streamId, sequence: parts.sequence - 1, headerDigest: parts.previous },
    nowUs: parts.sealedAtUs,
  });
  const { header, signature } = Envelope.decode(bytes);
  return { header, signature, payload: zstdCompressSync(Batch.encode({ events }).finish()) };
}

it('is proven as it was exported', async () => {
  expect(await findings(putTogether(range))).toEqual([]);
  expect(await findings(putTogether(ofAlert))).toEqual([]);
  expect(await findings(signedAgain(range, key))).toEqual([]);
  expect(await findings(putTogether(range), [kept])).toEqual([]);
  expect(range.filter(({ entry }) => entry)).toHaveLength(3);
  expect(range.filter((each) => each.envelope)).toHaveLength(6);
});

type Attack = [
  name: string,
  code: FindingCode,
  // biome-ignore lint/suspicious/noConfusingVoidType: most change the records they are given
  change: (records: Records) => Records | void,
  of?: () => Records,
];

const attacks: Attack[] = [
  ['an envelope is removed', 'envelope_missing', (r) => void r.splice(at(r, 'envelope', 1), 1)],
  ['the last envelope of a run is removed', 'envelope_missing', (r) => void r.splice(at(r, 'envelope', 2), 1)],
  [
    'an envelope is removed, and its run says so',
    'envelope_missing',
    (r) => {
      r.splice(at(r, 'envelope', 2), 1);
      r[at(r, 'run')]!.run!.included = [{ first: 1, last: 2 }];
    },
  ],
  [
    'an envelope is said to be absent',
    'envelope_missing',
    (r) => {
      const [{ envelope: gone }] = r.splice(at(r, 'envelope', 2), 1) as [BundleRecord];
      const { run } = r[at(r, 'run')]!;
      run!.included = [{ first: 1, last: 2 }];
      run!.absent = [{ sequence: 3, headerDigest: sha256(gone!.header!) }];
    },
  ],
  ['a run is removed with its envelopes', 'envelope_missing', (r) => void r.splice(at(r, 'run', 1), 3)],
  [
    'a run is said to have aged out',
    'gone_too_early',
    (r) => {
      r.splice(at(r, 'run', 1), 3, { run: { index: 0, gone: 'aged_out' } });
    },
  ],
  [
    'two envelopes change places',
    'envelope_unexpected',
    (r) => {
      const [one, two] = [at(r, 'envelope', 0), at(r, 'envelope', 1)];
      [r[one], r[two]] = [r[two]!, r[one]!];
    },
  ],
  [
    'an envelope is there twice',
    'envelope_unexpected',
    (r) => void r.splice(at(r, 'envelope', 2), 0, envelopeRecord(r, 2)),
  ],
  [
    'a header is altered',
    'envelope_signature_invalid',
    (r) => {
      envelope(r, 1).header = flip(envelope(r, 1).header);
    },
  ],
  [
    'a loss is taken out of a header',
    'envelope_signature_invalid',
    (r) => {
      const header = EnvelopeHeader.decode(envelope(r, 1).header!);
      expect(header.losses).toHaveLength(1);
      header.losses = [];
      envelope(r, 1).header = EnvelopeHeader.encode(header).finish();
    },
  ],
  [
    'a signature is altered',
    'envelope_signature_invalid',
    (r) => {
      envelope(r, 1).signature = flip(envelope(r, 1).signature);
    },
  ],
  [
    'a payload is altered',
    'payload_mismatch',
    (r) => {
      envelope(r, 1).payload = flip(envelope(r, 1).payload);
    },
  ],
  [
    'a payload tells another story in the same shape',
    'payload_mismatch',
    (r) => {
      const events = processEvents(2);
      expect(Buffer.from(envelope(r, 1).payload!)).toEqual(zstdCompressSync(Batch.encode({ events }).finish()));
      events[1]!.process!.executable = '/usr/bin/frue';
      envelope(r, 1).payload = zstdCompressSync(Batch.encode({ events }).finish());
    },
  ],
  [
    'a payload is emptied',
    'payload_mismatch',
    (r) => {
      envelope(r, 1).payload = new Uint8Array();
    },
  ],
  [
    'a payload is emptied, and said to have been erased by an entry that the audit log cannot have',
    'erasure_unrecorded',
    (r) => {
      envelope(r, 1).payload = new Uint8Array();
      envelope(r, 1).erased = { atUs: 1, erasureId: 'e', auditSequence: 1_000_000 };
    },
  ],
  [
    'two payloads change places',
    'payload_mismatch',
    (r) => {
      const [one, two] = [envelope(r, 0), envelope(r, 1)];
      [one.payload, two.payload] = [two.payload!, one.payload!];
    },
  ],
  [
    "another agent's envelope takes the place of one",
    'envelope_signature_invalid',
    (r) => {
      r[at(r, 'envelope', 0)] = { envelope: envelope(otherAgent, 0) };
    },
  ],
  [
    'an envelope is sealed anew by its agent',
    'run_mismatch',
    (r) => {
      const header = EnvelopeHeader.decode(envelope(r, 2).header!);
      const { streamId, previousHeaderDigest, sealedAtUs } = header;
      r[at(r, 'envelope', 2)] = {
        envelope: sealedBy({
          sequence: 3,
          previous: previousHeaderDigest!,
          streamId: streamId!,
          sealedAtUs: sealedAtUs!,
        }),
      };
    },
  ],
  [
    'an envelope was sealed when its certificate had not begun',
    'certificate_out_of_time',
    (r) => {
      const { streamId, previousHeaderDigest } = EnvelopeHeader.decode(envelope(r, 2).header!);
      r[at(r, 'envelope', 2)] = {
        envelope: sealedBy({
          sequence: 3,
          previous: previousHeaderDigest!,
          streamId: streamId!,
          sealedAtUs: 1_000_000,
        }),
      };
    },
  ],
  [
    "the agent's certificates are taken out",
    'envelope_signature_invalid',
    (r) => {
      r[at(r, 'agent')]!.agent!.certificates = [];
    },
  ],
  [
    "the agent's certificate is altered",
    'agent_certificate_invalid',
    (r) => {
      const [certificate] = r[at(r, 'agent')]!.agent!.certificates!;
      certificate!.certificate = flip(certificate!.certificate);
    },
  ],
  [
    "the agent's certificate is another agent's",
    'agent_certificate_invalid',
    (r) => {
      r[at(r, 'agent')]!.agent!.certificates = otherAgent[at(otherAgent, 'agent')]!.agent!.certificates!;
    },
  ],
  [
    'the agent is renamed',
    'agent_missing',
    (r) => {
      r[at(r, 'agent')]!.agent!.agentId = otherId;
    },
  ],
  [
    'the bundle is said to be of another agent',
    'entries_missing',
    (r) => {
      r[0]!.start!.agentId = otherId;
    },
  ],
  ['the first entry is left out', 'range_begins_late', (r) => void r.splice(...entrySpan(r, 0))],
  ['an entry in the middle is left out', 'entries_missing', (r) => void r.splice(...entrySpan(r, 1))],
  ['the last entry is left out', 'range_ends_early', (r) => void r.splice(...entrySpan(r, 2))],
  [
    'the last entry says that there is more',
    'range_ends_early',
    (r) =>
      changeEntry(r, 2, (entry) => {
        entry.continued = true;
      }),
  ],
  ['every entry is left out', 'entries_missing', (r) => r.filter((each) => !each.entry && !each.run && !each.envelope)],
  [
    'two entries change places',
    'entry_chain_broken',
    (r) => {
      const [second] = [r.splice(...entrySpan(r, 1))];
      r.splice(at(r, 'entry', 0), 0, ...second);
    },
  ],
  [
    'the first entry is made a mere boundary',
    'range_begins_late',
    (r) => {
      const [from, count] = entrySpan(r, 0);
      r.splice(from + 1, count - 1);
      r[from]!.entry!.boundary = true;
      r.splice(...entrySpan(r, 1));
      changeEntry(r, 0, (entry) => {
        entry.number = 2;
      });
    },
  ],
  [
    'an entry is recorded at another time',
    'entry_not_included',
    (r) =>
      changeEntry(r, 1, (entry) => {
        entry.recordedAtUs! -= 1;
      }),
  ],
  [
    "an entry's run is another",
    'entry_not_included',
    (r) =>
      changeEntry(r, 1, (entry) => {
        entry.runs![0]!.root = flip(entry.runs![0]!.root);
      }),
  ],
  [
    'an entry names another before it',
    'entry_chain_broken',
    (r) =>
      changeEntry(r, 1, (entry) => {
        entry.previousDigest = flip(entry.previousDigest);
      }),
  ],
  [
    'an entry is no entry',
    'entry_malformed',
    (r) =>
      changeEntry(r, 1, (entry) => {
        entry.runs![0]!.firstSequence = 0;
      }),
  ],
  [
    'an inclusion proof is altered',
    'entry_not_included',
    (r) => {
      const { inclusion } = r[at(r, 'entry', 1)]!.entry!;
      inclusion![0] = flip(inclusion![0]);
    },
  ],
  ['an inclusion proof is cut', 'entry_not_included', (r) => void r[at(r, 'entry', 1)]!.entry!.inclusion!.pop()],
  ['an entry is said to be another leaf', 'entry_not_included', (r) => void r[at(r, 'entry', 1)]!.entry!.index!++],
  [
    'the head is altered',
    'head_signature_invalid',
    (r) => {
      r[2]!.head!.head = changedHead(r[2]!.head!.head!);
    },
  ],
  [
    'the head is an earlier one',
    'entry_not_included',
    (r) => {
      r[2] = { head: signTreeHead(readTreeHead(r[at(r, 'earlierHead')]!.earlierHead!.head!)!, key) };
    },
  ],
  [
    'the head is of a console',
    'collector_certificate_invalid',
    (r) => {
      const { certificate } = agent.identity;
      r[2]!.head!.certificate = new X509Certificate(certificate).raw;
    },
  ],
  [
    'the head does not name the one before it',
    'head_inconsistent',
    (r) => {
      const head = readTreeHead(r[2]!.head!.head!)!;
      r[2] = { head: signTreeHead({ ...head, previousHeadDigest: flip(head.previousHeadDigest) }, key) };
    },
  ],
  [
    'an earlier head is altered',
    'head_inconsistent',
    (r) => {
      const { earlierHead } = r[at(r, 'earlierHead')]!;
      earlierHead!.head = changedHead(earlierHead!.head!);
    },
  ],
  [
    'a consistency proof is altered',
    'head_inconsistent',
    (r) => {
      const last = r.findLast((each) => (each.earlierHead?.consistency?.length ?? 0) > 0)!.earlierHead!;
      last.consistency![0] = flip(last.consistency![0]);
    },
  ],
  ['a record stands where it may not', 'record_out_of_place', (r) => void r.push(...r.splice(at(r, 'agent'), 1))],
  ['the bundle begins twice', 'record_out_of_place', (r) => void r.splice(1, 0, r[0]!)],
  [
    'a run names sequences it does not have',
    'record_malformed',
    (r) => {
      r[at(r, 'run')]!.run!.included = [{ first: 1, last: 9 }];
    },
  ],
  [
    'it is of nothing',
    'record_malformed',
    (r) => {
      r[0]!.start!.agentId = '';
    },
  ],
  [
    'it was made in the future',
    'record_malformed',
    (r) => {
      r[0]!.start!.exportedAtUs! += 86_400_000_000;
    },
  ],
  [
    'the alert is altered',
    'alert_invalid',
    (r) =>
      changeAlert(r, (alert) => {
        alert.title = 'nothing of note';
      }),
    () => ofAlert,
  ],
  ['the alert is left out', 'alert_invalid', (r) => void r.splice(at(r, 'alert'), 1), () => ofAlert],
  [
    'the alert is another one',
    'alert_invalid',
    (r) => {
      r[0]!.start!.alertId = 'another';
    },
    () => ofAlert,
  ],
  [
    'the envelope behind the alert is left out',
    'event_missing',
    (r) => void r.splice(...entrySpan(r, 0)),
    () => ofAlert,
  ],
  [
    'the agent of the alert is renamed',
    'agent_renamed',
    (r) => {
      r[at(r, 'agent')]!.agent!.name = 'db-1';
    },
    () => ofAlert,
  ],
  [
    'the nodes beside an envelope are altered',
    'run_mismatch',
    (r) => {
      r[at(r, 'run')]!.run!.nodes = [Buffer.alloc(32)];
    },
    () => ofAlert,
  ],
];

function envelopeRecord(records: Records, place: number): BundleRecord {
  return records[at(records, 'envelope', place)]!;
}

function changedHead(bytes: Uint8Array): Uint8Array {
  const head = TreeHead.decode(bytes);
  head.root = flip(head.root);
  return TreeHead.encode(head).finish();
}

function changeAlert(records: Records, change: (alert: Alert) => void): void {
  const signed = records[at(records, 'alert')]!.alert as SignedAlert;
  const alert = Alert.decode(signed.alert!);
  change(alert);
  signed.alert = Alert.encode(alert).finish();
}

describe('it is found and named when', () => {
  it.each(attacks)('%s: %s', async (_name, code, change, of = () => range) => {
    const records = copy(of());
    const changed = change(records) ?? records;
    const onFile = await findings(putTogether(changed));
    expect(onFile).toContain(code);
    const bySigner = await findings(signedAgain(changed, key));
    expect(bySigner).toContain(code);
    expect(bySigner).not.toContain('manifest_mismatch');
    expect(onFile.filter((each) => each === 'manifest_mismatch' || each.startsWith('bundle'))).not.toEqual([]);
  });
});

describe('the end of a bundle', () => {
  const cases: [string, FindingCode, () => Uint8Array][] = [
    ['is missing', 'bundle_truncated', () => putTogether(range.slice(0, -1))],
    ['is cut', 'bundle_truncated', () => putTogether(range).subarray(0, -1)],
    [
      'is followed by more',
      'bytes_after_end',
      () => Buffer.concat([putTogether(range), putTogether(range).subarray(8)]),
    ],
    ['is followed by a byte', 'bytes_after_end', () => Buffer.concat([putTogether(range), Buffer.from([1])])],
    ['is that of another bundle', 'manifest_mismatch', () => putTogether([...range.slice(0, -1), otherAgent.at(-1)!])],
    [
      'is signed for another purpose',
      'manifest_signature_invalid',
      () => {
        const { manifest, certificate } = range.at(-1)!.end!;
        const signature = signBytes({ message: manifest!, privateKey: key.privateKey, purpose: 'treeHead' });
        return putTogether([...range.slice(0, -1), { end: { manifest, certificate, signature } }]);
      },
    ],
    [
      'is signed by an agent',
      'collector_certificate_invalid',
      () => {
        const { privateKey } = agent.identity.envelope;
        return signedAgain(range, { privateKey, certificate: new X509Certificate(agent.identity.certificate) });
      },
    ],
    [
      'claims a record beyond the limit',
      'record_malformed',
      () => Buffer.concat([putTogether(range.slice(0, -1)), Buffer.from('ffffffff', 'hex')]),
    ],
    [
      'comes after bytes that are no record',
      'record_malformed',
      () =>
        Buffer.concat([
          putTogether(range.slice(0, -1)),
          Buffer.from('00000002ffff', 'hex'),
          putTogether(range.slice(-1)).subarray(8),
        ]),
    ],
  ];

  it.each(cases)('%s: %s', async (_name, code, make) => {
    expect(await findings(make())).toContain(code);
  });
});

describe('whose it is', () => {
  it('another fleet: ca_unknown, and nothing else is examined', async () => {
    const report = await verifyBytesOf(putTogether(range), { caSha256: ['ab'.repeat(32)] });
    expect(report.findings.map(({ code }) => code)).toEqual(['ca_unknown']);
    expect(report).toMatchObject({ proven: false, agents: [], authorities: [] });
  });

  it('follows a CA to the one it signed, and not to one it did not', async () => {
    const next = await makeCa();
    const nextCertificate = new X509Certificate(next.pem);
    const uri = `threatguard://collector/${'a'.repeat(32)}`;
    const issued = await issueAnything({ by: next, uri, side: 'server' });
    const { createPrivateKey } = await import('node:crypto');
    const signer = { privateKey: createPrivateKey(issued.key), certificate: new X509Certificate(issued.certificate) };
    const succession = {
      oldCaKeyId: keyId(new X509Certificate(caKey.pem).publicKey),
      newCaCertificate: nextCertificate.raw,
      signature: signBytes({ message: nextCertificate.raw, privateKey: caKey.privateKey, purpose: 'caSuccession' }),
    };
    const withSuccession = (stated: object) => {
      const records = copy(range);
      records[1]!.trustAnchors = { certificates: records[1]!.trustAnchors!.certificates!, successions: [stated] };
      return signedAgain(records, signer);
    };
    expect(await findings(withSuccession(succession))).toEqual([]);
    const forged = { ...succession, signature: flip(succession.signature) };
    expect(await findings(withSuccession(forged))).toEqual(
      expect.arrayContaining(['ca_succession_invalid', 'collector_certificate_invalid']),
    );
    // Whoever begins with the new CA does not come to trust the old one.
    const fromNew = await verifyBytesOf(withSuccession(succession), {
      caSha256: [keyId(nextCertificate.publicKey).toString('hex')],
    });
    expect(fromNew.proven).toBe(false);
  });

  it('follows a key of an agent to the one it signed; a forged succession is named', async () => {
    const fresh = generateKeyPairSync('ml-dsa-65');
    const pem = fresh.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const { agentId, envelope: identity } = agent.identity;
    const issued = await issueAnything({ by: caKey, uri: `threatguard://agent/${agentId}`, key: pem });
    const succession = KeySuccession.encode({
      agentId,
      oldKeyId: identity.signingKeyId,
      newKeyId: keyId(fresh.publicKey),
      succeedsAtUs: 1,
    }).finish();
    const signature = signBytes({ message: succession, privateKey: identity.privateKey, purpose: 'keySuccession' });
    const withKey = (successionSignature: Uint8Array | undefined) => {
      const records = copy(range);
      const certificate = new X509Certificate(issued.certificate).raw;
      const more = successionSignature ? { certificate, succession, successionSignature } : { certificate };
      records[at(records, 'agent')]!.agent!.certificates!.push(more);
      return verifyBytesOf(signedAgain(records, key), { caSha256: [ca] });
    };
    expect(await withKey(signature)).toMatchObject({ proven: true, agents: [{ unsucceededKeys: 0 }] });
    expect(await withKey(undefined)).toMatchObject({ proven: true, agents: [{ unsucceededKeys: 1 }] });
    expect((await withKey(flip(signature))).findings).toMatchObject([{ code: 'key_succession_invalid' }]);
  });
});

describe('an operator who rewrites the whole tree', () => {
  const without = (places: number[]) => {
    const dropped = places.map((place) => at(range, 'envelope', place));
    return rebuilt(
      copy(range).filter((_, index) => !dropped.includes(index)),
      key,
    );
  };

  it('cannot drop an envelope between others: envelopes_never_recorded', async () => {
    expect(await findings(signedAgain(without([1]), key))).toContain('envelopes_never_recorded');
    expect(await findings(signedAgain(without([0]), key))).toContain('envelopes_never_recorded');
    expect(await findings(signedAgain(without([2, 3]), key))).toContain('envelopes_never_recorded');
  });

  it('cannot put another in its place, not even with the help of the agent: chain_broken', async () => {
    const records = copy(range);
    const { streamId, sealedAtUs } = EnvelopeHeader.decode(envelope(records, 1).header!);
    const another = sealedBy({
      sequence: 2,
      previous: Buffer.alloc(32, 7),
      streamId: streamId!,
      sealedAtUs: sealedAtUs!,
    });
    records[at(records, 'envelope', 1)] = { envelope: another };
    expect(await findings(signedAgain(rebuilt(records, key), key))).toContain('chain_broken');
  });

  it('can drop the newest unseen by the bundle alone, and not from whoever kept a head', async () => {
    const bundle = signedAgain(without([5]), key);
    expect(await findings(bundle)).toEqual([]);
    expect(await findings(bundle, [kept])).toEqual(['head_not_shown']);
    const newest = readTreeHead(range[2]!.head!.head!)!;
    const report = await verifyBytesOf(bundle, {
      caSha256: [ca],
      heads: [{ digest: newest.digest.toString('hex'), number: newest.number }],
    });
    expect(report.findings.map(({ code }) => code)).toEqual(['head_conflict', 'head_not_shown']);
  });

  it('may have begun the tree after envelopes aged out: then what it begins with is said', async () => {
    const records = without([0]);
    // An agent that was certified long before the tree's first entry.
    records[0]!.start!.evidenceDays = 0;
    const report = await verifyBytesOf(signedAgain(records, key), { caSha256: [ca] });
    expect(report.agents[0]!.beginnings).toMatchObject([{ first: 2 }]);
    expect(report.findings).toEqual([]);
  });

  it('a gap whose loss the host counted is no finding, and is said', async () => {
    const records = copy(range);
    const { streamId } = EnvelopeHeader.decode(envelope(records, 0).header!);
    const losses = [{ sensor: 'spool', reason: 'spool_overflow', count: 9, firstAtUs: 1, lastAtUs: 2 }];
    const events = processEvents(1);
    const sealed = sealEnvelope({
      events,
      losses,
      identity: agent.identity.envelope,
      kemKey: agent.identity.kemKey,
      previous: { streamId: streamId!, sequence: 8, headerDigest: Buffer.alloc(32, 3) },
      nowUs: Date.now() * 1000,
    });
    const { header, signature } = Envelope.decode(sealed.bytes);
    const payload = zstdCompressSync(Batch.encode({ events }).finish());
    records.splice(-1, 0, { envelope: { header, signature, payload } });
    const report = await verifyBytesOf(signedAgain(rebuilt(records, key), key), { caSha256: [ca] });
    expect(report.findings).toEqual([]);
    expect(report.agents[0]!.countedGaps).toMatchObject([{ first: 7, last: 8 }]);
  });
});

describe('no change of the file passes', () => {
  it('bits turned, bytes cut, pieces moved or doubled', async () => {
    const bundle = putTogether(ofAlert);
    const place = fc.nat(bundle.length - 1);
    const length = fc.integer({ min: 1, max: 5000 });
    const change = fc.oneof(
      fc.tuple(place, fc.nat(7)).map(([where, bit]) => {
        const changed = Buffer.from(bundle);
        changed[where]! ^= 1 << bit;
        return changed;
      }),
      fc
        .tuple(place, length)
        .map(([from, count]) => Buffer.concat([bundle.subarray(0, from), bundle.subarray(from + count)])),
      fc.tuple(place, place, length).map(([from, to, count]) => {
        const piece = bundle.subarray(from, from + count);
        const rest = Buffer.concat([bundle.subarray(0, from), bundle.subarray(from + count)]);
        return Buffer.concat([rest.subarray(0, to), piece, rest.subarray(to)]);
      }),
      fc
        .tuple(place, place, length)
        .map(([from, to, count]) =>
          Buffer.concat([bundle.subarray(0, to), bundle.subarray(from, from + count), bundle.subarray(to)]),
        ),
    );
    await fc.assert(
      fc.asyncProperty(change, async (changed) => {
        fc.pre(!changed.equals(bundle));
        let proven = false;
        try {
          ({ proven } = await verifyBytesOf(changed, { caSha256: [ca] }));
        } catch (error) {
          expect(error).toMatchObject({ name: 'BundleError' });
        }
        expect(proven).toBe(false);
      }),
      { numRuns: 400, seed: 20261121 },
    );
  });

  it('records left out, doubled or moved', async () => {
    const place = fc.nat(range.length - 1);
    await fc.assert(
      fc.asyncProperty(place, place, fc.constantFrom('drop', 'double', 'move'), async (from, to, how) => {
        const records = [...range];
        const [moved] = how === 'double' ? [records[from]!] : records.splice(from, 1);
        if (how !== 'drop') records.splice(to, 0, moved!);
        fc.pre(records.length !== range.length || records.some((each, index) => each !== range[index]));
        expect(await findings(putTogether(records))).not.toEqual([]);
        const isBody = (each: BundleRecord) => !each.end;
        const body = range.filter(isBody);
        const changed =
          records.filter(isBody).some((each, index) => each !== body[index]) || records.length < body.length;
        // What the operator may leave out without lying about what agents sent: heads before this one.
        fc.pre(changed && !(how === 'drop' && range[from]!.earlierHead));
        expect(await findings(signedAgain(records, key)), `signed again: ${how} ${from} ${to}`).not.toEqual([]);
      }),
      { numRuns: 60, seed: 20261121 },
    );
  });
});

it('every finding there is was made to happen here', () => {
  const named = new Set(attacks.map(([, code]) => code));
  const elsewhere: FindingCode[] = [
    'bundle_truncated',
    'bytes_after_end',
    'manifest_signature_invalid',
    'manifest_mismatch',
    'ca_unknown',
    'ca_succession_invalid',
    'key_succession_invalid',
    'head_conflict',
    'head_not_shown',
    'envelopes_never_recorded',
    'chain_broken',
  ];
  expect(FINDING_CODES.filter((code) => !named.has(code) && !elsewhere.includes(code))).toEqual([]);
});
