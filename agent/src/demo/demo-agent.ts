// One agent of the demo: everything a real one has from the spool on, and instead of sensors somebody who tells it what
// happened. Its host is invented; its identity, signatures, envelopes and stream are not.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { activeProvider, type HostEvent, type KemKey, sha256, signEpochConfirmation } from '@threatguard/proto';
import type { Logger } from 'pino';
import { CheckpointLedger } from '../batch/checkpoints.ts';
import { LossLedger } from '../batch/losses.ts';
import { sealIntoSpool } from '../batch/seal.ts';
import { agentVersion } from '../host-facts.ts';
import { CertificateKeeper } from '../identity/certificate-keeper.ts';
import { readIdentity } from '../identity/identity-files.ts';
import { SealingKey } from '../identity/sealing-key.ts';
import { ContentKeys } from '../spool/content-keys.ts';
import { ResealMark } from '../spool/reseal-mark.ts';
import { Spool } from '../spool/spool.ts';
import { CertificateDuties } from '../uplink/certificate-duties.ts';
import { Resealing } from '../uplink/reseal.ts';
import { Uplink } from '../uplink/uplink.ts';
import type { DemoHost } from './cast.ts';

const SPOOL_BYTES_MAX = 64 * 1024 * 1024;
/** How often it is looked whether all was acknowledged. */
const LOOK_MS = 3;
const SENSORS = [
  ['auth', 'journald'],
  ['process', 'ebpf'],
  ['network', 'ebpf'],
  ['file', 'inotify'],
  ['host', 'proc'],
] as const;

export class DemoAgent implements AsyncDisposable {
  readonly #spool: Spool;
  readonly #uplink: Uplink;
  readonly #seal: (events: HostEvent[]) => void;

  private constructor(parts: { spool: Spool; uplink: Uplink; seal: (events: HostEvent[]) => void }) {
    this.#spool = parts.spool;
    this.#uplink = parts.uplink;
    this.#seal = parts.seal;
  }

  /** Opens an agent that is enrolled in `home`, and connects. */
  static open(parts: { home: string; host: DemoHost; collector: string; log: Logger }): DemoAgent {
    const { home, host, collector, log } = parts;
    const identity = readIdentity(home);
    const keeper = new CertificateKeeper({ home, identity, nowMs: Date.now });
    const sealingKey = new SealingKey({ home, kemKey: identity.kemKey, anchors: () => keeper.anchors });
    const kemKey = () => sealingKey.current;
    const signer = () => keeper.signer;
    const losses = new LossLedger();
    const directory = join(home, 'spool');
    const facts = { hostName: host.name, ...inventedMarks(host), os: host.os, kernel: host.kernel };
    const spool = Spool.open({
      directory,
      bytesMax: SPOOL_BYTES_MAX,
      owner: sha256(Buffer.from(identity.agentId)),
      // An invented host is never booted again: its stream goes on.
      bootId: Buffer.from(facts.bootId, 'hex'),
      nowUs,
      lose: (loss) => losses.add(loss),
      onDiskError: (error) => log.error({ reason: error.message }, 'the disk refuses the spool'),
    });
    const contentKeys = ContentKeys.open({ directory, empty: spool.first === spool.end });
    const checkpoints = new CheckpointLedger(spool.checkpoints, () => spool.sync());
    let sent = 0;
    const sensors = () =>
      SENSORS.map(([sensor, source]) => ({ sensor, source, state: 'running', detail: 'demo: invented', events: sent }));
    const uplink = Uplink.start({
      collector,
      identity: keeper.tls,
      certificates: new CertificateDuties({ keeper, collector, host: facts, nowMs: Date.now, log }),
      spool,
      hello: () => ({
        agentVersion: agentVersion(),
        ...facts,
        sentAtUs: nowUs(),
        sensors: sensors(),
        cryptoProvider: activeProvider().name,
      }),
      heartbeat: () => ({
        sentAtUs: nowUs(),
        spooledBytes: spool.pendingBytes,
        spooledEnvelopes: spool.end - spool.first,
        sensors: sensors(),
        sealingEpoch: kemKey().epoch,
        oldestSpooledEpoch: spool.oldestEpoch,
      }),
      resealing: new Resealing({ spool, signer, contentKeys, mark: new ResealMark(directory), kemKey }),
      confirmation: () =>
        signEpochConfirmation({
          identity: signer(),
          kemKey: kemKey(),
          oldestSpooledEpoch: spool.oldestEpoch,
          nowUs: nowUs(),
        }),
      onKemKey: (announced: KemKey) => {
        if (sealingKey.take(announced)) log.info({ epoch: kemKey().epoch }, 'sealing for a new epoch');
      },
      log,
      random: Math.random,
    });
    const seal = (events: HostEvent[]) => {
      sent += events.length;
      sealIntoSpool({ identity: signer(), kemKey, spool, contentKeys, losses, checkpoints, nowUs }, events);
    };
    return new DemoAgent({ spool, uplink, seal });
  }

  /** Envelopes it ever sealed: what it goes on after. */
  get sequence(): number {
    return this.#spool.position.sequence;
  }

  /** Seals these as one envelope and hands it to the uplink. */
  send(events: HostEvent[]): void {
    this.#seal(events);
  }

  /** Resolves when the collector has committed all that was sent. */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.#spool.first < this.#spool.end) await wait(LOOK_MS, undefined, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#uplink[Symbol.asyncDispose]();
    await this.#spool[Symbol.asyncDispose]();
  }
}

/** Marks no other host has, and which stay the same. */
export function inventedMarks({ name }: DemoHost): { machineId: string; bootId: string } {
  const hex = (what: string) =>
    createHash('sha256').update(`threatguard demo ${what} ${name}`).digest('hex').slice(0, 32);
  return { machineId: hex('machine'), bootId: hex('boot') };
}

function nowUs(): number {
  return Date.now() * 1000;
}
