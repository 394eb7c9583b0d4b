import { type Detection, Verdict } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { parseRules } from '../../collector/src/detect/rules/load.ts';
import { Judge } from '../../collector/src/judge/judge.ts';
import { Suppression } from '../../collector/src/judge/suppression.ts';

const NOW_US = 1_790_000_000_000_000;
const HOUR_US = 3_600e6;
const detection = (more: Detection = {}): Detection => ({
  ruleId: 'loud',
  agentId: 'host-1',
  entity: 'user.name=root',
  lastAtUs: NOW_US,
  ...more,
});
const sixHours = () => new Suppression((ruleId) => (ruleId === 'loud' ? 6 * HOUR_US : 0));
const judging = (suppression: Suppression) => {
  const judge = new Judge(suppression, () => NOW_US);
  return (more: Detection = {}) => judge.judge([detection(more)]).detections[0]!.verdict ?? Verdict.VERDICT_ALERTED;
};

describe('suppression', () => {
  it('lets a rule alert once about an entity, and again when its window is over', () => {
    const judge = judging(sixHours());
    expect(judge()).toBe(Verdict.VERDICT_ALERTED);
    expect(judge({ lastAtUs: NOW_US + HOUR_US })).toBe(Verdict.VERDICT_SUPPRESSED);
    // It is not prolonged by what it suppresses.
    expect(judge({ lastAtUs: NOW_US + 6 * HOUR_US - 1 })).toBe(Verdict.VERDICT_SUPPRESSED);
    expect(judge({ lastAtUs: NOW_US + 6 * HOUR_US })).toBe(Verdict.VERDICT_ALERTED);
  });

  it.each<[string, Detection]>([
    ['another entity', { entity: 'user.name=ROOT' }],
    ['another host', { agentId: 'host-2' }],
    ['no entity', { entity: '' }],
    ['a rule that asks for none', { ruleId: 'quiet' }],
  ])('is not for %s', (_, other) => {
    const judge = judging(sixHours());
    judge();
    expect(judge(other)).toBe(Verdict.VERDICT_ALERTED);
    expect(judge({ lastAtUs: NOW_US + 1 })).toBe(Verdict.VERDICT_SUPPRESSED);
  });

  it('goes by the time of the events, in whichever order they come', () => {
    const judge = judging(sixHours());
    judge();
    expect(judge({ lastAtUs: NOW_US - HOUR_US })).toBe(Verdict.VERDICT_SUPPRESSED);
    expect(judge({ lastAtUs: NOW_US - 7 * HOUR_US })).toBe(Verdict.VERDICT_ALERTED);
    expect(judge({ lastAtUs: NOW_US + HOUR_US })).toBe(Verdict.VERDICT_SUPPRESSED);
  });

  it('goes on from what was stored', () => {
    const suppression = sixHours();
    suppression.restore([{ ruleId: 'loud', agentId: 'host-1', entity: 'user.name=root', lastAtUs: NOW_US - HOUR_US }]);
    const judge = judging(suppression);
    expect(judge()).toBe(Verdict.VERDICT_SUPPRESSED);
    expect(judge({ lastAtUs: NOW_US + 5 * HOUR_US })).toBe(Verdict.VERDICT_ALERTED);
  });

  it('alerts once more, never once less, about what there was no room to remember, and says so', () => {
    const suppression = new Suppression(() => HOUR_US, { entitiesMax: 2 });
    const judge = new Judge(suppression, () => NOW_US);
    const alerted = (entity: string) => judge.judge([detection({ entity })]).alerting.length === 1;
    expect(['a', 'b', 'c', 'a', 'c'].map(alerted)).toEqual([true, true, true, true, false]);
    expect(suppression.evicted).toBe(2);
    expect(judge.notices()).toEqual([expect.stringContaining('2 windows of suppression')]);
  });

  it('is not for what the collector says of its agents, whatever is configured', () => {
    const judge = judging(new Suppression(() => HOUR_US));
    judge({ ruleId: 'health/agent-silent' });
    expect(judge({ ruleId: 'health/agent-silent' })).toBe(Verdict.VERDICT_ALERTED);
  });

  it('yields to simulation: a rule on trial opens no window', () => {
    const judge = judging(sixHours());
    expect(judge({ simulated: true })).toBe(Verdict.VERDICT_SIMULATED);
    expect(judge()).toBe(Verdict.VERDICT_ALERTED);
  });
});

describe('what asks for suppression', () => {
  const rule = (suppress: string) => `
title: Loud
id: loud
logsource: {category: process_creation, product: linux}
detection: {selection: {Image: /bin/true}, condition: selection}
threatguard: {reason: it ran, entity: [user.name], suppress: ${suppress}}
`;
  it('is a rule, in a span of time', () => {
    const { rules, problems } = parseRules('loud.yml', rule('6h'));
    expect(problems).toEqual([]);
    expect(rules[0]!.rule.suppressUs).toBe(6 * HOUR_US);
  });

  it.each(['0h', '6', '31d', 'always', '-1h', '1w'])('is not a rule that says %s', (span) => {
    expect(parseRules('loud.yml', rule(JSON.stringify(span))).problems).toMatchObject([{ code: 'schema' }]);
  });

  it('is the configuration, by id of a rule', () => {
    const read = (text: string) => readCollectorConfig({ file: 'collector.yaml', text, environment: {} }).alerts;
    expect(read('alerts:\n  budget_per_day: 40\n  suppress:\n    loud: 2d\n')).toEqual({
      budget_per_day: 40,
      suppress: { loud: '2d' },
    });
    expect(() => read('alerts:\n  suppress:\n    loud: sometimes\n')).toThrow(/span of suppression/);
    expect(() => read('alerts:\n  budget_per_day: -1\n')).toThrow();
  });
});
