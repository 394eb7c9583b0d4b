// A collector that is killed at any step of a rotation: whatever was on disk and in the store then, the next start brings the
// rotation to its end, and at no instant is there an epoch agents may seal for whose key is gone.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyId } from '@threatguard/proto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CollectorSigner } from '../../collector/src/fleet/collector-identity.ts';
import { destroyEpochKey, makeFirstEpochKey } from '../../collector/src/fleet/epochs/epoch-files.ts';
import { findEpochs, startEpochs } from '../../collector/src/fleet/epochs/start-epochs.ts';
import type { EpochChange, EpochState, EpochStore, KemKeyRecord } from '../../collector/src/store/epoch-store.ts';
import type { AgentRecord } from '../../collector/src/store/fleet-record.ts';
import { makeCa } from '../support/agent-identity.ts';
import { until } from '../support/until.ts';

const ADMIN = { kind: 'console', id: 'admin', from: '' } as const;
const AGENTS = ['a', 'b', 'c'].map((name) => ({ id: name, name, enrolledAtUs: 1, lastSeenAtUs: 1 }) as AgentRecord);

class Killed extends Error {}

/** A store in memory that dies at one of its writes, before or after it. */
class MortalStore implements EpochStore {
  state: EpochState = { keys: [], rotation: undefined, schedule: undefined, agents: [] };
  writes = 0;
  dieAt = Number.POSITIVE_INFINITY;
  dead = false;
  /** What stands in front of the world at every instant: looked at after each write. */
  check: () => void = () => undefined;

  async load(): Promise<EpochState> {
    return structuredClone(this.state);
  }

  async change(change: EpochChange): Promise<void> {
    this.#write(() => {
      const keys = new Map(this.state.keys.map((key) => [key.epoch, key]));
      for (const key of change.keys ?? []) keys.set(key.epoch, key);
      this.state.keys = [...keys.values()].sort((a, b) => b.epoch - a.epoch);
      if (change.rotation) this.state.rotation = change.rotation;
      if (change.schedule !== undefined) this.state.schedule = change.schedule ?? undefined;
    });
  }

  async saveAgents(records: Parameters<EpochStore['saveAgents']>[0]): Promise<void> {
    this.#write(() => {
      const agents = new Map(this.state.agents.map((agent) => [agent.agentId, agent]));
      for (const record of records) agents.set(record.agentId, record);
      this.state.agents = [...agents.values()];
    });
  }

  #write(apply: () => void): void {
    if (this.dead) throw new Killed();
    const at = this.writes++;
    if (at === this.dieAt) this.dead = true;
    if (at === this.dieAt && at % 2 === 0) throw new Killed();
    apply();
    this.check();
    if (this.dead) throw new Killed();
  }
}

let directory: string;
let signer: CollectorSigner;
beforeAll(async () => {
  const ca = await makeCa();
  const certificate = new X509Certificate(ca.pem);
  signer = { privateKey: ca.privateKey, certificate, signingKeyId: keyId(certificate.publicKey) };
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tg-epoch-files-'));
  await makeFirstEpochKey(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const files = () => readdirSync(directory).sort();
const path = (epoch: number) => join(directory, `epoch-${epoch}.key`);

async function startRig(store: MortalStore) {
  const found = await findEpochs({ directory, store, signer: () => signer, nowUs: Date.now() * 1000 });
  const running = startEpochs(found, {
    directory,
    store,
    fleet: { agents: () => AGENTS, agent: (id) => AGENTS.find((agent) => agent.id === id) },
    fleetName: 'test',
    live: () => new Map(),
    useKeys: async () => undefined,
    contradicted: () => undefined,
    nowUs: () => Date.now() * 1000,
    // What a killed collector would have said, nobody hears.
    failed: () => undefined,
  });
  return {
    ...running,
    keys: found.keys,
    confirmAll(epoch: number) {
      const publicKeySha256 = found.keys.publicKeySha256(epoch)!;
      for (const { id } of AGENTS) {
        const confirmed = { epoch, publicKeySha256, confirmedAtUs: Date.now() * 1000, oldestSpooledEpoch: 0 };
        running.agents.confirm(id, confirmed, {});
      }
    },
  };
}

/** Every epoch an agent may have been told of, and has not left, can be opened. */
function expectNothingLost(store: MortalStore) {
  for (const { epoch, state } of store.state.keys) {
    if (state !== 'destroying' && state !== 'destroyed') expect(existsSync(path(epoch)), `epoch ${epoch}`).toBe(true);
    if (state === 'destroyed') expect(existsSync(path(epoch)), `epoch ${epoch}`).toBe(false);
  }
}

describe('a rotation', () => {
  test.each(Array.from({ length: 12 }, (_, write) => write))(
    'killed at write %i ends as if it had not been',
    async (dieAt) => {
      const store = new MortalStore();
      store.check = () => expectNothingLost(store);
      store.dieAt = dieAt;
      for (let run = 0; store.state.rotation?.phase !== 'done'; run++) {
        expect(run).toBeLessThan(4);
        try {
          await using rig = await startRig(store);
          if (!store.state.rotation) await rig.epochs.start({ canaryPermille: 0, compromised: false }, ADMIN);
          rig.confirmAll(rig.ledger.rotation!.epoch);
          await until(() => store.dead || store.state.rotation?.phase === 'done', { limitMs: 5_000, what: 'a step' });
        } catch (error) {
          expect(error).toBeInstanceOf(Killed);
        }
        expectNothingLost(store);
        store.dead = false;
        store.dieAt = Number.POSITIVE_INFINITY;
      }
      const { keys, rotation } = store.state;
      const newest = rotation!.epoch;
      expect(keys.map(({ epoch, state }) => [epoch, state])).toEqual([
        [newest, 'announced'],
        ...Array.from({ length: newest - 1 }, (_, index) => [newest - 1 - index, 'destroyed']),
      ]);
      expect(files()).toEqual([`epoch-${newest}.key`]);
    },
  );
});

describe('what a start finds', () => {
  const record = (epoch: number, state: KemKeyRecord['state'], publicKeySha256 = new Uint8Array(32)): KemKeyRecord => ({
    epoch,
    algorithm: 'ML-KEM-768',
    publicKeySha256,
    state,
    createdAtUs: 1,
    announcedAtUs: 1,
    destroyedAtUs: state === 'destroyed' ? 2 : undefined,
  });
  const states = (store: MortalStore) => store.state.keys.map(({ epoch, state }) => [epoch, state]);
  const find = (store: MortalStore) => findEpochs({ directory, store, signer: () => signer, nowUs: 3 });

  test('of a new fleet: its first epoch, announced', async () => {
    const store = new MortalStore();
    const { keys } = await find(store);
    expect(states(store)).toEqual([[1, 'announced']]);
    expect(keys.has(1)).toBe(true);
  });

  test.each(['destroying', 'destroyed'] as const)('a file of an epoch that is %s is destroyed', async (state) => {
    const store = new MortalStore();
    await find(store);
    await using rig = await startRig(store);
    await rig.epochs.start({ canaryPermille: 0, compromised: false }, ADMIN);
    store.state.keys = store.state.keys.map((key) => (key.epoch === 1 ? { ...key, state } : key));
    const { keys } = await find(store);
    expect(files()).toEqual(['epoch-2.key']);
    expect(states(store)).toEqual([
      [2, 'announced'],
      [1, 'destroyed'],
    ]);
    expect(keys.opening().gone.get(1)).toBe('epoch_destroyed');
  });

  test('a file nobody recorded is opened and not announced; its number is never given again', async () => {
    const store = new MortalStore();
    await find(store);
    writeFileSync(path(5), generateKeyPairSync('ml-kem-768').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await using rig = await startRig(store);
    expect(rig.keys.has(5)).toBe(true);
    expect(rig.epochs.epoch).toBe(1);
    await rig.epochs.start({ canaryPermille: 0, compromised: false }, ADMIN);
    expect(rig.epochs.epoch).toBe(6);
  });

  test('a file that is gone: the epoch counts as destroyed, and where it was announced a newer one is made', async () => {
    const store = new MortalStore();
    await find(store);
    rmSync(path(1));
    const { keys } = await find(store);
    expect(states(store)).toEqual([
      [2, 'announced'],
      [1, 'destroyed'],
    ]);
    expect(keys.has(2)).toBe(true);
  });

  test('another key in the file of an epoch agents seal for: it does not start', async () => {
    const store = new MortalStore();
    store.state.keys = [record(1, 'announced')];
    await expect(find(store)).rejects.toMatchObject({ code: 'key_replaced' });
  });

  test('a compromised epoch stays refused', async () => {
    const store = new MortalStore();
    await find(store);
    await using rig = await startRig(store);
    await rig.epochs.start({ canaryPermille: 0, compromised: true }, ADMIN);
    const { keys } = await find(store);
    expect(keys.opening().gone.get(1)).toBe('epoch_refused');
    expect(keys.has(1)).toBe(false);
  });
});

test('a destroyed key file is overwritten where it lies before its name goes', async () => {
  const held = path(1);
  const before = readFileSync(held);
  const { size } = statSync(held);
  // A second name for the same bytes shows what became of them.
  const witness = join(directory, 'witness');
  const { linkSync } = await import('node:fs');
  linkSync(held, witness);
  await destroyEpochKey(directory, 1);
  expect(existsSync(held)).toBe(false);
  const after = readFileSync(witness);
  expect(after).toHaveLength(size);
  expect(after.equals(before)).toBe(false);
  expect(after.includes('PRIVATE KEY')).toBe(false);
});
