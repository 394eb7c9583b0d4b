// A real agent without sensors, in this process: enrolled over the wire, with its identity and spool on disk, and a clock
// that a test sets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostEvent, type KemKey, sha256 } from '@threatguard/proto';
import { pino } from 'pino';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { sealIntoSpool } from '../../agent/src/batch/seal.ts';
import { CertificateKeeper } from '../../agent/src/identity/certificate-keeper.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { openEpochs } from '../../agent/src/sealing-epochs.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { CertificateDuties } from '../../agent/src/uplink/certificate-duties.ts';
import { Uplink } from '../../agent/src/uplink/uplink.ts';

export interface LivingAgentParts {
  home: string;
  collector: string;
  nowMs: () => number;
  machineId?: string;
  bootId?: string;
}

export class LivingAgent implements AsyncDisposable {
  readonly keeper: CertificateKeeper;
  readonly spool: Spool;
  readonly agentId: string;
  readonly log: Record<string, unknown>[] = [];
  readonly #seal: (events: HostEvent[]) => void;
  readonly #connect: () => Uplink;
  #uplink: Uplink | undefined;

  /** Reads the identity in `home`; connects when told to. */
  constructor(parts: LivingAgentParts) {
    const { home, collector, nowMs, machineId = '', bootId = '' } = parts;
    const identity = readIdentity(home);
    this.agentId = identity.agentId;
    const keeper = new CertificateKeeper({ home, identity, nowMs });
    this.keeper = keeper;
    const log = pino({ level: 'info' }, { write: (line: string) => void this.log.push(JSON.parse(line)) });
    const nowUs = () => nowMs() * 1000;
    const losses = new LossLedger();
    const directory = join(home, 'spool');
    const spool = Spool.open({
      directory,
      bytesMax: 1 << 26,
      owner: sha256(Buffer.from(identity.agentId)),
      bootId: Buffer.alloc(16, 1),
      nowUs,
      lose: (loss) => losses.add(loss),
    });
    this.spool = spool;
    const checkpoints = new CheckpointLedger(spool.checkpoints);
    const signer = () => keeper.signer;
    const anchors = () => keeper.anchors;
    const epochs = openEpochs({ home, directory, kemKey: identity.kemKey, anchors, signer, spool, nowUs });
    const { sealingKey, kemKey, contentKeys, resealing, confirmation } = epochs;
    this.#seal = (events) =>
      sealIntoSpool({ identity: signer(), kemKey, spool, contentKeys, losses, checkpoints, nowUs }, events);
    this.#connect = () =>
      Uplink.start({
        collector,
        identity: keeper.tls,
        certificates: new CertificateDuties({ keeper, collector, host: { machineId, bootId }, nowMs, log }),
        spool,
        hello: () => ({ hostName: 'living', sentAtUs: nowUs(), machineId, bootId }),
        heartbeat: () => ({ sentAtUs: nowUs(), spooledEnvelopes: spool.end - spool.first }),
        onKemKey: (announced: KemKey) => void sealingKey.take(announced),
        confirmation,
        resealing,
        log,
        random: () => 0,
      });
  }

  /** Enrols with a token in a new home, which the caller removes. */
  static async enrol(parts: {
    collector: string;
    token: string;
    name: string;
    machineId?: string;
    bootId?: string;
  }): Promise<string> {
    const home = mkdtempSync(join(tmpdir(), 'threatguard-living-'));
    try {
      await enrol({ ...parts, home, machineId: parts.machineId ?? '', force: false });
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
    return home;
  }

  connect(): void {
    this.#uplink ??= this.#connect();
  }

  get connected(): boolean {
    return this.#uplink?.connected ?? false;
  }

  beat(): void {
    this.#uplink?.sendHeartbeat();
  }

  seal(events: HostEvent[]): void {
    this.#seal(events);
  }

  get drained(): boolean {
    return this.spool.first === this.spool.end;
  }

  async disconnect(): Promise<void> {
    await this.#uplink?.[Symbol.asyncDispose]();
    this.#uplink = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
    await this.spool[Symbol.asyncDispose]();
  }
}
