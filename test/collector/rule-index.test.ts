// Only rules with a chance are asked; what is found must be what asking every rule about every event finds.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldName } from '../../collector/src/detect/rules/fields.ts';
import { HostEventView } from '../../collector/src/detect/rules/host-event-view.ts';
import { HOST_FIELDS } from '../../collector/src/detect/rules/host-fields.ts';
import { compileRules, parseRules, readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import { requirementsOf } from '../../collector/src/detect/rules/required-texts.ts';
import type { EventRule } from '../../collector/src/detect/rules/rule.ts';
import { SourceIndex } from '../../collector/src/detect/rules/source-index.ts';
import { TextAutomaton } from '../../collector/src/detect/rules/text-automaton.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';
import { engineOf } from '../support/rule-text.ts';

const directories = ['../../collector/rules', '../../../shared/data/sigma-linux-rules']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .filter(existsSync);
const rules = compileRules(directories.flatMap(readRuleFiles)).rules.flatMap(({ rule }) =>
  rule.kind === 'event' ? [rule] : [],
);

const numbersOf = (names: object) => Object.values(names).filter((value): value is number => typeof value === 'number');
const nameOf = (names: object, value: number) => (names as Record<number, string>)[value]!;
/** Texts that rules ask for, whole, cut, joined and in upper case, so that many a rule nearly matches. */
const words = rules.flatMap((rule) => requirementsOf(rule.matches).flat(2));
const word = fc
  .tuple(
    fc.constantFrom(...new Set(words.map(({ text }) => text))),
    fc.constantFrom('', ' ', '/', 'é', 'K', 'ſ', 'İ'),
    fc.nat({ max: 9 }),
  )
  .map(([text, end, kind]) => (kind === 0 ? text.slice(1) : kind === 1 ? text.toUpperCase() : text) + end);
const text = fc.array(word, { maxLength: 4 }).map((parts) => parts.join(''));
const eventOf = (word: fc.Arbitrary<string>, text: fc.Arbitrary<string>) =>
  fc
    .record({
      class: fc.constantFrom(...numbersOf(EventClass)).map((value) => nameOf(EventClass, value)),
      activity: fc.constantFrom(...numbersOf(Activity)).map((value) => nameOf(Activity, value)),
      outcome: fc.constantFrom(...numbersOf(Outcome)).map((value) => nameOf(Outcome, value)),
      serviceName: fc.constantFrom('', 'sshd', 'sudo', 'cron', 'else'),
      original: fc.oneof(fc.constant(''), text),
      user: fc.record({ name: fc.constantFrom('', 'root', 'alice'), id: fc.constantFrom(0, 1000) }),
      process: fc.record({
        executable: text,
        name: word,
        args: fc.array(word, { maxLength: 4 }),
        parentExecutable: text,
        parentArgs: fc.array(word, { maxLength: 2 }),
        workingDirectory: text,
      }),
      file: fc.record({ path: text, addedLines: fc.array(word, { maxLength: 2 }) }),
      network: fc.record({ destinationPort: fc.constantFrom(0, 22, 222, 4444), direction: fc.constantFrom(0, 1, 2) }),
      authentication: fc.record({ reason: text, sourceAddress: fc.constantFrom('', '192.0.2.1') }),
    })
    .map((written) => hostEvent(written, STARTED_AT_US));

/** Which rules match, by asking those the index names, and by asking all of the event's class. */
function bothWays(index: SourceIndex<{ rule: EventRule }>, asked: readonly EventRule[], event: HostEvent) {
  const view = new HostEventView();
  view.agentId = 'a';
  view.show(event, STARTED_AT_US);
  const kind = index.of(event);
  const candidates = kind ? [...kind.index.look(view)].map((at) => kind.runners[at]!.rule) : [];
  const found = candidates.filter((rule) => rule.matches(view));
  const all = asked.filter((rule) => rule.classes.includes(event.class ?? 0) && rule.matches(view));
  return { found, all, candidates };
}

const titles = (found: readonly EventRule[]) => found.map(({ title }) => title);

describe('the index of the texts rules require', () => {
  it('changes no answer of the rules there are', () => {
    const index = new SourceIndex(rules.map((rule) => ({ rule })));
    const seen = { matches: 0, candidates: 0, events: 0 };
    fc.assert(
      fc.property(eventOf(word, text), (event) => {
        const { found, all, candidates } = bothWays(index, rules, event);
        expect(titles(found)).toEqual(titles(all));
        seen.matches += found.length;
        seen.candidates += candidates.length;
        seen.events++;
      }),
      { seed: 7, numRuns: 1500 },
    );
    expect(seen.matches).toBeGreaterThan(100);
    // An index that named every rule would change no answer either.
    expect(seen.candidates).toBeLessThan((seen.events * rules.length) / 10);
  });

  it('changes no answer of rules that ask for anything at all', () => {
    const letters = fc.string({
      unit: fc.constantFrom('a', 'b', 'A', 'k', 's', 'K', 'ſ', 'İ', ' ', '*', '?'),
      maxLength: 4,
    });
    const someText = letters.map((one) => one.replaceAll(/[*?]/g, 'a'));
    const field = fc.constantFrom(
      ...['Image', 'CommandLine', 'ParentCommandLine', 'process.args', 'a0', 'a1', 'a2', 'name', 'comm', 'type'],
      ...['event.action', 'SYSCALL', 'TargetFilename', 'pid'],
    );
    const modifier = fc.constantFrom(
      '',
      '|contains',
      '|startswith',
      '|endswith',
      '|cased',
      '|contains|cased',
      '|windash',
    );
    const item = fc.oneof(
      fc
        .tuple(field, modifier, fc.array(letters, { minLength: 1, maxLength: 3 }))
        .map(([name, how, values]) => ({ [name + how]: values })),
      fc
        .tuple(
          field,
          fc.constantFrom('|re', '|re|i'),
          fc.constantFrom('a+b', '(a|b)k', '^s[aA]', '(?i)k s?', 'b(a|)$', 'ſ'),
        )
        .map(([name, how, value]) => ({ [name + how]: value })),
      fc.constantFrom({ type: 'EXECVE' }, { type: 'PATH' }, { SYSCALL: 'connect' }, { 'event.action': 'exec' }),
    );
    const selection = fc.oneof(
      fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => Object.assign({}, ...items) as object),
      fc.array(item, { minLength: 1, maxLength: 3 }),
      fc.array(
        letters.filter((one) => one.trim() !== ''),
        { minLength: 1, maxLength: 2 },
      ),
    );
    const detection = fc.record({
      one: selection,
      two: selection,
      three: selection,
      condition: fc.constantFrom(
        'one',
        'one and two',
        'one or two',
        'all of them',
        '1 of them',
        'one and not two',
        '(one or two) and three',
      ),
    });
    const logsource = fc.constantFrom({ service: 'auditd' }, { service: 'syslog' }, { product: 'linux' });
    const args = fc.array(someText, { maxLength: 4 });
    const seen = { rules: 0, matches: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(detection, logsource), { minLength: 1, maxLength: 6 }),
        fc.array(
          eventOf(
            someText,
            fc.oneof(
              someText,
              args.map((each) => each.join(' ')),
            ),
          ),
          { minLength: 8, maxLength: 8 },
        ),
        (written, events) => {
          const documents = written.map(([one, source], number) =>
            JSON.stringify({ title: `r${number}`, id: `r${number}`, logsource: source, detection: one }),
          );
          const made = parseRules('made.yml', documents.join('\n---\n')).rules.flatMap(({ rule }) =>
            rule.kind === 'event' ? [rule] : [],
          );
          const index = new SourceIndex(made.map((rule) => ({ rule })));
          seen.rules += made.length;
          for (const event of events) {
            const { found, all } = bothWays(index, made, event);
            expect(titles(found)).toEqual(titles(all));
            seen.matches += all.length;
          }
        },
      ),
      { seed: 11, numRuns: 400 },
    );
    expect(seen.rules).toBeGreaterThan(500);
    expect(seen.matches).toBeGreaterThan(1000);
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

  it('knows every character whose lower case is in ASCII', () => {
    for (let code = 128; code < 0x1_0000; code++) {
      const [lower] = String.fromCharCode(code).toLowerCase();
      if (lower! >= '\x80') continue;
      const found: number[] = [];
      const automaton = new TextAutomaton([{ text: lower!, start: false, end: false, hit: 1 }]);
      automaton.find(String.fromCharCode(code), { add: (hit) => found.push(hit) });
      expect(found, code.toString(16)).toEqual([1]);
    }
  });

  it('looks through the parts of a value as through the whole', () => {
    fc.assert(
      fc.property(eventOf(word, text), (event) => {
        for (const [name, { read, parts }] of Object.entries(HOST_FIELDS)) {
          const source = { event, agentId: '', agentName: '' };
          if (parts) expect(parts(source)?.join(' ') || undefined, name).toBe(read(source));
        }
      }),
      { seed: 3, numRuns: 50 },
    );
    expect(words.some(({ slot }) => HOST_FIELDS[fieldName(slot)]?.parts)).toBe(true);
  });
});
