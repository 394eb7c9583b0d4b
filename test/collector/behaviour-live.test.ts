import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUser } from '../support/api-user.ts';
import { ordinaryHours, sent } from '../support/behaviour-events.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';

const HOUR_US = 3_600_000_000;
/** Two whole days of every host lie before the last night, when peers are found. */
const HOURS = 108;
const CONFIG = 'http:\n  listen: 127.0.0.1:0\nmodels:\n  learning_days: 1\n  alerts_per_host_day: 0.5\n';
/** Events may be as old as they like; the last hour begins now. */
const NOW_US = Math.floor((Date.now() * 1000) / HOUR_US) * HOUR_US;
const FROM_US = NOW_US - HOURS * HOUR_US;

let home: string;
let collector: TestCollector;
let user: ApiUser;
const agents: SealingAgent[] = [];

beforeAll(async () => {
  home = await initTestHome();
  collector = await TestCollector.start({ home, config: CONFIG });
  user = await ApiUser.first(collector);
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

const analyze = async (kind: string, name: string) =>
  (await user.ask('/api/threat/analyze-behavior', { json: { entity: { kind, name } } })).body;

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

  it('say over HTTP how much they learned, and leave the answer to the series meanwhile', async () => {
    const answer = await analyze('host', 'desk-0');
    expect(answer).toMatchObject({ model: { learning: { days: 0, of: 1, done: false } } });
    expect(answer.reasons[0]).toBe('models are learning, 0 of 1 days: until then the series speak');
    expect(answer.method).toMatch(/^hours scored in order/);
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

  it('answer over HTTP how unusual the last day was, by own habits and by peers', async () => {
    const [odd, ordinary] = [await analyze('host', 'desk-3'), await analyze('host', 'desk-5')];
    expect(odd.method).toMatch(/^each hour by the models/);
    expect(odd.anomaly_score).toBeGreaterThan(0.5);
    expect(ordinary.anomaly_score).toBeLessThan(odd.anomaly_score);
    expect(odd.reasons.join('; ')).toMatch(/43 MB out at .* UTC; usual at this hour/);
    expect(odd.confidence).toBeGreaterThan(0);
    expect(odd.model.hours).toBeGreaterThan(12);
    const sentBytes = odd.model.features.find(({ feature }: { feature: string }) => feature === 'bytes_out');
    expect(sentBytes).toMatchObject({ observed: 43e6, peers: expect.any(Number) });
    expect(sentBytes.peers).toBeGreaterThanOrEqual(5);
    expect(sentBytes.usual_high).toBeLessThan(1e6);
    expect(sentBytes.peers_high).toBeLessThan(1e6);
    const user3 = await analyze('user', 'user3');
    expect(user3.model.learning.done).toBe(true);
    const { behaviour } = (await user.ask('/api/threat/risk-profile/host/desk-3')).body;
    expect(behaviour).toMatchObject({
      learning: { done: true },
      reasons: [expect.stringContaining('43 MB out'), expect.anything()],
    });
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
