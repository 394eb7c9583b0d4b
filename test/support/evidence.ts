// Bundles of a real collector, taken apart and put together again: what an attacker on the file, and one with the collector's
// key, could hand over.
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClientReadableStream, makeGenericClientConstructor } from '@grpc/grpc-js';
import {
  BundleManifest,
  BundleRecord,
  EnvelopeHeader,
  type EvidenceChunk,
  type ExportEvidenceRequest,
  evidenceService,
  type ListTreeHeadsResponse,
  sha256,
  signBytes,
  TreeEntry,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import {
  BUNDLE_MAGIC,
  encodeRecord,
  GrowingTree,
  inclusionRanges,
  joinParts,
  perfectParts,
  readBundle,
  readTreeHead,
  signTreeHead,
  type VerifyOptions,
  verifyBundle,
} from '@threatguard/proto/evidence';
import { makeEntries, NO_ENTRIES } from '../../collector/src/store/tree-entries.ts';
import { consoleIdentityOf, type TlsIdentity } from './agent-identity.ts';

export interface CollectorPlace {
  address: string;
  home: string;
}

const Client = makeGenericClientConstructor(evidenceService, 'Evidence');

/** A bundle as a console gets it, whole. */
export async function exportBundle(
  place: CollectorPlace,
  request: ExportEvidenceRequest,
  as?: TlsIdentity,
): Promise<Buffer> {
  return Buffer.concat((await exportChunks(place, request, as)).map(({ data }) => data ?? new Uint8Array()));
}

export function exportChunks(
  place: CollectorPlace,
  request: ExportEvidenceRequest,
  as?: TlsIdentity,
): Promise<EvidenceChunk[]> {
  const client = new Client(place.address, collectorCredentials(as ?? consoleIdentityOf(place.home)), CHANNEL_OPTIONS);
  const chunks: EvidenceChunk[] = [];
  return new Promise<EvidenceChunk[]>((resolve, reject) => {
    const call = client.exportEvidence!(request) as unknown as ClientReadableStream<EvidenceChunk>;
    call.on('data', (chunk: EvidenceChunk) => chunks.push(chunk));
    call.on('error', reject);
    call.on('end', () => resolve(chunks));
  }).finally(() => client.close());
}

export async function treeHeads(place: CollectorPlace): Promise<ListTreeHeadsResponse> {
  const client = new Client(place.address, collectorCredentials(consoleIdentityOf(place.home)), CHANNEL_OPTIONS);
  return new Promise<ListTreeHeadsResponse>((resolve, reject) => {
    client.listTreeHeads!({}, (error: Error | null, response: ListTreeHeadsResponse) =>
      error ? reject(error) : resolve(response),
    );
  }).finally(() => client.close());
}

async function* inPieces(bytes: Uint8Array, size = 65_536): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function verifyBytesOf(
  bytes: Uint8Array,
  options: Omit<VerifyOptions, 'nowUs'> & { nowUs?: number },
  piece?: number,
) {
  return verifyBundle(inPieces(bytes, piece), { nowUs: Date.now() * 1000, ...options });
}

/** The records of a bundle. */
export async function takeApart(bundle: Uint8Array): Promise<BundleRecord[]> {
  const records: BundleRecord[] = [];
  for await (const item of readBundle(inPieces(bundle))) {
    if (item.kind === 'record') records.push(BundleRecord.decode(item.record));
  }
  return records;
}

/** Records as a file, whatever they say. */
export function putTogether(records: readonly BundleRecord[]): Buffer {
  return Buffer.concat([BUNDLE_MAGIC, ...records.map(encodeRecord)]);
}

export interface CollectorKey {
  privateKey: KeyObject;
  certificate: X509Certificate;
}

export function collectorKeyOf(home: string): CollectorKey {
  const read = (name: string) => readFileSync(join(home, 'collector', 'tls', name));
  return {
    privateKey: createPrivateKey(read('collector.key')),
    certificate: new X509Certificate(read('collector.crt')),
  };
}

/** With an end that the collector's own key signs: what a malicious operator can make of any records. */
export function signedAgain(records: readonly BundleRecord[], { privateKey, certificate }: CollectorKey): Buffer {
  const body = records.filter((record) => !record.end);
  const file = putTogether(body);
  const head = body.find((record) => record.head)?.head?.head ?? new Uint8Array();
  const manifest = BundleManifest.encode({
    records: body.length,
    digest: createHash('sha256').update(file).digest(),
    headDigest: readTreeHead(head)?.digest ?? new Uint8Array(),
    certificateDigest: sha256(certificate.raw),
    signedAtUs: Date.now() * 1000,
  }).finish();
  const signature = signBytes({ message: manifest, privateKey, purpose: 'evidence' });
  return Buffer.concat([file, encodeRecord({ end: { manifest, signature, certificate: certificate.raw } })]);
}

/**
 * Records with a tree made for them: every entry, run and proof is right again for the envelopes that are left, under a head
 * that the collector's key signs. What an operator can do who rewrites the whole history.
 */
export function rebuilt(records: readonly BundleRecord[], key: CollectorKey): BundleRecord[] {
  const tree = new GrowingTree(0, []);
  const nodes = new Map<string, Uint8Array>();
  const root = (from: number, to: number) =>
    joinParts(perfectParts(from, to).map(({ level, position }) => nodes.get(`${level}/${position}`)!));
  let before = NO_ENTRIES;
  const made: { bytes: Uint8Array; envelopes: BundleRecord[]; runs: { first: number; last: number }[] }[] = [];
  for (const [at, record] of records.entries()) {
    if (!record.entry) continue;
    const entry = TreeEntry.decode(record.entry.entry!);
    const next = records.findIndex((each, index) => index > at && (each.entry || each.end));
    const envelopes = records.slice(at + 1, next < 0 ? undefined : next).filter(({ envelope }) => envelope);
    const streams = new Map<string, { streamId: Uint8Array; envelopes: object[] }>();
    for (const { envelope } of envelopes) {
      const { streamId, sequence } = EnvelopeHeader.decode(envelope!.header!);
      const name = Buffer.from(streamId!).toString('hex');
      const stream = streams.get(name) ?? { streamId: streamId!, envelopes: [] };
      streams.set(name, stream);
      const receivedAtUs = entry.recordedAtUs!;
      stream.envelopes.push({
        sequence,
        headerDigest: sha256(envelope!.header!),
        receivedAtUs,
        firstEventAtUs: 0,
        lastEventAtUs: 0,
      });
    }
    const found = { agentId: entry.agentId!, streams: [...streams.values()] } as Parameters<typeof makeEntries>[0];
    const [newEntry] = makeEntries(found, before, entry.recordedAtUs!);
    before = { number: newEntry!.number, digest: newEntry!.digest };
    for (const { level, position, hash } of tree.append(newEntry!.digest)) nodes.set(`${level}/${position}`, hash);
    const runs = newEntry!.runs.map((run) => ({ first: run.firstSequence!, last: run.lastSequence! }));
    made.push({ bytes: newEntry!.bytes, envelopes, runs });
  }
  const { digest: _, ...old } = readTreeHead(records.find(({ head }) => head)!.head!.head!)!;
  const head = signTreeHead({ ...old, treeSize: tree.size, root: tree.root() }, key);
  const body = records.filter((each) => !each.entry && !each.run && !each.envelope && !each.earlierHead && !each.end);
  return [
    ...body.map((each) => (each.head ? { head } : each)),
    ...made.flatMap(({ bytes, envelopes, runs }, index) => [
      {
        entry: {
          entry: bytes,
          index,
          inclusion: inclusionRanges(index, tree.size).map(({ from, to }) => root(from, to)),
        },
      },
      ...runs.flatMap(({ first, last }, place) => [
        { run: { index: place, included: [{ first, last }] } },
        ...envelopes.filter(({ envelope }) => {
          const { sequence } = EnvelopeHeader.decode(envelope!.header!);
          return sequence! >= first && sequence! <= last;
        }),
      ]),
    ]),
  ];
}
