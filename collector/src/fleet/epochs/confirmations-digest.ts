import { createHash } from 'node:crypto';
import type { AgentEpochRecord } from '../../store/epoch-store.ts';

/** SHA-256, hex, over the signed confirmations in the order of agents: what binds them to the audit log. */
export function confirmationsDigest(records: readonly AgentEpochRecord[]): string {
  const hash = createHash('sha256');
  const inOrder = [...records].sort((a, b) => (a.agentId < b.agentId ? -1 : 1));
  for (const { confirmationSha256 } of inOrder) hash.update(confirmationSha256);
  return hash.digest('hex');
}
