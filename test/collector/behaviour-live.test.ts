import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ordinaryHours, sent } from '../support/behaviour-events.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';

const HOUR_US = 3_600_000_000;
const HOURS = 60;
const CONFIG = 'models:\n  learning_days: 1\n  alerts_per_host_day: 0.5\n';
/** Events may be as old as they like; the last hour begins now. */
const NOW_US = Math.floor((Date.now() * 1000) / HOUR_US) * HOUR_US;
const FROM_US = NOW_US - HOURS * HOUR_US;

let home: string;
let collector: TestCollector;
const agents: SealingAgent[] = [];

beforeAll(async () => {
  home = await initTestHome();
  collector = await TestCollector.start({ home, config: CONFIG });
  for (let host = 0; host < 8; host++) {
    const identity = await collector.enrol(`desk-${host}`);
    agents.push(await SealingAgent.connect({ address: collector.address, identity }));
  }
});

afterAll(async () => {
  for (const agent of agents) agent.close();
  await collector?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const modelAlerts = async () =>
  ((await collector.console.alerts({ limit: 100 })).alerts ?? []).filter(({ ruleId }) => ruleId!.startsWith('model/'));

describe('models of behaviour in a collector', () => {
  it('say that they are learning, and nothing else, while they are', async () => {
    await agents[0]!.send(ordinaryHours({ user: 'user0', fromUs: FROM_US, hours: 12 }));
    await agents[0]!.send([
      sent({ user: 'user0', image: '/usr/bin/git', atUs: FROM_US + 12 * HOUR_US, bytesOut: 9e8, to: '203.0.113.9' }),
    ]);
    expect((await collector.console.status()).notices).toContainEqual(
      expect.stringMatching(/models are learning, 0 of 1 days/),
    );
    expect(await modelAlerts()).toEqual([]);
  });

  it('say nothing of ordinary hours once they know them', async () => {
    for (let hour = 13; hour < HOURS; hour += 10) {
      for (const [host, agent] of agents.entries()) {
        const hours = Math.min(10, HOURS - hour);
        await agent.send(ordinaryHours({ user: `user${host}`, fromUs: FROM_US + hour * HOUR_US, hours }));
      }
    }
    expect((await collector.console.status()).notices?.join()).not.toMatch(/learning/);
    expect(await modelAlerts()).toEqual([]);
  });

  it('raise an alert for an hour that is not, with its reason as data and in words', async () => {
    await agents[3]!.send([
      sent({ user: 'user3', image: '/usr/bin/curl', atUs: NOW_US + 1e6, bytesOut: 43e6, to: '203.0.113.9' }),
    ]);
    const [alert, ...others] = await modelAlerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      title: expect.stringMatching(/^Unusual behaviour of a/),
      agentName: expect.any(String),
    });
    expect(alert!.reason).toMatch(/^43 MB out at \d\d:\d\d UTC; usual at this hour .*; seen 0 times in \d days/);
    expect(alert!.tactics).toContain('exfiltration');
    const [feature] = alert!.modelReason!.features!;
    expect(feature).toMatchObject({ feature: 'bytes_out', unit: 'bytes', observed: 43e6, timesSeen: 0 });
    expect(feature!.usualHigh!).toBeLessThan(1e6);
    expect(feature!.sentence).toBe(alert!.reason!.split('; ').slice(0, 3).join('; '));
    expect(alert!.modelReason!.score!).toBeGreaterThan(alert!.modelReason!.threshold!);
  });

  it('know after a restart what they knew, and do not say it twice', async () => {
    const before = await modelAlerts();
    for (const agent of agents) agent.close();
    await collector[Symbol.asyncDispose]();
    collector = await TestCollector.start({ home, config: CONFIG });
    expect((await collector.console.status()).notices?.join()).not.toMatch(/learning/);
    expect(await modelAlerts()).toEqual(before);
  });
});
