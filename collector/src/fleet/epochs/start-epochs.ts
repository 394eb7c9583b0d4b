// Epochs, put together: files and records brought to one truth, then what keeps them going.
import type { EpochStore } from '../../store/epoch-store.ts';
import type { CollectorSigner } from '../collector-identity.ts';
import { adoptEpochs } from './adopt-epochs.ts';
import { AgentEpochs, type AgentEpochsParts } from './agent-epochs.ts';
import { Announcer, type Hearer } from './announcer.ts';
import { EpochLedger } from './epoch-ledger.ts';
import { Epochs, type EpochsParts } from './epochs.ts';
import { FleetProofs, type FleetProofsParts } from './fleet-proofs.ts';
import { KemKeys, type OpeningKeys } from './kem-keys.ts';

/** What was found, before anybody can be told of it. */
export interface FoundEpochs {
  keys: KemKeys;
  state: Awaited<ReturnType<EpochStore['load']>>;
}

/** The keys of a collector that starts; what an earlier run did not finish is finished. */
export async function findEpochs(parts: {
  directory: string;
  store: EpochStore;
  signer: () => CollectorSigner;
  nowUs: number;
}): Promise<FoundEpochs> {
  const keys = new KemKeys(parts.signer);
  const state = await parts.store.load();
  return { keys, state: { ...state, keys: await adoptEpochs({ ...parts, state, keys }) } };
}

export interface RunningEpochs extends AsyncDisposable {
  epochs: Epochs;
  ledger: EpochLedger;
  proofs: FleetProofs;
  agents: AgentEpochs;
  announcer: Announcer;
}

export function startEpochs(
  { keys, state }: FoundEpochs,
  parts: Pick<EpochsParts, 'directory' | 'fleetName' | 'nowUs' | 'failed'> &
    Pick<FleetProofsParts, 'fleet'> &
    Pick<AgentEpochsParts, 'contradicted'> & {
      store: EpochStore;
      live: () => ReadonlyMap<string, Hearer>;
      useKeys: (keys: OpeningKeys) => Promise<void>;
    },
): RunningEpochs {
  const announcer = new Announcer(parts);
  const agents = new AgentEpochs(state.agents, {
    ...parts,
    publicKeySha256: (epoch) => keys.publicKeySha256(epoch),
    changed: () => epochs.wake(),
  });
  const ledger = new EpochLedger(state, parts);
  const proofs = new FleetProofs({ ...parts, agents, announcer });
  const epochs: Epochs = new Epochs({ ...parts, ledger, proofs, keys, agents, announcer });
  return {
    epochs,
    ledger,
    proofs,
    agents,
    announcer,
    [Symbol.asyncDispose]: async () => {
      await agents[Symbol.asyncDispose]();
      await epochs[Symbol.asyncDispose]();
    },
  };
}
