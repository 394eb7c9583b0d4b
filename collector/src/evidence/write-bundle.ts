// A bundle, record by record in the order of its format, signed at the end over every byte before it.
import { createHash } from 'node:crypto';
import {
  type BundleCertificate,
  BundleManifest,
  type BundleRecord,
  type BundleRun,
  type SequenceRange,
  sha256,
  signAlert,
  signBytes,
  type TrustAnchors,
} from '@threatguard/proto';
import { BUNDLE_MAGIC, encodeRecord, leafHash, missingParts } from '@threatguard/proto/evidence';
import type { CollectorSigner } from '../fleet/collector-identity.ts';
import type { RunPlace } from '../store/evidence-reads.ts';
import type { EvidenceStore } from '../store/evidence-store.ts';
import { dayStartUs, firstDayKept } from '../store/retention.ts';
import { encodable } from '../store/values.ts';
import type { ExportPlan, PlannedRun } from './plan-export.ts';

export interface BundleSources {
  evidence: EvidenceStore;
  signer: () => CollectorSigner;
  trustAnchors: () => TrustAnchors;
  /** What is known of an agent: its name, and every certificate it had. */
  agent: (agentId: string) => Promise<{ name: string; certificates: BundleCertificate[] }>;
  nowUs: () => number;
}

/** Bytes of the file in order, each a whole record; `envelopes` counts those that were written so far. */
export async function* writeBundle(
  sources: BundleSources,
  plan: ExportPlan,
  headDigests: readonly Uint8Array[],
): AsyncGenerator<{ data: Uint8Array; envelopes: number }> {
  const digest = createHash('sha256').update(BUNDLE_MAGIC);
  let records = 0;
  let envelopes = 0;
  yield { data: BUNDLE_MAGIC, envelopes };
  for await (const record of writeRecords(sources, plan, headDigests)) {
    const data = encodeRecord(record);
    digest.update(data);
    records++;
    if (record.envelope) envelopes++;
    yield { data, envelopes };
  }
  const { privateKey, certificate } = sources.signer();
  const manifest = BundleManifest.encode({
    records,
    digest: digest.digest(),
    headDigest: plan.tree.head.digest,
    certificateDigest: sha256(certificate.raw),
    signedAtUs: sources.nowUs(),
  }).finish();
  const signature = signBytes({ message: manifest, privateKey, purpose: 'evidence' });
  yield { data: encodeRecord({ end: { manifest, signature, certificate: certificate.raw } }), envelopes };
}

async function* writeRecords(
  sources: BundleSources,
  plan: ExportPlan,
  headDigests: readonly Uint8Array[],
): AsyncGenerator<BundleRecord> {
  const { evidence } = sources;
  const { signed, head } = plan.tree;
  yield { start: plan.start };
  yield { trustAnchors: sources.trustAnchors() };
  yield { head: signed };
  for (const earlier of await evidence.earlierHeads(head.number, { ...plan.span, digests: headDigests })) {
    const consistency = await evidence.consistency(earlier.head.treeSize, head.treeSize);
    yield { earlierHead: { head: earlier.bytes, consistency } };
  }
  for (const agentId of plan.agentIds) yield { agent: { agentId, ...(await sources.agent(agentId)) } };
  if (plan.alert) yield { alert: signAlert(encodable(plan.alert), sources.signer()) };
  for (const { bytes } of plan.detections) yield { detection: bytes };
  const keptFromUs = dayStartUs(firstDayKept(plan.start.exportedAtUs ?? 0, plan.start.evidenceDays ?? 0));
  for await (const { entry, boundary, runs } of plan.entries()) {
    const inclusion = await evidence.inclusion(entry.leaf, head.treeSize);
    yield { entry: { entry: entry.bytes, index: entry.leaf, inclusion, boundary: boundary || undefined } };
    for (const planned of runs) yield* writeRun(evidence, entry.agentId, planned, keptFromUs);
  }
}

async function* writeRun(
  evidence: EvidenceStore,
  agentId: string,
  { index, run, sequences }: PlannedRun,
  keptFromUs: number,
): AsyncGenerator<BundleRecord> {
  const place: RunPlace = {
    agentId,
    streamId: run.streamId ?? new Uint8Array(),
    first: run.firstSequence ?? 0,
    last: run.lastSequence ?? 0,
    receivedAtUs: run.lastReceivedAtUs ?? 0,
  };
  if (place.receivedAtUs < keptFromUs) {
    yield { run: { index, gone: 'aged_out' } };
    return;
  }
  const digests = await evidence.digestsOf(place);
  const kept = await evidence.keptSequences(place);
  const wanted = sequences ?? Array.from({ length: place.last - place.first + 1 }, (_, at) => place.first + at);
  const available = wanted.flatMap((sequence) => {
    const bytes = kept.get(sequence);
    return bytes === undefined ? [] : { sequence, bytes };
  });
  const absent = wanted.flatMap((sequence) => {
    const headerDigest = digests.get(sequence);
    return kept.has(sequence) || !headerDigest ? [] : { sequence, headerDigest };
  });
  yield { run: { index, included: ranges(available), absent, nodes: nodesOf(place, digests, wanted) } };
  const erased = await evidence.erasedPayloads(place);
  for await (const { sequence, header, signature, payload } of evidence.envelopes(place, available)) {
    yield { envelope: { header, signature, payload, erased: erased.get(sequence) } };
  }
}

/** Of the run's tree, what the envelopes of the bundle do not tell by themselves. */
function nodesOf(place: RunPlace, digests: Map<number, Uint8Array>, wanted: readonly number[]): Uint8Array[] {
  const size = place.last - place.first + 1;
  if (wanted.length === size) return [];
  const shown = new Set(wanted);
  // A row that somebody removed leaves a tree that does not fit: that is for the verification to say.
  const leaves = Array.from({ length: size }, (_, at) => leafHash(digests.get(place.first + at) ?? new Uint8Array()));
  return missingParts(leaves, (at) => shown.has(place.first + at));
}

function ranges(sequences: readonly { sequence: number }[]): NonNullable<BundleRun['included']> {
  const found: SequenceRange[] = [];
  for (const { sequence } of sequences) {
    const range = found.at(-1);
    if (range?.last === sequence - 1) range.last = sequence;
    else found.push({ first: sequence, last: sequence });
  }
  return found;
}
