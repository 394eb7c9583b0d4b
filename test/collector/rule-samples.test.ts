import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Detection, Severity } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { batchesOf, type WrittenEvent } from '../support/rule-events.ts';
import { loadEngine } from '../support/rule-text.ts';

const RULES = fileURLToPath(new URL('../../collector/rules', import.meta.url));
const SAMPLES = new URL('../fixtures/rules/', import.meta.url);

interface Sample {
  why: string;
  events: WrittenEvent[];
  severity?: string;
  values?: Record<string, string>;
  reason?: string;
}

type Samples = Record<string, { match?: Sample[]; miss?: Sample[] }>;

const samples: Samples = Object.assign(
  {},
  ...readdirSync(SAMPLES)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => parse(readFileSync(new URL(file, SAMPLES), 'utf8')) as Samples),
);

function detect(events: WrittenEvent[]): { engine: RuleEngine; detections: Detection[] } {
  const engine = new RuleEngine(rules);
  return { engine, detections: batchesOf(events).flatMap((batch) => engine.inspect(batch)) };
}

const { engine: loaded, problems } = loadEngine(RULES);
const { rules } = loaded;
const referred = new Set(rules.flatMap((rule) => (rule.kind === 'correlation' ? rule.refers : [])));
/** What the pack promises to hold at least, building blocks not counted. */
const EVENT_RULES_MIN = 60;
const CORRELATIONS_MIN = 15;
const speaking = rules.filter((rule) => !referred.has(rule.name) && !referred.has(rule.id));

describe('the built-in rules', () => {
  it('all load', () => {
    expect(problems).toEqual([]);
    expect(loaded.disabled()).toEqual([]);
  });

  it(`are at least ${EVENT_RULES_MIN} rules and ${CORRELATIONS_MIN} correlations`, () => {
    const correlations = speaking.filter(({ kind }) => kind === 'correlation').length;
    expect(speaking.length - correlations).toBeGreaterThanOrEqual(EVENT_RULES_MIN);
    expect(correlations).toBeGreaterThanOrEqual(CORRELATIONS_MIN);
  });

  it('have samples only for rules that exist', () => {
    expect(Object.keys(samples).filter((name) => !speaking.some((rule) => rule.name === name))).toEqual([]);
  });

  it.each(speaking.map((rule) => [rule.name, rule] as const))('%s names its technique and its tactic', (_, rule) => {
    expect(rule.techniques).not.toEqual([]);
    expect(rule.tactics).not.toEqual([]);
  });

  for (const { name, id, severity } of speaking) {
    describe(name, () => {
      const { match = [], miss = [] } = samples[name] ?? {};
      it('has a sample that must match and a near miss that must not', () => {
        expect(match.length).toBeGreaterThan(0);
        expect(miss.length).toBeGreaterThan(0);
      });

      it.each(match.map((sample) => [sample.why, sample] as const))('sees %s', (_, sample) => {
        const { engine: used, detections } = detect(sample.events);
        const found = detections.filter((detection) => detection.ruleId === id);
        expect(found).not.toEqual([]);
        expect(used.disabled()).toEqual([]);
        const newest = found.at(-1)!;
        expect(newest.severity).toBe(sample.severity ? Severity[sample.severity as 'HIGH'] : severity);
        expect(newest.values).toMatchObject(sample.values ?? {});
        expect(newest.reason).toContain(sample.reason ?? '');
        expect(newest.reason).not.toMatch(/\{[\w.|]+\}|undefined/);
        expect(newest.entity).not.toBe('');
        expect(newest.events!.length).toBeGreaterThan(0);
      });

      it.each(miss.map((sample) => [sample.why, sample] as const))('leaves alone %s', (_, sample) => {
        expect(detect(sample.events).detections.filter((detection) => detection.ruleId === id)).toEqual([]);
      });
    });
  }
});

describe('ordinary administration', () => {
  const ordinary = parse(readFileSync(new URL('../fixtures/rules/ordinary.yaml', import.meta.url), 'utf8')) as Sample[];
  it.each(ordinary.map((sample) => [sample.why, sample] as const))('raises nothing from medium up: %s', (_, sample) => {
    const loud = detect(sample.events).detections.filter(({ severity = 0 }) => severity >= Severity.MEDIUM);
    expect(loud.map(({ ruleTitle, reason }) => `${ruleTitle}: ${reason}`)).toEqual([]);
  });
});
