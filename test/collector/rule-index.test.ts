// Only rules with a chance are asked; what is found must be what asking all of them finds.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Activity, EventClass, Outcome } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules, readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import { requiredTexts } from '../../collector/src/detect/rules/required-texts.ts';
import type { Rule } from '../../collector/src/detect/rules/rule.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';
import { engineOf } from '../support/rule-text.ts';

const directories = ['../../collector/rules', '../../../shared/data/sigma-linux-rules']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .filter(existsSync);
const rules = compileRules(directories.flatMap(readRuleFiles)).rules.map(({ rule }) => rule);
/** The same rules, of which nothing is known. */
const opaque = rules.map(
  (rule): Rule => (rule.kind === 'event' ? { ...rule, matches: (view) => rule.matches(view) } : rule),
);

const numbersOf = (names: object) => Object.values(names).filter((value): value is number => typeof value === 'number');
const nameOf = (names: object, value: number) => (names as Record<number, string>)[value]!;
/** Texts that rules ask for, whole, cut, joined and in upper case, so that many a rule nearly matches. */
const words = rules.flatMap((rule) => (rule.kind === 'event' ? (requiredTexts(rule.matches) ?? []) : []));
const word = fc
  .tuple(fc.constantFrom(...words.map(({ text }) => text)), fc.constantFrom('', ' ', '/', 'é'), fc.nat({ max: 9 }))
  .map(([text, end, kind]) => (kind === 0 ? text.slice(1) : kind === 1 ? text.toUpperCase() : text) + end);
const text = fc.array(word, { maxLength: 4 }).map((parts) => parts.join(''));
const user = fc.record({ name: fc.constantFrom('', 'root', 'alice'), id: fc.constantFrom(0, 1000) });
const event = fc
  .record({
    class: fc.constantFrom(...numbersOf(EventClass)).map((value) => nameOf(EventClass, value)),
    activity: fc.constantFrom(...numbersOf(Activity)).map((value) => nameOf(Activity, value)),
    outcome: fc.constantFrom(...numbersOf(Outcome)).map((value) => nameOf(Outcome, value)),
    serviceName: fc.constantFrom('', 'sshd', 'sudo', 'cron'),
    original: text,
    user,
    process: fc.record({
      executable: text,
      name: word,
      args: fc.array(word, { maxLength: 3 }),
      parentExecutable: text,
      workingDirectory: text,
    }),
    file: fc.record({ path: text }),
    authentication: fc.record({ reason: text, sourceAddress: fc.constantFrom('', '192.0.2.1') }),
  })
  .map((written) => hostEvent(written, STARTED_AT_US));

describe('the index of the texts rules require', () => {
  it('changes no answer', () => {
    const found = { with: new RuleEngine(rules), without: new RuleEngine(opaque), matches: 0 };
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (events) => {
        const batch = enrichedBatch(events);
        const detections = found.with.inspect(batch);
        found.matches += detections.length;
        expect(detections).toEqual(found.without.inspect(batch));
      }),
      { seed: 7, numRuns: 100 },
    );
    expect(found.matches).toBeGreaterThan(100);
    expect(found.with.disabled()).toEqual([]);
  });

  it('finds a text under any name of its field, and in any case', () => {
    const ruleOf = (name: string) =>
      `title: ${name}\nlogsource: {category: process_creation}\ndetection:\n    sel: {${name}|contains: Evil}\n    condition: sel\n`;
    const engine = engineOf(['Image', 'process.executable'].map(ruleOf).join('---\n'));
    const seen = (executable: string) =>
      engine
        .inspect(enrichedBatch([hostEvent({ class: 'PROCESS', activity: 'EXEC', process: { executable } })]))
        .map(({ ruleTitle }) => ruleTitle);
    expect(seen('/bin/eVIL')).toEqual(['Image', 'process.executable']);
    expect(seen('/bin/evi')).toEqual([]);
  });
});
