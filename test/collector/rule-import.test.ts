// What becomes of the rules when some come and others go: refusals by file and line, without a collector.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRuleFiles } from '../../collector/src/detect/rules/load.ts';
import { checkChange, type ProposedChange } from '../../collector/src/rule-book/check-change.ts';
import { packName } from '../../collector/src/rule-book/rule-files.ts';
import { ROOT } from '../support/source-files.ts';

const directory = join(ROOT, 'collector', 'rules');
const pack = readRuleFiles(directory).map(({ name, text }) => ({ name: packName(directory, name), text }));
const LOOK_AROUND = 'b2e1935a-0cf1-4990-84f6-17192fc75e0d';

const ruleText = (id: string, image = `/opt/${id}`) => `title: Rule ${id}
id: ${id}
level: high
tags: [attack.execution]
logsource: { category: process_creation, product: linux }
detection:
    selection: { Image: ${image} }
    condition: selection
`;
const manyOf = (part: string) => `title: Many of ${part}
id: ${part}-many
correlation: { type: event_count, rules: [${part}], group-by: [host.name], timespan: 1m, condition: { gte: 2 } }
`;
const fileOf = (id: string, text = ruleText(id)) => ({ name: `${id}.yml`, text });
const storedFile = (id: string, text = ruleText(id)) => ({ ...fileOf(id, text), overrides: [] });

const check = (change: Partial<ProposedChange>) =>
  checkChange({ pack, imported: [], incoming: [], removed: [], override: false, partial: false, ...change });
const said = (change: Partial<ProposedChange>) =>
  check(change).refusals.map(({ file, line, rule, reason }) => `${file}:${line}: ${rule ? `${rule}: ` : ''}${reason}`);

const laughs = (name: string, of: string) =>
  `${name}: &${name} [${Array.from({ length: 9 }, () => `*${of}`).join(',')}]`;
const BILLION_LAUGHS = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...[...'bcdefghijk'].map((name, at) => laughs(name, 'abcdefghij'[at]!)),
];

describe('an import is refused for', () => {
  it.each([
    ['no YAML', 'title: [', /^imported\/x.yml:\d+: /],
    ['no rule', 'just text', /a rule is a map/],
    ['nothing', '', /no rule in this file/],
    [
      'a field no event has',
      ruleText('x').replace('Image:', 'Imagge:'),
      /:7: Rule x: our events have no field "Imagge"/,
    ],
    [
      'a condition about nothing',
      ruleText('x').replace('condition: s', 'condition: t'),
      /"telection", which is not def/,
    ],
    ['look-around', ruleText('x').replace('Image: /opt/x', "'CommandLine|re': 'a(?=b)'"), /x.yml:7: Rule x: /],
    ['a correlation of what is not there', manyOf('nothing'), /"nothing", which is not loaded/],
    [
      'a filter of what is not there',
      'title: f\nlogsource: { category: process_creation }\nfilter: { rules: [no], s: { Image: /a }, condition: s }',
      /"no", which is not loaded/,
    ],
    [
      'an id of the pack',
      ruleText(LOOK_AROUND),
      /:2: Rule .*"Look around" of the pack \(rules\/bursts.yml:1\); --override/,
    ],
    ['a name of the pack', `name: look_around\n${ruleText('x')}`, /its id or name is taken by "Look around"/],
    ['an id twice', `${ruleText('x')}---\n${ruleText('x')}`, /:10: Rule x: its id or name is taken/],
    ['a source nobody reads', ruleText('x').replace('category: process_creation', 'service: clamav'), /ClamAV's log/],
    ['what nests without end', `title: x\ndetection: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, /nested too deep/],
    ['a billion laughs', `${BILLION_LAUGHS.join('\n')}\n`, /alias/i],
    ['an anchor in itself', 'title: &a [*a]', /:1: /],
  ])('%s, by file and line', (_, text, reason) => {
    const refusals = said({ incoming: [fileOf('good'), { name: 'x.yml', text }] });
    expect(refusals.join('\n')).toMatch(reason);
    expect(refusals.every((line) => line.startsWith('imported/x.yml:'))).toBe(true);
  });

  it('what it would take from others that are there', () => {
    const imported = [storedFile('part'), storedFile('many', manyOf('part'))];
    expect(said({ imported, incoming: [fileOf('part', ruleText('other'))] })).toEqual([
      'imported/many.yml:1: Many of part: it refers to "part", which is not loaded',
    ]);
    expect(said({ imported, removed: ['part.yml'] })).toHaveLength(1);
    expect(said({ imported, removed: ['many.yml'] })).toEqual([]);
  });

  it('an id another imported file has; what was wrong before is no reason', () => {
    const imported = [storedFile('a'), storedFile('wrong', 'title: [')];
    expect(said({ imported, incoming: [fileOf('b', ruleText('a'))] })).toEqual([
      expect.stringMatching(/^imported\/b.yml:1: Rule a: its id or name is taken by "Rule a" \(imported\/a.yml:1\)$/),
    ]);
    expect(said({ imported, incoming: [fileOf('b')] })).toEqual([]);
  });
});

it('in part, files that load are taken, and those left out are named with what then is missing', () => {
  const incoming = [fileOf('good'), fileOf('broken', ruleText('broken', '[')), fileOf('needs', manyOf('broken'))];
  const { files, refusals, rules } = check({ incoming, partial: true });
  expect(files.map(({ name }) => name)).toEqual(['good.yml']);
  expect(refusals.map(({ file }) => file)).toEqual(['imported/broken.yml', 'imported/needs.yml']);
  expect(rules).toMatchObject([{ id: 'good', change: 'new', file: 'imported/good.yml', line: 1 }]);
});

it('what changes is said of each rule', () => {
  const imported = [storedFile('two', `${ruleText('same')}---\n${ruleText('gone')}---\n${ruleText('other')}`)];
  const incoming = [
    fileOf(
      'two',
      `${ruleText('same')}---\n${ruleText('other', '/elsewhere')}---\n${ruleText(LOOK_AROUND)}name: look_around\n`,
    ),
  ];
  const { rules, files, refusals } = check({ imported, incoming, override: true });
  expect(refusals).toEqual([]);
  expect(rules.map(({ id, change }) => [id, change])).toEqual([
    ['same', 'unchanged'],
    ['other', 'changed'],
    [LOOK_AROUND, 'overrides'],
    ['gone', 'removed'],
  ]);
  expect(files).toMatchObject([{ overrides: [LOOK_AROUND], rules: 3 }]);
});
