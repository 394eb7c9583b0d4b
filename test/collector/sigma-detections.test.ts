// Search identifiers, keywords, conditions, filters and log sources, by what Sigma's specification says of them.
import { describe, expect, it } from 'vitest';
import { matchesFlat, refusals, ruleOf, spoken } from '../support/flat-rules.ts';

describe('a search identifier', () => {
  it.each([
    ['a map holds where all of it does', 'sel: {A: 1, B: 2}', { A: 1, B: 2 }, true],
    ['a map does not hold by a part', 'sel: {A: 1, B: 2}', { A: 1, B: 3 }, false],
    ['a list of maps holds where one does', 'sel: [{A: 1}, {B: 2}]', { B: 2 }, true],
    ['a list of maps with a map of two', 'sel: [{A: 1}, {B: 2, C: 3}]', { B: 2 }, false],
    ['a keyword is anywhere in any value', 'sel: [evilservice, other]', { X: 'the EVILSERVICE runs' }, true],
    ['a keyword is not the name of a field', 'sel: [evilservice]', { evilservice: 'x' }, false],
    ['a keyword may be a number', 'sel: [4711]', { X: 'port 4711' }, true],
    ['a keyword may have wildcards', "sel: ['rm *history']", { X: 'x rm -f .bash_history y' }, true],
    ['a keyword does not run over two values', "sel: ['rm *history']", { X: 'rm -f', Y: 'history' }, false],
    ['a keyword that is alone', 'sel: evil', { X: 'EVIL' }, true],
    ['keywords beside maps', 'sel: [evil, {A: 1}]', { A: 1 }, true],
    ['all keywords', "sel: {'|all': [alpha, beta]}", { X: 'alpha', Y: 'beta' }, true],
    ['not all keywords', "sel: {'|all': [alpha, beta]}", { X: 'alpha' }, false],
    ['keywords in lists and objects', 'sel: [deep]', { X: { Y: ['so deep'] } }, true],
    ['a keyword as an expression', "sel: {'|re': '^a.c$'}", { X: 'abc' }, true],
    ['a keyword in its own case', "sel: {'|cased': [Evil]}", { X: 'evil' }, false],
    ['a keyword encoded', "sel: {'|base64offset|contains': [/bin/bash]}", { X: btoa('x/bin/bash') }, true],
    ['names are case-sensitive', 'sel: {Image: a}', { image: 'a' }, false],
    ['names of objects in objects are joined by dots', 'sel: {process.name: sh}', { process: { name: 'sh' } }, true],
    ['names with dots stand as they are', 'sel: {process.name: sh}', { 'process.name': 'sh' }, true],
    ['a name every object has from birth', 'sel: {constructor|exists: true}', { X: 1 }, false],
  ])('%s', (_, selection, event, expected) => {
    expect(matchesFlat(`${selection}\ncondition: sel`, event)).toBe(expected);
  });

  it.each([
    ['sel: {}', /empty search identifier/],
    ['sel: []', /empty search identifier/],
    ['sel: null', /empty keyword/],
    ["sel: ['']", /empty keyword/],
    ['sel: [a, null]', /empty keyword/],
    ["sel: {'|startswith': [a, b]}", /without a field/],
    ["sel: {'|all': [a]}", /more than one value/],
    [`sel: ${'['.repeat(20)}a${']'.repeat(20)}`, /nested too deep/],
  ])('%s is refused', (selection, reason) => {
    expect(refusals(ruleOf(`${selection}\ncondition: sel`))).toEqual([expect.stringMatching(reason)]);
  });
});

describe('a condition', () => {
  const selections = 'sel_a: {A: 1}\nsel_b: {B: 1}\nfilter_x: {X: 1}\n_hidden: {H: 1}\nkeywords: [word]\n';
  it.each([
    ['sel_a', { A: 1 }, true],
    ['sel_a and sel_b', { A: 1 }, false],
    ['sel_a or sel_b', { B: 1 }, true],
    ['not sel_a', { A: 1 }, false],
    ['not not sel_a', { A: 1 }, true],
    // or binds less than and, and less than not.
    ['sel_a or sel_b and filter_x', { A: 1 }, true],
    ['(sel_a or sel_b) and filter_x', { A: 1 }, false],
    ['not sel_a and sel_b', { B: 1 }, true],
    ['not (sel_a and sel_b)', { A: 1 }, true],
    ['not sel_a or sel_b', { A: 1, B: 1 }, true],
    ['1 of sel_*', { B: 1 }, true],
    ['any of sel_*', { B: 1 }, true],
    ['all of sel_*', { B: 1 }, false],
    ['all of sel_*', { A: 1, B: 1 }, true],
    ['1 of *_b', { B: 1 }, true],
    ['1 of s*_*b', { B: 1 }, true],
    ['1 of sel_a', { A: 1 }, true],
    ['1 of them', { X: 1 }, true],
    ['1 of them', { H: 1 }, false],
    ['1 of _*', { H: 1 }, true],
    ['all of them', { A: 1, B: 1, X: 1, T: 'word' }, true],
    ['all of them', { A: 1, B: 1, X: 1 }, false],
    ['1 of sel_* and not 1 of filter_*', { A: 1, X: 1 }, false],
    ['1 of sel_* and not 1 of filter_*', { A: 1 }, true],
    ['all of sel_* or keywords', { T: 'a word' }, true],
    ['NOT sel_a AND sel_b', { B: 1 }, true],
    ['[sel_a, sel_b]', { B: 1 }, true],
    ['[sel_a and sel_b, filter_x]', { A: 1 }, false],
    ['((((sel_a))))', { A: 1 }, true],
    ['(sel_a)and(sel_b)', { A: 1, B: 1 }, true],
  ])('%s of %j: %s', (condition, event, expected) => {
    expect(matchesFlat(`${selections}condition: ${condition}`, event)).toBe(expected);
  });

  it.each([
    ['sel_c', /names "sel_c"/],
    ['SEL_A', /names "SEL_A"/],
    ['1 of other_*', /matches no search identifier/],
    ['2 of sel_*', /only "1 of", "any of" and "all of"/],
    ['sel_a and', /ends or breaks off/],
    ['sel_a sel_b', /"sel_b" is not expected/],
    ['(sel_a', /"\)" is missing/],
    ['sel_a)', /"\)" is not expected/],
    ['""', /ends or breaks off/],
    ['sel_a | count() > 5', /correlation rule/],
    ['sel_a | near sel_b', /correlation rule/],
    ['[]', /text or a list/],
    ['{a: b}', /text or a list/],
  ])('%s is refused', (condition, reason) => {
    expect(refusals(ruleOf(`${selections}condition: ${condition}`))).toEqual([expect.stringMatching(reason)]);
  });
});

describe('a filter', () => {
  const source = 'logsource: {category: process_creation, product: linux}\n';
  const rule = (id: string, field: string, logsource = source) =>
    `title: ${id}\nid: ${id}\n${logsource}detection:\n    sel: {${field}: 1}\n    condition: sel\n---\n`;
  const filter = (lines: string, logsource = source) =>
    `title: no admins\n${logsource}filter:\n${lines.replace(/^/gm, '    ')}\n`;
  const both = rule('a', 'A') + rule('b', 'B');
  const admin = { A: 1, B: 1, User: 'adm_alice' };

  it.each([
    [
      'what its condition says, of the rules it names',
      'rules: [a]\nselection: {User|startswith: adm_}\ncondition: selection',
      ['b'],
    ],
    ['nothing of an event it does not say', 'rules: [a]\nselection: {User: bob}\ncondition: selection', ['a', 'b']],
    ['of every rule of its log source', 'rules: any\nselection: {User|startswith: adm_}\ncondition: selection', []],
    ['by several selections', "rules: [a]\nu: {User: 'adm_*'}\nv: {V: 1}\ncondition: u and not v", ['b']],
    [
      'what does not stay, where it says what stays',
      'rules: [a]\nselection: {User|startswith: adm_}\ncondition: not selection',
      ['b'],
    ],
    ['and leaves what stays', 'rules: [a]\nselection: {User: bob}\ncondition: not selection', ['a', 'b']],
    [
      'by several selections of what stays',
      "rules: [a]\nu: {U: 1}\nv: {User: 'adm_*'}\ncondition: not u and not v",
      ['b'],
    ],
  ])('suppresses %s', (_, lines, expected) => {
    expect(spoken(both + filter(lines), [admin])[0]).toEqual(expected);
    // Wherever it stands.
    expect(spoken(`${filter(lines)}---\n${both}`, [admin])[0]).toEqual(expected);
  });

  it('is not applied to a rule of another log source', () => {
    const other = filter(
      'rules: any\nselection: {User: "adm_*"}\ncondition: selection',
      'logsource: {service: sshd}\n',
    );
    expect(spoken(both + other, [admin])[0]).toEqual(['a', 'b']);
  });

  it.each([
    [
      'a rule that is not there',
      'rules: [a, gone]\nselection: {User: x}\ncondition: selection',
      /"gone", which is not loaded/,
    ],
    ['no condition', 'rules: [a]\nselection: {User: x}', /condition/],
    ['no rules', 'selection: {User: x}\ncondition: selection', /rules/],
    ['a selection that is not there', 'rules: [a]\nselection: {User: x}\ncondition: other', /names "other"/],
    [
      'a modifier that is none',
      'rules: [a]\nselection: {User|like: x}\ncondition: selection',
      /"like" is not supported/,
    ],
  ])('that asks for %s is refused, and the rules run', (_, lines, reason) => {
    expect(refusals(both + filter(lines))).toEqual([expect.stringMatching(reason)]);
  });

  it('of what agents do not report is refused rather than blinding rules', () => {
    const text = both.replaceAll('{A: 1}', '{Image: a}').replaceAll('{B: 1}', '{Image: b}');
    const blind = filter('rules: any\nselection: {Company: x}\ncondition: selection');
    expect(refusals(text + blind, {})).toEqual(['our events have no field "Company"']);
  });
});

describe('a log source that events name themselves', () => {
  const rule = ruleOf(
    'sel: {A: 1}\ncondition: sel',
    'title: t\nlogsource: {category: process_creation, product: linux}\n',
  );
  it.each([
    ['is not required', {}, true],
    ['is the rule’s', { logsource: { category: 'Process_Creation' } }, true],
    ['is another', { logsource: { category: 'network_connection' } }, false],
    ['is another product', { 'logsource.product': 'windows' }, false],
    ['says what the rule does not', { 'logsource.service': 'auditd' }, true],
  ])('%s', (_, event, expected) => {
    expect(spoken(rule, [{ A: 1, ...event }])[0]!.length > 0).toBe(expected);
  });
});

describe('a document', () => {
  it('needs no id: its name stands for it, and its title for both', () => {
    const [named, titled] = ['title: T\nname: n\n', 'title: T\n'].map((head) =>
      ruleOf('sel: {A: 1}\ncondition: sel', `${head}logsource: {product: linux}\n`),
    );
    expect(spoken(named!, [{ A: 1 }])).toEqual([['n']]);
    expect(spoken(titled!, [{ A: 1 }])).toEqual([['T']]);
  });

  it.each([
    ['a rule collection of Sigma before 2.0', 'action: global\ntitle: t\n', /before 2.0/],
    [
      'an alias to its own ancestor',
      'title: t\nlogsource: {}\ndetection: &a\n    sel: *a\n    condition: sel\n',
      /nested too deep/,
    ],
    ['lists without end', `title: ${'['.repeat(20_000)}`, /./],
    ['a value without end', ruleOf(`sel: {A: ${'a'.repeat(20_000)}}\ncondition: sel`), /more than 16384 characters/],
  ])('%s is refused', (_, text, reason) => {
    expect(refusals(text)).toEqual([expect.stringMatching(reason)]);
  });
});
