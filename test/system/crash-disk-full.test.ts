import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { CRASH_SECONDS, CrashRig, HANGS_SECONDS, makeSmallStream } from '../support/crash-rig.ts';
import { listens, natsAvailable, startNats } from '../support/nats.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const DISK_MIB = 512;
/** What is left when the disk is filled: some seconds of load. */
const LEFT_MIB = 6;
/** Longer than a group waits for its first retries. */
const FULL_MS = 2_000;
/** All alerts of the test fit, and JetStream takes three quarters of a disk at most. */
const NATS_DISK_MIB = 256;
const NATS_LEFT_MIB = 0.25;

describe.skipIf(!(natsAvailable() && postgresAvailable()))('under load (needs nats-server, postgresql)', () => {
  test(
    'a full disk of the database stops acknowledgements, and room again brings them back, nothing lost or twice',
    async ({ skip }) => {
      using disk = SmallDisk.mount(DISK_MIB);
      if (!disk) return skip('needs the right to mount a tmpfs');
      vi.stubEnv('TMPDIR', disk.directory);
      const postgres = await startPostgres({ flushing: true });
      vi.unstubAllEnvs();
      await using rig = await CrashRig.start({ postgres });
      await rig.untilAcknowledging();
      const endMs = performance.now() + CRASH_SECONDS * 1000;
      do {
        disk.fill(LEFT_MIB);
        const complained = () =>
          rig.collector.log.find((line) => line.msg === 'the store does not answer; agents wait');
        await until(complained, { limitMs: 60_000, what: 'the collector to say that the store does not answer' });
        await setTimeout(FULL_MS);
        const during = rig.acknowledged;
        await setTimeout(FULL_MS);
        expect(rig.acknowledged).toBe(during);

        disk.free();
        // Without room for its log PostgreSQL ends itself; whoever runs it starts it again.
        if (!(await listens(Number(new URL(rig.databaseUrl).port)))) await rig.postgres.restart();
        await rig.untilAcknowledging();
        rig.collector.log.length = 0;
      } while (performance.now() < endMs);
      await rig.settleAndVerify();
    },
    (CRASH_SECONDS + HANGS_SECONDS) * 1000,
  );

  test('a full disk of NATS is said in status and holds up nothing but publishing; restarted with room, it gets every alert once', async ({
    skip,
  }) => {
    using disk = SmallDisk.mount(NATS_DISK_MIB);
    if (!disk) return skip('needs the right to mount a tmpfs');
    const nats = await startNats(disk.directory);
    await makeSmallStream(nats.url, NATS_DISK_MIB / 2);
    await using rig = await CrashRig.start({ nats });
    await rig.untilAcknowledging();
    disk.fill(NATS_LEFT_MIB);
    await until(async () => (await rig.publishState()).includes('JetStream does not answer; if its disk is full'), {
      limitMs: 60_000,
      what: 'status to say that JetStream does not answer',
    });
    await rig.untilAcknowledging();
    disk.free();
    await rig.nats.stop('SIGKILL');
    await rig.nats.restart();
    await rig.settleAndVerify();
    expect(await rig.publishState()).toBe(`connected to ${nats.url}`);
  });
});
