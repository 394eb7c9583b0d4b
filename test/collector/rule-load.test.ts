import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { compileRead } from '../../collector/src/detect/rules/compile-documents.ts';
import { type LoadedRules, linkRules } from '../../collector/src/detect/rules/link.ts';
import { compileRules, parseRules, readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import { enrichedBatch, hostEvent } from '../support/rule-events.ts';
import { loadEngine } from '../support/rule-text.ts';

const PACK = new URL('../../collector/rules', import.meta.url).pathname;
const directories: string[] = [];
function directoryOf(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'rules-'));
  directories.push(directory);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), text);
  }
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const rule = (id: string, lines = '    sel:\n        Image: /bin/x\n    condition: sel', more = '') =>
  `title: Rule ${id}\nid: ${id}\n${more}logsource:\n    category: process_creation\ndetection:\n${lines}\n`;
const item = (line: string) => rule('r', `    sel:\n        ${line}\n    condition: sel`);
const correlation = (lines: string) => `${rule('base')}---\ntitle: Joined\nid: joined\ncorrelation:\n${lines}\n`;
const counting = 'type: event_count\n    rules: [base]\n    timespan: 1m';

describe('loading a directory of rules', () => {
  it('takes every file below it and keeps what loads beside what does not', () => {
    const directory = directoryOf({
      'a.yml': rule('one'),
      'deep/b.yaml': `${rule('two')}---\n${item('Image|windsh: x')}`,
      'notes.txt': 'not a rule',
    });
    const { engine, problems } = loadEngine(directory);
    expect(engine.rules.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(problems).toMatchObject([{ line: 16, rule: 'Rule r', code: 'unsupported' }]);
    expect(engine.disabled()[0]).toMatch(
      /deep\/b\.yaml:16: Rule r: the modifier "windsh" is not supported; did you mean "windash"\?$/,
    );
    const event = hostEvent({ class: 'PROCESS', activity: 'EXEC', process: { executable: '/bin/x' } });
    expect(engine.inspect(enrichedBatch([event])).map(({ ruleId }) => ruleId)).toEqual(['one', 'two']);
  });

  it.each([
    ['YAML that is broken', 'title: [a\nid: x', 2, /flow|sequence|expected/i],
    ['nothing at all', '', 1, /no rule/],
    ['a list', '- a\n- b', 1, /a rule is a map/],
    ['a key that stands twice', 'title: a\ntitle: b\n', 2, /unique/i],
    ['a rule without a title', 'id: x\nlogsource: {category: process_creation}\ndetection: {condition: a}', 1, /title/],
    ['a value that only merges', rule('r', undefined, 'x: !!merge <<\n'), 1, /merge key/],
    ['a level that Sigma does not have', rule('r', undefined, 'level: urgent\n'), 3, /level/],
    ['a status that says so', rule('r', undefined, 'status: unsupported\n'), 3, /unsupported/],
    ['our section with a key it does not have', rule('r', undefined, 'threatguard: {reasons: x}\n'), 3, /threatguard/],
    [
      'a reason with a field events do not have',
      rule('r', undefined, 'threatguard: {reason: "{no.field}", entity: [user.name]}\n'),
      1,
      /"no.field"/,
    ],
    [
      'an entity events do not have',
      rule('r', undefined, 'threatguard: {reason: x, entity: [no.field]}\n'),
      3,
      /"no.field"/,
    ],
    ['a field events do not have', item('CommandLin: x'), 7, /no field "CommandLin"/],
    ['a modifier that is none', item('CommandLine|contain: x'), 7, /"contain" is not supported.*contains/],
    ['too little to encode', item('CommandLine|base64offset|contains: x'), 7, /too short for base64offset/],
    ['two kinds of matching', item('CommandLine|contains|re: x'), 7, /cannot stand on one field/],
    ['a flag without re', item('CommandLine|i: x'), 7, /belongs to "re"/],
    ['cased beside re', item('CommandLine|re|cased: x'), 7, /"cased"/],
    ['all over one value', item('CommandLine|contains|all: x'), 7, /more than one value/],
    ['null in a list', item('CommandLine: [a, null]'), 7, /null/],
    ['a map as a value', item('CommandLine: {a: b}'), 7, /must be text/],
    ['an empty list', item('CommandLine: []'), 7, /empty list/],
    ['a lookbehind', item("CommandLine|re: '(?<=a)b'"), 7, /regular expression/],
    ['a back reference', item("CommandLine|re: '(a)\\1'"), 7, /regular expression/],
    ['a number that is none', item('ProcessId|gt: many'), 7, /not a number/],
    ['a network that is none', item('SourceIp|cidr: 10.0.0.0'), 7, /not a network/],
    ['a prefix that is too long', item('SourceIp|cidr: 10.0.0.0/33'), 7, /not a network/],
    ['exists with text', item("Image|exists: 'yes'"), 7, /true or false/],
    [
      'keywords with a modifier',
      rule('r', "    sel:\n        '|startswith': [a, b]\n    condition: sel"),
      7,
      /without a field/,
    ],
    ['a timeframe', rule('r', '    sel: {Image: a}\n    timeframe: 5m\n    condition: sel'), 7, /correlation rule/],
    ['no condition', rule('r', '    sel: {Image: a}'), 5, /condition/],
    ['a condition that names nothing', rule('r', '    sel: {Image: a}\n    condition: sol'), 7, /"sol"/],
    ['another product', rule('r').replace('category: process_creation', 'product: windows'), 3, /product "windows"/],
    [
      'a log source we do not collect',
      rule('r').replace('category: process_creation', 'service: clamav'),
      3,
      /"clamav".*ClamAV/,
    ],
    ['a category named like a method', rule('r').replace('process_creation', 'constructor'), 3, /"constructor"/],
    [
      'a correlation of a type there is not',
      correlation(`    type: value_median\n    rules: [base]\n    timespan: 1m`),
      13,
      /"value_median"/,
    ],
    [
      'a correlation with an unknown key',
      correlation(`    ${counting}\n    condition: {gte: 1}\n    grouped: [a]`),
      17,
      /grouped/,
    ],
    ['a count without a condition', correlation(`    ${counting}`), 12, /needs a condition/],
    [
      'a count that nothing can come to',
      correlation(`    ${counting}\n    condition: {lt: 1}`),
      16,
      /no window can ever meet/,
    ],
    [
      'a value_count without a field',
      correlation(`    ${counting.replace('event', 'value')}\n    condition: {gte: 5}`),
      16,
      /needs a field/,
    ],
    [
      'a time span without a unit',
      correlation(`    ${counting.replace('1m', '60')}\n    condition: {gte: 5}`),
      15,
      /time span/,
    ],
    [
      'a time span of a year',
      correlation(`    ${counting.replace('1m', '365d')}\n    condition: {gte: 5}`),
      15,
      /7 days/,
    ],
    [
      'a group by a field events do not have',
      correlation(`    ${counting}\n    group-by: [Nobody]\n    condition: {gte: 5}`),
      16,
      /"Nobody"/,
    ],
    [
      'an alias that leaves a rule out',
      correlation(`    ${counting}\n    group-by: [who]\n    aliases: {who: {other: User}}\n    condition: {gte: 5}`),
      17,
      /says nothing for "base"/,
    ],
    [
      'a correlation of a rule that is not there',
      correlation(`    ${counting.replace('base', 'gone')}\n    condition: {gte: 5}`),
      10,
      /"gone", which is not loaded/,
    ],
    [
      'a correlation of itself',
      correlation(`    ${counting.replace('base', 'joined')}\n    condition: {gte: 5}`),
      10,
      /could not be linked/,
    ],
    ['an id that is taken', `${rule('same')}---\n${rule('same')}`, 10, /is taken by "Rule same" \(t\.yml:1\)/],
  ])('refuses %s with its line and a reason', (_, text, line, reason) => {
    const { problems } = linkRules(parseRules('t.yml', text));
    expect(problems.map((problem) => problem.reason)).toEqual([expect.stringMatching(reason)]);
    expect(problems[0]!.line).toBe(line);
  });
});

describe('what was read of rules', () => {
  it('makes the same rules in the same order in another thread, and refuses the same', () => {
    const made = {
      'a.yml': `${item('CommandLin: x')}---\n${correlation(`    ${counting}\n    condition: {gte: 5}`)}`,
      'b.yml': `title: Not of x\nlogsource: {category: process_creation}\nfilter: {rules: [base], sel: {User: x}, condition: sel}\n`,
      'c.yml': 'placeholders: {names: [a, b]}\n---\n__proto__: {x: 1}\ntitle: 1\n',
    };
    const loaded = compileRules([...readRuleFiles(directoryOf(made)), ...readRuleFiles(PACK)]);
    const again = compileRead({ documents: structuredClone(loaded.documents), problems: [] });
    const shown = ({ rules, problems }: LoadedRules) => ({
      rules: rules.map(({ rule: { id, definition }, file, line }) => ({ id, definition, file, line })),
      problems,
    });
    expect(shown(again)).toEqual(shown(loaded));
    expect(loaded.rules.length).toBeGreaterThan(50);
    expect(loaded.problems.map(({ rule: named, line }) => [named, line])).toEqual([
      ['Rule r', 7],
      ['', 4],
    ]);
  });
});

const sigmaHq = new URL('../../../shared/data/sigma-linux-rules', import.meta.url).pathname;
describe.skipIf(!existsSync(sigmaHq))('the Linux rules of SigmaHQ (needs ../shared/data)', () => {
  it('load unmodified, or say by name what is missing', () => {
    const { engine, problems } = loadEngine(sigmaHq);
    expect(engine.rules.length).toBeGreaterThan(150);
    for (const { rule: name, line, code, reason } of problems) {
      expect(name).not.toBe('');
      expect(line).toBeGreaterThan(0);
      expect(['field', 'blind', 'unsupported']).toContain(code);
      expect(reason).not.toBe('');
    }
  });
});
