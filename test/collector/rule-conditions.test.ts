import { describe, expect, it } from 'vitest';
import { matchesExec } from '../support/rule-text.ts';

// a and b hold for the event, x and y do not.
const IDENTIFIERS = `
sel_a:
    Image|endswith: /a
sel_b:
    ProcessId: 5
sel_x:
    Image|endswith: /x
other_y:
    ProcessId: 6
_hidden:
    ProcessId: 6
`.trim();
const event = { process: { executable: '/bin/a', pid: 5 } };

describe('a condition', () => {
  it.each([
    ['sel_a', true],
    ['sel_x', false],
    ['sel_a and sel_b', true],
    ['sel_a and sel_x', false],
    ['sel_x or sel_b', true],
    ['not sel_x', true],
    ['not not sel_a', true],
    ['not sel_a', false],
    ['sel_a or sel_x and other_y', true],
    ['(sel_a or sel_x) and other_y', false],
    ['not sel_x and sel_b', true],
    ['not (sel_x or other_y)', true],
    ['sel_a AND NOT sel_x', true],
    ['1 of them', true],
    ['all of them', false],
    ['1 of sel_*', true],
    ['all of sel_*', false],
    ['1 of other_*', false],
    ['all of sel_a*', true],
    ['1 of *_y', false],
    ['sel_a and not 1 of other*', true],
    ['sel_a and not all of sel*', true],
    ['1 of _hid*', false],
    ['[sel_x, sel_a]', true],
    ['[sel_x, other_y]', false],
  ])('%s is %s', (condition, expected) => {
    expect(matchesExec(`${IDENTIFIERS}\ncondition: ${condition}`, event)).toBe(expected);
  });

  it.each([
    ['', /ends/],
    ['sel_a and', /ends/],
    ['sel_a sel_b', /not expected/],
    ['(sel_a', /missing/],
    ['sel_a)', /not expected/],
    ['sel_q', /"sel_q", which is not defined/],
    ['1 of q*', /no search identifier/],
    ['2 of sel_*', /only "1 of"/],
    ['sel_a | count() > 5', /correlation rule/],
  ])('"%s" is refused', (condition, reason) => {
    expect(() => matchesExec(`${IDENTIFIERS}\ncondition: '${condition}'`, event)).toThrow(reason);
  });

  it('takes a map as "and" and a list of maps as "or"', () => {
    const map = 'sel:\n    Image|endswith: /a\n    ProcessId: 6\ncondition: sel';
    const list = 'sel:\n    - Image|endswith: /a\n    - ProcessId: 6\ncondition: sel';
    expect(matchesExec(map, event)).toBe(false);
    expect(matchesExec(list, event)).toBe(true);
  });
});
