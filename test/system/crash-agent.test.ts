// A real agent on a small disk, a real collector on real servers: lines written = events stored + losses counted, whatever was
// killed and however full the disk was.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { consoleIdentityOf } from '../support/agent-identity.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { freePort } from '../support/child-server.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from '../support/collector.ts';
import { CRASH_SECONDS, CRASH_SEED, expectPublishedOnce, HANGS_SECONDS } from '../support/crash-rig.ts';
import { type NatsServer, natsAvailable, startNats } from '../support/nats.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const LINES_EVERY_MS = 20;
const LINES_AT_ONCE = 5;
const CALM_MS_MAX = 1_500;
/** The agent alone, and both. */
const KILLS_MIN = 2;
const SETTLE_MS_MAX = 40_000;
/** Some fifty envelopes a second, of 5 KiB or more, fill what is left in a second. */
const FULL_MS_MAX = 20_000;
const DISK_MIB = 48;
const LEFT_MIB = 0.125;

describe.skipIf(!(natsAvailable() && postgresAvailable()))(
  `an agent under load, at random moments of seed ${CRASH_SEED} (needs nats-server, postgresql)`,
  () => {
    let stack: AsyncDisposableStack;
    let postgres: PostgresServer;
    let nats: NatsServer;
    let database: Database;
    let collectorHome: string;
    let environment: Record<string, string>;
    let collector: CollectorProcess;
    let log: string;
    let users: string[];

    beforeEach(async () => {
      stack = new AsyncDisposableStack();
      postgres = stack.use(await startPostgres({ flushing: true }));
      nats = stack.use(await startNats());
      collectorHome = await initTestHome();
      stack.defer(() => rmSync(collectorHome, { recursive: true, force: true }));
      const url = postgres.createDatabase();
      const listen = `127.0.0.1:${await freePort()}`;
      environment = {
        THREATGUARD_LISTEN: listen,
        THREATGUARD_DATABASE_URL: url,
        THREATGUARD_NATS_URL: nats.url,
      };
      database = stack.use(openDatabase({ url, directory: '' }));
      await startCollector();
      stack.defer(async () => void (await collector.stop('SIGKILL')));
      const directory = mkdtempSync(join(tmpdir(), 'threatguard-crash-agent-'));
      stack.defer(() => rmSync(directory, { recursive: true, force: true }));
      log = join(directory, 'auth.log');
      writeFileSync(log, '');
      users = [];
    });

    afterEach(() => stack.disposeAsync());

    async function startCollector(): Promise<void> {
      collector = await CollectorProcess.start(collectorHome, environment);
    }

    async function enrolAgent(home: string): Promise<void> {
      using client = new ConsoleClient(collector.address, consoleIdentityOf(collectorHome));
      const { token } = await client.createToken();
      await AgentProcess.enrol({ home, log, collector: collector.address, token: token! });
    }

    function write(lines: number): void {
      const time = new Date().toISOString();
      let text = '';
      for (let line = 0; line < lines; line++) {
        const user = `fact${users.length}`;
        users.push(user);
        text += `${time} host sudo: ${user} : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\n`;
      }
      appendFileSync(log, text);
    }

    const count = async (sql: string) => Number((await database.query(`select (${sql})::bigint as n`))[0]?.n ?? 0);
    const stored = () => count("select count(*) from events where user_name like 'fact%'");
    const lost = () => count('select coalesce(sum(count), 0) from losses');

    /** Everything arrived or was counted, nothing is there twice, and what arrived raised one alert each. */
    async function verify(): Promise<{ stored: number; lost: number }> {
      await until(async () => (await stored()) + (await lost()) >= users.length, {
        limitMs: SETTLE_MS_MAX,
        what: () =>
          `${users.length} lines to arrive or be counted; the collector said ${JSON.stringify(collector.log.slice(-5))}`,
      });
      const found = { stored: await stored(), lost: await lost() };
      expect(found.stored + found.lost).toBe(users.length);
      const names = (await database.query("select user_name from events where user_name like 'fact%'")).map(
        (row) => row.user_name,
      );
      expect(new Set(names).size).toBe(names.length);
      expect(names.filter((name) => !users.includes(name))).toEqual([]);
      const said = () => JSON.stringify(collector.log.slice(-5));
      await expectPublishedOnce({ database, natsUrl: nats.url, said });
      const raised = await database.query("select entity, count from alerts where entity like '%fact%'");
      const alerted = raised.map((row) => /fact\d+/.exec(row.entity)?.[0]);
      expect(alerted.toSorted()).toEqual(names.toSorted());
      expect(raised.filter((row) => row.count !== 1)).toEqual([]);
      return found;
    }

    test(
      'kill -9 of the agent, every third time of the collector too: every line is stored once',
      async () => {
        const random = seededRandom(CRASH_SEED);
        const home = join(mkdtempSync(join(tmpdir(), 'threatguard-crash-home-')), 'agent');
        stack.defer(() => rmSync(join(home, '..'), { recursive: true, force: true }));
        await enrolAgent(home);
        let agent = await AgentProcess.start(home);
        stack.defer(() => agent.stop('SIGKILL'));
        const writer = setInterval(() => write(LINES_AT_ONCE), LINES_EVERY_MS);
        let kills = 0;
        try {
          const endMs = performance.now() + CRASH_SECONDS * 1000;
          do {
            await setTimeout(random() * CALM_MS_MAX);
            if (kills % 3 === 1) {
              await Promise.all([agent.stop('SIGKILL'), collector.stop('SIGKILL')]);
              await startCollector();
            } else await agent.stop('SIGKILL');
            agent = await AgentProcess.start(home);
            kills++;
          } while (kills < KILLS_MIN || performance.now() < endMs);
        } finally {
          clearInterval(writer);
        }
        expect((await verify()).lost).toBe(0);
        console.log(`${kills} kills, ${users.length} lines, seed ${CRASH_SEED}`);
      },
      (CRASH_SECONDS + HANGS_SECONDS) * 1000,
    );

    test('a full disk under its spool: what it could not keep is counted, and the rest is stored once', async ({
      skip,
    }) => {
      const disk = SmallDisk.mount(DISK_MIB);
      if (!disk) return skip('needs the right to mount a tmpfs');
      stack.use(disk);
      const home = join(disk.directory, 'agent');
      await enrolAgent(home);
      const agent = await AgentProcess.start(home);
      stack.defer(() => agent.stop('SIGKILL'));
      write(LINES_AT_ONCE);
      await until(async () => (await stored()) === LINES_AT_ONCE, { limitMs: SETTLE_MS_MAX, what: 'the first lines' });

      await collector.stop('SIGKILL');
      disk.fill(LEFT_MIB);
      const writer = setInterval(() => write(LINES_AT_ONCE), LINES_EVERY_MS);
      await agent.said('the disk refuses the spool', FULL_MS_MAX).finally(() => clearInterval(writer));
      disk.free();
      write(LINES_AT_ONCE);
      await startCollector();
      const found = await verify();
      expect(found.lost).toBeGreaterThan(0);
      expect(found.stored).toBeGreaterThan(LINES_AT_ONCE);
      console.log(`${users.length} lines: ${found.stored} stored, ${found.lost} counted as lost`);
    });
  },
);
