import {
  type EvidenceChunk,
  type ExportEvidenceRequest,
  evidenceService,
  type SignedTreeHead,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const evidenceCalls = (connection: Connection) => ({
  /** A bundle in parts, as fast as they are taken, until the signal fires. */
  exportEvidence(request: ExportEvidenceRequest, signal: AbortSignal): AsyncIterable<EvidenceChunk> {
    return connection.stream(evidenceService.exportEvidence, request, signal);
  },

  /** Newest first. */
  async listTreeHeads(limit: number): Promise<SignedTreeHead[]> {
    return (await connection.call(evidenceService.listTreeHeads, { limit })).heads ?? [];
  },
});
