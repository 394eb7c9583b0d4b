// What a starting collector finds: key files and the records of them. Everything that was under way is taken up again; what
// one of the two does not know is decided for the side on which nothing is lost.

import type { EpochState, EpochStore, KemKeyRecord } from '../../store/epoch-store.ts';
import { EpochError } from './epoch-error.ts';
import { destroyEpochKey, type EpochKey, loadEpochKeys, makeEpochKey } from './epoch-files.ts';
import { heldKey, type KemKeys } from './kem-keys.ts';
import { BY_ITSELF } from './rotation-steps.ts';

/** Fills `keys`; resolves with the records as they then are, newest epoch first. Throws EpochError `key_replaced`. */
export async function adoptEpochs(parts: {
  directory: string;
  state: EpochState;
  store: EpochStore;
  keys: KemKeys;
  nowUs: number;
}): Promise<KemKeyRecord[]> {
  const { directory, state, store, keys, nowUs } = parts;
  const files = new Map((await loadEpochKeys(directory)).map((file) => [file.epoch, file]));
  const records = new Map(state.keys.map((record) => [record.epoch, record]));
  const changed: KemKeyRecord[] = [];
  const put = (record: KemKeyRecord) => {
    records.set(record.epoch, record);
    changed.push(record);
  };

  for (const record of state.keys) {
    const file = files.get(record.epoch);
    if (record.state === 'destroying' || (record.state === 'destroyed' && file)) {
      await destroyEpochKey(directory, record.epoch);
      files.delete(record.epoch);
    }
    if (record.state === 'destroyed') continue;
    // A file that somebody removed is as gone as one that was destroyed here.
    if (record.state === 'destroying' || !file) put({ ...record, state: 'destroyed', destroyedAtUs: nowUs });
    else refuseReplaced(record, file);
  }

  // Files nobody recorded: all of a fleet whose store is new; else of a rotation that was cut off before its first step, or
  // of a store that came back from a backup. Agents may seal for them: they are opened, and not announced.
  const newest = Math.max(0, ...files.keys());
  for (const file of files.values()) {
    if (records.has(file.epoch)) continue;
    const announced = state.keys.length === 0 && file.epoch === newest;
    const announcedAtUs = announced ? nowUs : undefined;
    const kept = { announcedAtUs, destroyedAtUs: undefined };
    put({ ...heldKey(file), ...kept, state: announced ? 'announced' : 'draining' });
  }

  if (![...records.values()].some(({ state }) => state === 'announced')) {
    const epoch = Math.max(0, ...records.keys()) + 1;
    const file = await makeEpochKey(directory, epoch);
    files.set(epoch, file);
    put({ ...heldKey(file), state: 'announced', announcedAtUs: nowUs, destroyedAtUs: undefined });
  }

  if (changed.length > 0) await store.change({ atUs: nowUs, action: 'adopted', keys: changed }, BY_ITSELF);
  for (const record of records.values()) {
    if (record.state === 'destroyed') keys.drop(record.epoch, 'epoch_destroyed');
    else if (record.state === 'refused') keys.drop(record.epoch, 'epoch_refused');
    else keys.add(files.get(record.epoch)!);
  }
  return [...records.values()].sort((a, b) => b.epoch - a.epoch);
}

function refuseReplaced(record: KemKeyRecord, file: EpochKey): void {
  if (Buffer.compare(heldKey(file).publicKeySha256, record.publicKeySha256) === 0) return;
  throw new EpochError(
    'key_replaced',
    `the key file of ML-KEM epoch ${record.epoch} is not the one agents were told: put the right one back, or remove it and have what was sealed for it refused`,
  );
}
