// The end of the agent's line, for whoever has events to tell:
//   seal -> spool -> uplink
import { join } from 'node:path';
import { activeProvider, type HostEvent, type KemKey, keyId, type SensorHealth, sha256 } from '@threatguard/proto';
import type { Logger } from 'pino';
import { CheckpointLedger } from './batch/checkpoints.ts';
import { openLossPage } from './batch/loss-file.ts';
import { LossLedger } from './batch/losses.ts';
import { sealIntoSpool } from './batch/seal.ts';
import { agentVersion, type HostFacts } from './host-facts.ts';
import { CertificateKeeper } from './identity/certificate-keeper.ts';
import type { Identity } from './identity/identity-files.ts';
import { openEpochs } from './sealing-epochs.ts';
import { Spool } from './spool/spool.ts';
import { CertificateDuties } from './uplink/certificate-duties.ts';
import { Uplink } from './uplink/uplink.ts';

/** Under which name the ledger of losses keeps its position among the checkpoints. */
const LOSSES = 'losses';

export interface SendingOptions {
  home: string;
  /** Of the agent that is enrolled in `home`. */
  identity: Identity;
  /** HOST:PORT */
  collector: string;
  facts: HostFacts;
  /** The host's boot, 16 bytes. */
  bootId: Uint8Array;
  spoolBytesMax: number;
  /** How the sources of the events are; asked whenever the collector is told. */
  health: () => SensorHealth[];
  log: Logger;
}

/** What of it others need; leaving it gives the collector a moment, and keeps in the spool what it has not acknowledged. */
export interface Sending extends AsyncDisposable {
  spool: Spool;
  uplink: Uplink;
  /** Where sources of events leave how far they have read. */
  checkpoints: CheckpointLedger;
  /** Where is counted what cannot be sent. */
  losses: LossLedger;
  /** Seals a batch as one envelope, and leaves it to the uplink. */
  seal: (events: HostEvent[]) => void;
}

/**
 * Opens the spool in `home` and begins to connect. Throws an error of the file system where the spool cannot be used; after
 * that nothing ends it but its owner.
 */
export async function openSending(options: SendingOptions): Promise<Sending> {
  await using parts = new AsyncDisposableStack();
  const { home, identity, collector, facts, health, log } = options;
  const directory = join(home, 'spool');
  const page = await openLossPage(home).catch((error: Error) => {
    log.error({ reason: error.message }, 'losses not sent yet would be forgotten at a kill: their file cannot be used');
    return undefined;
  });
  const losses = new LossLedger(page);
  const keeper = new CertificateKeeper({ home, identity, nowMs: Date.now });
  const signer = () => keeper.signer;
  const spool = parts.use(
    Spool.open({
      directory,
      bytesMax: options.spoolBytesMax,
      // The agent, and not its key: that is replaced while the stream goes on.
      owner: sha256(Buffer.from(identity.agentId)),
      formerOwner: keyId(identity.publicKey),
      bootId: options.bootId,
      nowUs,
      lose: (loss) => losses.add(loss),
      onDiskError: sayOnceAMinute((error) => log.error({ reason: error.message }, 'the disk refuses the spool')),
    }),
  );
  const anchors = () => keeper.anchors;
  const epochs = openEpochs({ home, directory, kemKey: identity.kemKey, anchors, signer, spool, nowUs });
  const { kemKey, contentKeys, resealing, confirmation } = epochs;
  const checkpoints = new CheckpointLedger(spool.checkpoints, () => spool.sync());
  const forgotten = losses.recover(checkpoints.recovered(LOSSES));
  if (forgotten > 0) log.warn({ events: forgotten }, 'an earlier run was killed before it could send or count these');
  checkpoints.register(LOSSES, () => losses.position());
  const uplink = parts.use(
    Uplink.start({
      collector,
      identity: keeper.tls,
      certificates: new CertificateDuties({ keeper, collector, host: facts, nowMs: Date.now, log }),
      spool,
      hello: () => ({
        agentVersion: agentVersion(),
        ...facts,
        sentAtUs: nowUs(),
        sensors: health(),
        cryptoProvider: activeProvider().name,
      }),
      heartbeat: () => ({
        sentAtUs: nowUs(),
        spooledBytes: spool.pendingBytes,
        spooledEnvelopes: spool.end - spool.first,
        sensors: health(),
        sealingEpoch: kemKey().epoch,
        oldestSpooledEpoch: spool.oldestEpoch,
      }),
      resealing,
      confirmation,
      onKemKey(announced: KemKey) {
        try {
          if (epochs.sealingKey.take(announced)) log.info({ epoch: kemKey().epoch }, 'sealing for a new epoch');
        } catch (error) {
          log.error(
            { reason: (error as Error).message },
            'the announced ML-KEM key is not used; the present one stays',
          );
        }
      },
      log,
      random: Math.random,
    }),
  );
  const seal = (events: HostEvent[]) =>
    sealIntoSpool({ identity: signer(), kemKey, spool, contentKeys, losses, checkpoints, nowUs }, events);
  const held = parts.move();
  return { spool, uplink, checkpoints, losses, seal, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function nowUs(): number {
  return Date.now() * 1000;
}

/** A full disk refuses every second; the log it goes to may be on the same disk. */
function sayOnceAMinute(say: (error: Error) => void): (error: Error) => void {
  let saidAtMs = -Infinity;
  return (error) => {
    if (performance.now() - saidAtMs < 60_000) return;
    saidAtMs = performance.now();
    say(error);
  };
}
