// The Evidence service: bundles as they are made, and the heads of the tree.

import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type BundleCertificate,
  DIGEST_BYTES,
  type EvidenceChunk,
  type ExportEvidenceRequest,
  type ListTreeHeadsRequest,
} from '@threatguard/proto';
import { type ExportPlan, planAgent, planAlert } from '../evidence/plan-export.ts';
import type { TreeKeeper } from '../evidence/tree-keeper.ts';
import { type BundleSources, writeBundle } from '../evidence/write-bundle.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { Store } from '../store/store.ts';
import { getAlert } from './alerts.ts';
import { ApiError, unary } from './grpc-status.ts';
import { clampLimit } from './limits.ts';
import { streamOut } from './stream-out.ts';

/** Bundles made at one time: each reads the store as fast as its console takes it. */
const EXPORTS_MAX = 4;
/** One message; a record may be larger. */
const CHUNK_BYTES = 256 * 1024;
const HEADS_ASKED_MAX = 100;

export interface EvidenceServiceParts {
  store: Store;
  fleet: Fleet;
  keeper: TreeKeeper;
  sources: Omit<BundleSources, 'evidence' | 'agent'>;
  about: { evidenceDays: number; collectorVersion: string };
  /** Who calls from an address: for the audit log. */
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}

/** Callers are consoles: authorisation is done before. */
export function evidenceHandlers(parts: EvidenceServiceParts): UntypedServiceImplementation {
  const { evidence } = parts.store;
  return {
    exportEvidence: streamOut((request: ExportEvidenceRequest, from) => sendBundle(parts, request, from), {
      atOnce: EXPORTS_MAX,
      failed: parts.failed,
    }),
    listTreeHeads: unary(
      async (request: ListTreeHeadsRequest) => ({ heads: await evidence.heads(clampLimit(request.limit)) }),
      parts.failed,
    ),
  };
}

async function* sendBundle(
  parts: EvidenceServiceParts,
  request: ExportEvidenceRequest,
  from: CallFrom,
): AsyncGenerator<EvidenceChunk> {
  const { store, sources } = parts;
  const plan = await planOf(parts, request);
  const digests = (request.headDigests ?? []).slice(0, HEADS_ASKED_MAX).filter(({ length }) => length === DIGEST_BYTES);
  const { alertId, agentId, fromUs, toUs } = plan.start;
  await store.evidence.noteExport(sources.nowUs(), parts.actor(from), {
    subject: alertId || agentId || '',
    after: alertId ? { alert: alertId } : { agent: agentId, fromUs, toUs },
  });
  const agent = (id: string) => describeAgent(parts, id);
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let written = 0;
  const chunk = () => ({ data: Buffer.concat(waiting), envelopesWritten: written, envelopes: plan.envelopes });
  yield { envelopes: plan.envelopes, notice: plan.notice };
  for await (const { data, envelopes } of writeBundle({ ...sources, evidence: store.evidence, agent }, plan, digests)) {
    waiting.push(data);
    bytes += data.length;
    written = envelopes;
    if (bytes < CHUNK_BYTES) continue;
    yield chunk();
    waiting = [];
    bytes = 0;
  }
  yield chunk();
}

/** Its name, and every certificate it had; the one it has now stands with the agent, too. */
async function describeAgent({ store, fleet }: EvidenceServiceParts, id: string) {
  const known = fleet.agent(id);
  const certificates: BundleCertificate[] = (await store.certificatesOf(id)).map((had) =>
    had.succession
      ? {
          certificate: had.certificate,
          succession: had.succession.succession,
          successionSignature: had.succession.signature,
        }
      : { certificate: had.certificate },
  );
  const present = known?.certificate;
  const isAmong = certificates.some(({ certificate }) => present && Buffer.compare(certificate!, present) === 0);
  if (present && !isAmong) certificates.push({ certificate: present });
  return { name: known?.name ?? '', certificates };
}

async function planOf(parts: EvidenceServiceParts, request: ExportEvidenceRequest): Promise<ExportPlan> {
  const { store, fleet, keeper, about } = parts;
  const sources = { evidence: store.evidence, keeper, about };
  if (request.alertId) {
    const { alert } = await getAlert(store, { id: request.alertId });
    return planAlert(sources, alert ?? {});
  }
  const agent = fleet.find(request.agent ?? '');
  if (!agent) throw new ApiError('not_found', 'no agent has this name or id; threatguard agents list shows them all');
  const [fromUs, toUs] = [request.fromUs ?? 0, request.toUs ?? 0];
  if (toUs > 0 && fromUs > toUs) throw new ApiError('invalid', 'the time begins after its end');
  const plan = await planAgent(sources, { agentId: agent.id, fromUs, toUs });
  if (plan) return plan;
  throw new ApiError('not_found', 'nothing of this agent was recorded in this time; give an earlier --from');
}
