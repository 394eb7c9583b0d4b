// The agent's straight line, made from its end to its beginning and stopped the other way round:
//   sensors -> batcher -> seal -> spool -> uplink
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import {
  activeProvider,
  type KemKey,
  keyId,
  type SensorHealth,
  selectCrypto,
  sha256,
  signEpochConfirmation,
  UNACKNOWLEDGED_ENVELOPES_MAX,
} from '@threatguard/proto';
import type { Logger } from 'pino';
import { Batcher } from './batch/batcher.ts';
import { CheckpointLedger } from './batch/checkpoints.ts';
import { openLossPage } from './batch/loss-file.ts';
import { LossLedger } from './batch/losses.ts';
import { sealIntoSpool } from './batch/seal.ts';
import type { AgentConfig } from './config.ts';
import { Governor } from './governor/governor.ts';
import { yieldToHost } from './governor/precedence.ts';
import { ReleaseChoice, releaseMemory } from './governor/resident.ts';
import { lockHome } from './home-lock.ts';
import { agentVersion, readBootId, readHostFacts } from './host-facts.ts';
import { CertificateKeeper } from './identity/certificate-keeper.ts';
import { readIdentity } from './identity/identity-files.ts';
import { SealingKey } from './identity/sealing-key.ts';
import { planSensors } from './sensors/plan.ts';
import { type RunningSensors, startSensors } from './sensors/start.ts';
import type { ServiceManager } from './service.ts';
import { ContentKeys } from './spool/content-keys.ts';
import { ResealMark } from './spool/reseal-mark.ts';
import { Spool } from './spool/spool.ts';
import { CertificateDuties } from './uplink/certificate-duties.ts';
import { Resealing } from './uplink/reseal.ts';
import { Uplink } from './uplink/uplink.ts';

/** Under which name the ledger of losses keeps its position among the checkpoints. */
const LOSSES = 'losses';

/** How often memory is looked at; a burst of thousands of events takes some 10 MiB in it. */
const RELEASE_EVERY_MS = 5_000;

export interface RunOptions {
  home: string;
  config: AgentConfig;
  log: Logger;
  /** Aborted to stop the agent. */
  stop: AbortSignal;
  /** Who started it and wants to know how it is. */
  service: ServiceManager;
}

/**
 * Runs the agent until `stop`. Throws IdentityError where this host is not enrolled, HomeError where another agent runs, or an error of the file system where
 * the spool cannot be used; after the start nothing but `stop` ends it.
 */
export async function run({ home, config, log, stop, service }: RunOptions): Promise<void> {
  const identity = readIdentity(home);
  await selectCrypto({ provider: config.crypto.provider, profile: identity.profile });
  await using _lock = await lockHome(home);
  const collector = config.collector ?? identity.collector;
  const keeper = new CertificateKeeper({ home, identity, nowMs: Date.now });
  const signer = () => keeper.signer;
  log.info(
    { precedence: await yieldToHost(config.limits.nice), cpuPercentMax: config.limits.cpuPercent },
    'the host comes first',
  );
  using governor = new Governor({ cpuPercent: config.limits.cpuPercent, nowMs: () => performance.now(), cpuMs });
  const page = await openLossPage(home).catch((error: Error) => {
    log.error({ reason: error.message }, 'losses not sent yet would be forgotten at a kill: their file cannot be used');
    return undefined;
  });
  const losses = new LossLedger(page);
  const facts = readHostFacts();
  const sealingKey = new SealingKey({ home, kemKey: identity.kemKey, anchors: () => keeper.anchors });
  const kemKey = () => sealingKey.current;
  let sensors: RunningSensors | undefined;
  const health = () => [...(sensors?.health() ?? []), governor.health()];

  const directory = join(home, 'spool');
  await using spool = Spool.open({
    directory,
    bytesMax: config.spool.bytesMax,
    // The agent, and not its key: that is replaced while the stream goes on.
    owner: sha256(Buffer.from(identity.agentId)),
    formerOwner: keyId(identity.publicKey),
    bootId: readBootId(),
    nowUs,
    lose: (loss) => losses.add(loss),
    onDiskError: sayOnceAMinute((error) => log.error({ reason: error.message }, 'the disk refuses the spool')),
  });
  const contentKeys = ContentKeys.open({ directory, empty: spool.first === spool.end });
  const checkpoints = new CheckpointLedger(spool.checkpoints, () => spool.sync());
  const forgotten = losses.recover(checkpoints.recovered(LOSSES));
  if (forgotten > 0) log.warn({ events: forgotten }, 'an earlier run was killed before it could send or count these');
  checkpoints.register(LOSSES, () => losses.position());
  await using uplink = Uplink.start({
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
    resealing: new Resealing({ spool, signer, contentKeys, mark: new ResealMark(directory), kemKey }),
    confirmation: () =>
      signEpochConfirmation({
        identity: signer(),
        kemKey: kemKey(),
        oldestSpooledEpoch: spool.oldestEpoch,
        nowUs: nowUs(),
      }),
    onKemKey(announced: KemKey) {
      try {
        if (sealingKey.take(announced)) log.info({ epoch: kemKey().epoch }, 'sealing for a new epoch');
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'the announced ML-KEM key is not used; the present one stays');
      }
    },
    log,
    random: Math.random,
  });
  await using batcher = new Batcher({
    ...config.batch,
    losses,
    nowUs,
    admits: (event) => governor.admits(event),
    isBehind: () => spool.end - spool.first > UNACKNOWLEDGED_ENVELOPES_MAX,
    into: (events) =>
      sealIntoSpool({ identity: signer(), kemKey, spool, contentKeys, losses, checkpoints, nowUs }, events),
  });
  const plans = planSensors({
    config: config.sensors,
    home,
    checkpoints,
    pace: () => governor.pace,
    clockOffsetUs: () => uplink.clockOffsetUs,
  });
  await using running = await startSensors(plans, batcher, log, { recovered: () => uplink.sendHeartbeat() });
  sensors = running;
  uplink.sendHeartbeat();
  log.info({ agentId: identity.agentId, name: identity.name, collector }, 'ready');
  service.ready(() => statusLine({ collector, connected: uplink.connected, spooled: spool.end - spool.first, health }));
  using _ = releasingMemory((error) => log.warn({ reason: error.message }, 'memory could not be given back'));
  // The agent runs for months and may be killed; the next start is to find the cache filled.
  flushCompileCache();
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  log.info('stopping');
  service.stopping();
}

/** What `systemctl status` shows. */
function statusLine(now: {
  collector: string;
  connected: boolean;
  spooled: number;
  health: () => SensorHealth[];
}): string {
  const link = now.connected ? `connected to ${now.collector}` : `no connection to ${now.collector}`;
  const impaired = now
    .health()
    .filter(({ state }) => state !== 'running')
    .map(({ sensor, state }) => `${sensor} ${state}`);
  return [link, `${now.spooled} envelopes spooled`, impaired.join(', ') || 'all sensors run'].join('; ');
}

/** What the start or a burst needed is not needed after it. */
function releasingMemory(failed: (error: Error) => void): Disposable {
  const choice = new ReleaseChoice();
  const look = () => {
    if (choice.isDue(process.memoryUsage.rss(), cpuMs())) void releaseMemory(process.execPath).catch(failed);
  };
  const timer = setInterval(look, RELEASE_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** User and system time of all threads of this process. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
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
