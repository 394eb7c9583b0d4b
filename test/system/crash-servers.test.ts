import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CRASH_SECONDS, CRASH_SEED, CrashRig, HANGS_SECONDS } from '../support/crash-rig.ts';
import { natsAvailable } from '../support/nats.ts';
import { postgresAvailable } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded-random.ts';

/** Between two faults, at random up to this. */
const CALM_MS_MAX = 1_500;
/** In the long form a minute and ten. */
const DATABASE_GONE_MS = Math.min(2_000 + CRASH_SECONDS * 100, 60_000);
const NATS_GONE_MS = Math.min(1_000 + CRASH_SECONDS * 1_000, 600_000);

type Fault = (rig: CrashRig, random: () => number) => Promise<void>;

const FAULTS: Record<string, Fault> = {
  'kill -9 of the collector': async (rig) => {
    await rig.collector.stop('SIGKILL');
    await rig.startCollector();
  },
  'kill -9 of a process of PostgreSQL that serves the collector, then of the postmaster': async (rig, random) => {
    await rig.killBackend(random);
    await rig.untilAcknowledging();
    await rig.postgres.stop('SIGKILL');
    await rig.postgres.restart();
  },
  'PostgreSQL ended as by a crash and gone for a while': async (rig) => {
    await rig.postgres.stop('SIGQUIT');
    await setTimeout(DATABASE_GONE_MS);
    await rig.postgres.restart();
  },
  'kill -9 of nats-server and gone for a while': async (rig) => {
    await rig.nats.stop('SIGKILL');
    await setTimeout(NATS_GONE_MS);
    await rig.nats.restart();
  },
  'kill -9 of the collector while PostgreSQL and NATS are gone': async (rig) => {
    await Promise.all([rig.postgres.stop('SIGQUIT'), rig.nats.stop('SIGKILL')]);
    await rig.collector.stop('SIGKILL');
    await Promise.all([rig.postgres.restart(), rig.nats.restart()]);
    await rig.startCollector();
  },
};

const available = natsAvailable() && postgresAvailable();

describe.skipIf(!available)(
  `under load, at random moments of seed ${CRASH_SEED} (needs nats-server, postgresql)`,
  () => {
    test.concurrent.each(Object.entries(FAULTS))(
      '%s: every acknowledged envelope is stored once, every alert published once',
      async (name, fault) => {
        const random = seededRandom(CRASH_SEED);
        await using rig = await CrashRig.start();
        await rig.untilAcknowledging();
        const endMs = performance.now() + CRASH_SECONDS * 1000;
        let faults = 0;
        do {
          await setTimeout(random() * CALM_MS_MAX);
          await fault(rig, random);
          faults++;
          await rig.untilAcknowledging();
        } while (performance.now() < endMs);
        console.log(`${name}: ${faults} times, ${rig.acknowledged} envelopes acknowledged, seed ${CRASH_SEED}`);
        await rig.settleAndVerify();
        expect(rig.facts.length).toBeGreaterThan(0);
      },
      (CRASH_SECONDS + HANGS_SECONDS) * 1000 + NATS_GONE_MS,
    );
  },
);
