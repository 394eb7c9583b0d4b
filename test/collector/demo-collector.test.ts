import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostNamed } from '../../agent/src/demo/cast.ts';
import { DemoAgent, inventedMarks } from '../../agent/src/demo/demo-agent.ts';
import { miner } from '../../agent/src/demo/stories/others.ts';
import { tellStory } from '../../agent/src/demo/week.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { DemoClock } from '../../collector/src/demo-clock.ts';
import { demoConfig } from '../../collector/src/initial-config.ts';
import { TestCollector } from '../support/collector.ts';

const DAY_US = 86_400_000_000;

describe('the clock of a demonstration', () => {
  it('is that of the newest event while a week is replayed, and the present before and after', () => {
    const nowUs = 100 * DAY_US;
    const clock = new DemoClock(() => nowUs);
    expect(clock.nowUs()).toBe(nowUs);
    clock.see(93 * DAY_US);
    expect(clock.nowUs()).toBe(93 * DAY_US);
    clock.see(92 * DAY_US);
    expect(clock.nowUs()).toBe(93 * DAY_US);
    clock.see(nowUs - 1e6);
    expect(clock.nowUs()).toBe(nowUs);
    clock.see(nowUs + 1e6);
    expect(clock.nowUs()).toBe(nowUs);
  });
});

describe('a collector for demonstrations', () => {
  let collector: TestCollector;
  let homes: string;
  const options = async (of: TestCollector, name: string) => ({
    home: join(homes, name),
    collector: of.address,
    token: (await of.console.createToken()).token!,
    name,
    machineId: name,
    force: false,
  });

  beforeAll(async () => {
    homes = mkdtempSync(join(tmpdir(), 'threatguard-demo-'));
    collector = await TestCollector.start({ config: 'demo: true' });
  });
  afterAll(async () => {
    await collector[Symbol.asyncDispose]();
    rmSync(homes, { recursive: true, force: true });
  });

  it('is made by a configuration that says so', () => {
    const config = readCollectorConfig({ file: 'x', text: demoConfig('127.0.0.1:7443'), environment: {} });
    expect(config).toMatchObject({ demo: true, fleet: { name: 'DEMO' }, http: { listen: 'off' } });
    expect(readCollectorConfig({ file: 'x', text: '', environment: {} }).demo).toBe(false);
  });

  it('takes no real host, and says of itself what it is', async () => {
    await expect(enrol(await options(collector, 'web-1'))).rejects.toThrow(
      /for demonstrations, and takes no real host/,
    );
    expect(await collector.console.status()).toMatchObject({ demo: true, agentsEnrolled: 0 });
  });

  it('judges what was replayed by its own time, and labels it', async () => {
    const host = hostNamed('demo-build-1');
    const { home, ...enrolment } = await options(collector, host.name);
    await enrol({ ...enrolment, home, ...inventedMarks(host), demo: true });
    const log = pino({ level: 'silent' });
    await using agent = await DemoAgent.open({ home, host, collector: collector.address, log });
    const atUs = Date.now() * 1000 - 5 * DAY_US;
    // One alert each, where they would fold into one if both were of now.
    for (const storyUs of [atUs, atUs + DAY_US]) {
      agent.send(tellStory(miner, 1, storyUs).map(({ event }) => event));
      await agent.settled(AbortSignal.timeout(20_000));
    }
    const { alerts = [] } = await collector.console.alerts({});
    const mined = alerts!.filter(({ title }) => title === 'Crypto miner');
    expect(mined).toHaveLength(2);
    for (const { raisedAtUs, values } of alerts!) {
      expect(raisedAtUs).toBeLessThan(atUs + 2 * DAY_US);
      expect(values).toMatchObject({ 'labels.demo': 'true' });
    }
    expect(agent.sequence).toBe(2);
  });

  it('and one for real hosts takes none that were invented', async () => {
    await using real = await TestCollector.start();
    const invented = { ...(await options(real, 'demo-web-9')), demo: true };
    await expect(enrol(invented)).rejects.toThrow(/watches real hosts, and takes none of a demonstration/);
    expect(await real.console.status()).toMatchObject({ demo: false, agentsEnrolled: 0 });
  });
});
