// What rules say of an event that they looked at: by the rule's text and the event, without a collector.
import { Activity, EventClass } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { explainEvent } from '../../collector/src/rule-book/explain-event.ts';

/** `ls -la /tmp` of root. */
const EVENT = {
  reference: { agentId: 'a', streamId: new Uint8Array(16), sequence: 1, index: 0 },
  agentName: 'web-1',
  eventAtUs: 1_790_000_000_000_000,
  event: {
    class: EventClass.PROCESS,
    activity: Activity.EXEC,
    user: { name: 'root', id: 0 },
    process: { pid: 7, executable: '/usr/bin/ls', args: ['ls', '-la', '/tmp'] },
  },
};

const ruleOf = (detection: string, source = 'category: process_creation') =>
  `title: T\nid: t\nlogsource: { ${source} }\ndetection:\n${detection.replace(/^/gm, '    ')}\n`;

function explain(detection: string, more = '') {
  const files = [{ name: 't.yml', text: `${ruleOf(detection)}${more}` }];
  return explainEvent(files, EVENT);
}

describe('a rule that did not match stopped', () => {
  it.each([
    [
      'at the first item that is otherwise, with what the event has',
      'sel: { Image|endswith: /ls, CommandLine|contains: [curl, wget] }\ncondition: sel',
      'sel: CommandLine|contains wants "curl", "wget"; the event has process.command_line "ls -la /tmp"',
    ],
    [
      'at a field the event does not have',
      'sel: { ParentImage: /usr/bin/bash }\ncondition: sel',
      'sel: ParentImage wants "/usr/bin/bash"; the event has no process.parent.executable',
    ],
    [
      'at the one of all values that is missing',
      "sel: { CommandLine|contains|all: ['-la', /etc] }\ncondition: sel",
      'sel: CommandLine|contains|all wants "/etc"; the event has process.command_line "ls -la /tmp"',
    ],
    [
      'at what the condition excludes',
      'sel: { Image|endswith: /ls }\nfilter_root: { User: root }\ncondition: sel and not 1 of filter_*',
      'filter_root holds, which the condition excludes',
    ],
    [
      'at the nearest of several ways',
      'a: { Image: /bin/a, User: alice }\nb: { Image: /usr/bin/ls, User: alice }\ncondition: 1 of them',
      'b: User wants "alice"; the event has user.name "root" (the nearest of 2)',
    ],
    [
      'at the nearest of a list of maps',
      'sel: [{ Image: /bin/a }, { Image: /usr/bin/ls, User: alice }]\ncondition: sel',
      'sel: User wants "alice"; the event has user.name "root"',
    ],
    [
      'at keywords that are nowhere',
      'words: [evil, worse]\ncondition: words',
      'words: nowhere in the event is "evil", "worse"',
    ],
    [
      'at the first of conditions in a row',
      'a: { Image: /usr/bin/ls }\nb: { User: alice }\nc: { User: bob }\ncondition: a and (b and c)',
      'b: User wants "alice"; the event has user.name "root"',
    ],
    [
      'at what no sensor reports, which is neither there nor excluded',
      'sel: { Image|endswith: /ls }\nfilter: { ParentUser: bob, ParentDomain: x }\ncondition: sel and not filter or a\na: { Image: /a }',
      'filter asks for what no sensor reports: not excluded (the nearest of 2)',
    ],
    [
      'with what is too long to read cut',
      `sel: { CommandLine|contains: [${Array.from({ length: 9 }, (_, at) => `w${at}`).join(', ')}] }\ncondition: sel`,
      /wants "w0", "w1", "w2", "w3", "w4" and 4 more;/,
    ],
  ])('%s', (_, detection, stopped) => {
    const { rules } = explain(detection);
    expect(rules).toHaveLength(1);
    expect(rules[0]).toMatchObject({
      outcome: 'no',
      stopped: expect.stringMatching(stopped instanceof RegExp ? stopped : /^/),
    });
    if (typeof stopped === 'string') expect(rules[0]!.stopped).toBe(stopped);
  });
});

it('a rule that matched says so, with what its match goes into', () => {
  const many = `---
title: Many
id: many
correlation: { type: event_count, rules: [t], group-by: [host.name], timespan: 1m, condition: { gte: 2 } }
`;
  const { rules } = explain('sel: { Image|endswith: /ls }\ncondition: sel', many);
  expect(rules).toMatchObject([{ outcome: 'matched', stopped: '', feeds: ['Many'], speaks: false, share: 1 }]);
});

it('a rule whose match a filter suppresses names the filter', () => {
  const filter = `---
title: Root may
logsource: { category: process_creation }
filter: { rules: [t], root: { User: root }, condition: root }
`;
  const { rules } = explain('sel: { Image|endswith: /ls }\ncondition: sel', filter);
  expect(rules).toMatchObject([{ outcome: 'filtered', stopped: 'the filter "Root may" suppresses it' }]);
});

it('rules of other log sources are counted, not explained', () => {
  const other = ruleOf('sel: { TargetFilename: /etc/passwd }\ncondition: sel', 'category: file_event').replace(
    'id: t',
    'id: f',
  );
  const { rules, others } = explain('sel: { Image: /usr/bin/ls }\ncondition: sel', `---\n${other}`);
  expect(rules.map(({ id }) => id)).toEqual(['t']);
  expect(others).toBe(1);
});

it('those that matched stand first, then those that came nearest', () => {
  const texts = ['{ Image: /x }', '{ Image: /usr/bin/ls, User: alice }', '{ Image: /usr/bin/ls }'];
  const files = texts.map((selection, at) => ({
    name: `${at}.yml`,
    text: ruleOf(`sel: ${selection}\ncondition: sel`).replace('id: t', `id: r${at}`),
  }));
  expect(explainEvent(files, EVENT).rules.map(({ id, share }) => [id, share])).toEqual([
    ['r2', 1],
    ['r1', 0.5],
    ['r0', 0],
  ]);
});
