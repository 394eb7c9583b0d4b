// Which entries of the tree a bundle is made of, and which envelopes of each.
import type { Alert, BundleStart, Detection, EventReference, TreeRun } from '@threatguard/proto';
import { BUNDLE_VERSION, REFERENCES_MAX } from '@threatguard/proto/evidence';
import type { EvidenceStore } from '../store/evidence-store.ts';
import type { StoredEntry } from '../store/tree-reads.ts';
import type { RecordedTree, TreeKeeper } from './tree-keeper.ts';

/** Agents that one alert may be about. */
const AGENTS_MAX = 256;

export interface PlannedRun {
  index: number;
  run: TreeRun;
  /** Undefined for all of it. */
  sequences: readonly number[] | undefined;
}

interface PlannedEntry {
  entry: StoredEntry;
  boundary: boolean;
  runs: PlannedRun[];
}

export interface ExportPlan {
  start: BundleStart;
  tree: RecordedTree;
  agentIds: string[];
  alert: Alert | undefined;
  detections: { bytes: Uint8Array; detection: Detection }[];
  /** In the order of a bundle. */
  entries: () => AsyncIterable<PlannedEntry>;
  envelopes: number;
  /** When what is in it was recorded. */
  span: { fromUs: number; toUs: number };
  notice: string;
}

interface PlanParts {
  evidence: EvidenceStore;
  keeper: Pick<TreeKeeper, 'record'>;
  about: { evidenceDays: number; collectorVersion: string };
}

/** What the collector recorded of one agent in a span of time, whole; undefined where that is nothing. */
export async function planAgent(
  { evidence, keeper, about }: PlanParts,
  wanted: { agentId: string; fromUs: number; toUs: number },
): Promise<ExportPlan | undefined> {
  const { agentId, fromUs } = wanted;
  const tree = await keeper.record([agentId]);
  const toUs = Math.min(wanted.toUs || tree.recordedAtUs, tree.recordedAtUs);
  const found = await evidence.entrySpan(agentId, { fromUs, toUs, treeSize: tree.head.treeSize });
  if (!found) return undefined;
  const first = Math.max(1, found.first - 1);
  async function* entries(): AsyncIterable<PlannedEntry> {
    for await (const entry of evidence.entries(agentId, { first, last: found!.last })) {
      const boundary = entry.number < found!.first;
      const runs = boundary ? [] : entry.runs.map((run, index) => ({ index, run, sequences: undefined }));
      yield { entry, boundary, runs };
    }
  }
  const late = `${found.late} entries recorded outside of this time hold events that happened in it; a wider time has them too`;
  return {
    start: {
      version: BUNDLE_VERSION,
      agentId,
      fromUs,
      toUs,
      exportedAtUs: tree.recordedAtUs,
      lateEntries: found.late,
      ...about,
    },
    tree,
    agentIds: [agentId],
    alert: undefined,
    detections: [],
    entries,
    envelopes: found.envelopes,
    span: { fromUs, toUs },
    notice: found.late > 0 ? late : '',
  };
}

/** The envelopes behind an alert and its detections. */
export async function planAlert({ evidence, keeper, about }: PlanParts, alert: Alert): Promise<ExportPlan> {
  const all = await evidence.detectionsOf(alert);
  const references: EventReference[] = [...(alert.events ?? [])];
  const detections = all.filter(({ detection }) => {
    const fits = references.length + (detection.events?.length ?? 0) <= REFERENCES_MAX;
    if (fits) references.push(...(detection.events ?? []));
    return fits;
  });
  const agentIds = [...new Set([alert.agentId, ...references.map((each) => each.agentId)])]
    .filter((id): id is string => Boolean(id))
    .sort()
    .slice(0, AGENTS_MAX);
  const tree = await keeper.record(agentIds);
  const places = await evidence.placesOf(references, tree.head.treeSize);
  const leaves = [...new Set(places.map(({ leaf }) => leaf))];
  async function* entries(): AsyncIterable<PlannedEntry> {
    for (const leaf of leaves) {
      const entry = await evidence.entryAt(leaf);
      if (!entry) continue;
      const here = places.filter((place) => place.leaf === leaf);
      const runs = [...new Set(here.map(({ run }) => run))].map((index) => ({
        index,
        run: entry.runs[index]!,
        sequences: here.filter(({ run }) => run === index).map(({ sequence }) => sequence),
      }));
      yield { entry, boundary: false, runs };
    }
  }
  const left = all.length - detections.length;
  return {
    start: { version: BUNDLE_VERSION, alertId: alert.id ?? '', exportedAtUs: tree.recordedAtUs, ...about },
    tree,
    agentIds,
    alert,
    detections,
    entries,
    envelopes: places.length,
    span: { fromUs: alert.firstAtUs ?? 0, toUs: alert.updatedAtUs ?? 0 },
    notice: left > 0 ? `${left} detections of this alert name more events than a bundle holds, and are left out` : '',
  };
}
