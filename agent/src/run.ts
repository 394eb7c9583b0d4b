// The agent's straight line, made from its end to its beginning and stopped the other way round:
//   sensors -> batcher -> seal -> spool -> uplink (these three: sending.ts)
import { flushCompileCache } from 'node:module';
import { type SensorHealth, selectCrypto, UNACKNOWLEDGED_ENVELOPES_MAX } from '@threatguard/proto';
import type { Logger } from 'pino';
import { Batcher } from './batch/batcher.ts';
import type { AgentConfig } from './config.ts';
import { Governor } from './governor/governor.ts';
import { yieldToHost } from './governor/precedence.ts';
import { ReleaseChoice, releaseMemory } from './governor/resident.ts';
import { lockHome } from './home-lock.ts';
import { readBootId, readHostFacts } from './host-facts.ts';
import { readIdentity } from './identity/identity-files.ts';
import { openSending } from './sending.ts';
import { planSensors } from './sensors/plan.ts';
import { type RunningSensors, startSensors } from './sensors/start.ts';
import type { ServiceManager } from './service.ts';

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
  log.info(
    { precedence: await yieldToHost(config.limits.nice), cpuPercentMax: config.limits.cpuPercent },
    'the host comes first',
  );
  using governor = new Governor({ cpuPercent: config.limits.cpuPercent, nowMs: () => performance.now(), cpuMs });
  let sensors: RunningSensors | undefined;
  const health = () => [...(sensors?.health() ?? []), governor.health()];
  await using sending = await openSending({
    home,
    identity,
    collector,
    facts: readHostFacts(),
    bootId: readBootId(),
    spoolBytesMax: config.spool.bytesMax,
    health,
    log,
  });
  const { spool, uplink, checkpoints, losses } = sending;
  await using batcher = new Batcher({
    ...config.batch,
    losses,
    nowUs,
    admits: (event) => governor.admits(event),
    isBehind: () => spool.end - spool.first > UNACKNOWLEDGED_ENVELOPES_MAX,
    into: sending.seal,
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
