// The steps of a rotation as changes of its record: pure, so that what is stored is decided in one place.

import type { AuditActor } from '../../store/audit-entry.ts';
import type { KemKeyRecord, RotationRecord } from '../../store/epoch-store.ts';

/** Who makes a step that nobody asked for. */
export const BY_ITSELF: AuditActor = { kind: 'collector', id: '', from: '' };

export function isRunning(rotation: RotationRecord | undefined): rotation is RotationRecord {
  return rotation !== undefined && rotation.endedAtUs === undefined;
}

/** The epoch everybody is told who is not told otherwise: of new agents, and of those a canary leaves out. */
export function commonEpoch(keys: readonly KemKeyRecord[], rotation: RotationRecord | undefined): number {
  const canary = isRunning(rotation) && rotation.phase === 'canary' ? rotation.epoch : undefined;
  const announced = keys.filter(({ state, epoch }) => state === 'announced' && epoch !== canary);
  return Math.max(...(announced.length > 0 ? announced : keys).map(({ epoch }) => epoch));
}

/** A first step: the new epoch's record, the old one's where it changes, and the rotation. */
export function beginRotation(parts: {
  made: KemKeyRecord;
  keys: readonly KemKeyRecord[];
  fromEpoch: number;
  compromised: boolean;
  canaryAgents: readonly string[];
  startedBy: string;
  nowUs: number;
}): { keys: KemKeyRecord[]; rotation: RotationRecord } {
  const { made, fromEpoch, compromised, canaryAgents, startedBy, nowUs } = parts;
  const toAll = canaryAgents.length === 0;
  const rotation: RotationRecord = {
    epoch: made.epoch,
    fromEpoch,
    phase: toAll ? 'announced' : 'canary',
    paused: false,
    compromised,
    canaryAgents,
    startedBy,
    startedAtUs: nowUs,
    announcedAtUs: toAll ? nowUs : undefined,
    endedAtUs: undefined,
  };
  return { rotation, keys: [...(toAll ? supersede(parts.keys, compromised) : []), made] };
}

/** Older epochs once a newer one is announced to all. */
export function supersede(keys: readonly KemKeyRecord[], compromised: boolean): KemKeyRecord[] {
  const changed = compromised ? ['announced', 'draining'] : ['announced'];
  return keys
    .filter(({ state }) => changed.includes(state))
    .map((key) => ({ ...key, state: compromised ? 'refused' : 'draining' }));
}

/** Back to the epoch before: it is the one announced again, and the new one stays open for those who have it. */
export function abortRotation(keys: readonly KemKeyRecord[], rotation: RotationRecord): KemKeyRecord[] {
  return keys.flatMap((key): KemKeyRecord[] => {
    if (key.epoch === rotation.epoch) return [{ ...key, state: 'draining' }];
    if (key.epoch === rotation.fromEpoch && key.state !== 'announced') return [{ ...key, state: 'announced' }];
    return key.state === 'refused' ? [{ ...key, state: 'draining' }] : [];
  });
}
