// What consoles send as rules: any name and any text is refused or taken, and nothing that is taken leads out of a directory.
import { normalize } from 'node:path/posix';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkChange } from '../../collector/src/rule-book/check-change.ts';
import { readIncoming } from '../../collector/src/rule-book/read-incoming.ts';
import { RuleBookError } from '../../collector/src/rule-book/rule-book-error.ts';

const PIECES = ['a', 'b.yml', '.yml', '/', '..', '.', '\\', '\0', '\n', '\u001b[2J', '~', ' ', 'é', '.yaml', '-', '//'];
const LINES = [
  'title: a',
  'id: x',
  'id: pack',
  'name: n',
  'logsource: { category: process_creation }',
  'detection: { sel: { Image: /a }, condition: sel }',
  'detection: { sel: [{ Image: /a }, b], condition: not sel }',
  'filter: { rules: any, sel: { Image: /a }, condition: sel }',
  'correlation: { type: event_count, rules: [x], timespan: 1m, condition: { gte: 2 } }',
  'placeholders: { a: [b] }',
  '---',
  'level: &a high',
  'tags: [*a, attack.t1]',
  '? ',
  '- a: [',
  '\t',
];

describe('a file name', () => {
  it('that is taken is a path below whatever directory, on one line, without what a terminal acts on', () => {
    const name = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(name, (each) => {
        try {
          readIncoming([{ name: each, text: '' }]);
        } catch (error) {
          expect(error).toBeInstanceOf(RuleBookError);
          return;
        }
        expect(each).toMatch(/^[ -~]+\.ya?ml$/);
        expect(normalize(`/export/${each}`)).toBe(`/export/${each}`);
        expect(each.split('/').every((part) => part !== '' && !part.startsWith('.'))).toBe(true);
      }),
      { numRuns: 3000, seed: 6 },
    );
  });
});

describe('a text', () => {
  it('loads whole or is refused with file and line, and never costs the pack a rule it does not override', () => {
    const pack = [{ name: 'rules/pack.yml', text: [LINES[0], LINES[2], LINES[4], LINES[5]].join('\n') }];
    const lines = fc.array(fc.constantFrom(...LINES), { maxLength: 12 }).map((all) => all.join('\n'));
    const change = { pack, imported: [], removed: [], override: false };
    fc.assert(
      fc.property(lines, fc.boolean(), (text, partial) => {
        const checked = checkChange({ ...change, incoming: [{ name: 'x.yml', text }], partial });
        expect(checked.rules.length + checked.refusals.length + checked.filters).toBeGreaterThanOrEqual(0);
        for (const { file, line, reason } of checked.refusals) {
          expect([file, line > 0, reason.length > 0]).toEqual(['imported/x.yml', true, true]);
        }
        if (partial && checked.refusals.length > 0) expect(checked.files).toEqual([]);
        expect(checked.rules.map(({ id }) => id)).not.toContain('pack');
      }),
      { numRuns: 300, seed: 6 },
    );
  });
});
