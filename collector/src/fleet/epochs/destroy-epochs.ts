// The end of an epoch's key. The order is what makes it safe to be killed in: decided and stored, forgotten by every thread,
// overwritten and removed, and only then said to be destroyed.

import type { AuditActor } from '../../store/audit-entry.ts';
import type { KemKeyRecord } from '../../store/epoch-store.ts';
import { EpochError } from './epoch-error.ts';
import { destroyEpochKey } from './epoch-files.ts';
import type { EpochLedger } from './epoch-ledger.ts';
import type { Judgement } from './judge-fleet.ts';
import type { KemKeys, OpeningKeys } from './kem-keys.ts';

/** Names in a refusal; the whole list stands in `keys status`. */
const NAMED_MAX = 5;

export interface DestroyParts {
  directory: string;
  ledger: EpochLedger;
  keys: KemKeys;
  /** Hands the keys to the threads that open envelopes; resolves when each has them. */
  useKeys: (keys: OpeningKeys) => Promise<void>;
  nowUs: () => number;
}

/** `facts` stand in the audit entries beside the states. */
export async function destroyEpochs(
  parts: DestroyParts,
  records: readonly KemKeyRecord[],
  by: AuditActor,
  facts: Record<string, number> = {},
): Promise<void> {
  if (records.length === 0) return;
  const { directory, ledger, keys, useKeys, nowUs } = parts;
  const going = records.map((record) => ({ ...record, state: 'destroying' as const }));
  await ledger.change({ action: 'destroying', keys: going, facts }, by);
  for (const { epoch } of going) keys.drop(epoch, 'epoch_destroyed');
  await useKeys(keys.opening());
  for (const { epoch } of going) await destroyEpochKey(directory, epoch);
  const gone = going.map((record) => ({ ...record, state: 'destroyed' as const, destroyedAtUs: nowUs() }));
  await ledger.change({ action: 'destroyed', keys: gone, facts }, by);
}

export function inUse(epoch: number, waiting: Judgement['waiting']): EpochError {
  const names = waiting.slice(0, NAMED_MAX).map(({ agent }) => agent.name);
  const more = waiting.length > names.length ? ` and ${waiting.length - names.length} more` : '';
  return new EpochError(
    'epoch_in_use',
    `epoch ${epoch} may be needed by ${waiting.length} of the fleet (${names.join(', ')}${more}): wait for them, revoke them, or use --force`,
  );
}
