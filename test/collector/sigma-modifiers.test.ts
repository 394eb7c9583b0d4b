// Each modifier of Sigma's modifiers appendix, by what the specification says of it.
import { describe, expect, it } from 'vitest';
import { matchesFlat, refusals, ruleOf, spoken } from '../support/flat-rules.ts';

const item = (line: string) => `sel:\n    ${line}\ncondition: sel`;
const encoded = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
const wide = (text: string) => Buffer.from(text, 'utf16le');
const wideBig = (text: string) => wide(text).swap16();

describe('a modifier of a value', () => {
  it.each([
    // Strings, numbers, truth.
    ['F: value', 'VALUE', true],
    ['F: Value', 'value ', false],
    ['F: 517', 517, true],
    ['F: 517', '517', true],
    ["F: '517'", 517, true],
    ['F: 517', 5170, false],
    ['F: 0777', '0777', true],
    ['F: 0777', '777', false],
    ['F: 1.5', 1.5, true],
    ['F: true', true, true],
    ["F: 'true'", true, true],
    ['F: 18446744073709551615', '18446744073709551615', true],
    ['F: 18446744073709551615', '18446744073709551616', false],
    ["F: ['a', 1102]", 1102, true],
    ["F: 'a?c'", 'abc', true],
    ["F: 'a?c'", 'a😀c', true],
    ["F: 'a??c'", 'a😀c', false],
    ["F: 'a?c'", 'ac', false],
    ["F: '*'", 'anything', true],
    ["F: 'a*b*c'", 'a--b--c', true],
    ["F: 'a*b*b'", 'ab', false],
    // Lists in the event.
    ['F: b', ['a', 'B'], true],
    ['F|contains|all: [a, b]', ['xa', 'bx'], true],
    // startswith, endswith, contains, all, cased, neq
    ["F|startswith: '/USR'", '/usr/bin', true],
    ["F|startswith: 'bin'", '/usr/bin', false],
    ["F|endswith: '\\cmd.exe'", 'C:\\Windows\\CMD.EXE', true],
    ["F|contains: ['x', 'sr/b']", '/usr/bin', true],
    ["F|contains|all: ['usr', 'bin']", '/usr/bin', true],
    ["F|all|contains: ['usr', 'sbin']", '/usr/bin', false],
    ["F|contains: 'u*i'", '/usr/bin', true],
    ['F|contains: 123', 'a1234', true],
    ['F|cased: Value', 'Value', true],
    ['F|cased: Value', 'value', false],
    ['F|cased|contains: Al', 'vAlue', true],
    ['F|contains|cased: Al', 'value', false],
    ['F|neq: root', 'alice', true],
    ['F|neq: root', 'ROOT', false],
    ['F|neq: [root, alice]', 'alice', false],
    ['F|neq: 3', 3, false],
    ['F|neq: 3', 4, true],
    ['F|contains|neq: oo', 'root', false],
    ['F|re|neq: ^r', 'alice', true],
    ['F|cidr|neq: 10.0.0.0/8', '10.0.0.1', false],
    // re
    ["F|re: 'b+c$'", 'abbc', true],
    ["F|re: 'B+c$'", 'abbc', false],
    ["F|re|i: 'B+C$'", 'abbc', true],
    ["F|re: '^b'", 'a\nb', false],
    ["F|re|m: '^b'", 'a\nb', true],
    ["F|re: 'a.b'", 'a\nb', false],
    ["F|re|s: 'a.b'", 'a\nb', true],
    ["F|re|i|m|s: '^B.C$'", 'a\nb\nc', true],
    ["F|re|ignorecase: 'A'", 'a', true],
    ["F|re: '^(a|b){2,3}[^c]$'", 'abz', true],
    ["F|re: ['x', 'a']", 'a', true],
    ["F|re|all: ['x', 'a']", 'a', false],
    ["F|re: '^5'", 517, true],
    // cidr
    ['F|cidr: 10.0.0.0/8', '10.20.30.40', true],
    ['F|cidr: 10.0.0.0/8', '110.20.30.40', false],
    ['F|cidr: [192.168.0.0/16, fd00::/8]', 'fd12::1', true],
    ['F|cidr: fe80::/10', 'fe80::1%eth0', true],
    ['F|cidr: 0.0.0.0/0', '::1', false],
    // numbers
    ['F|lt: 10', 9.5, true],
    ['F|lt: 10', 10, false],
    ['F|lte: 10', '10', true],
    ['F|gt: 10', '9', false],
    ['F|gt: 10', '11', true],
    ['F|gte: -5', -5, true],
    ['F|gt: 1', 'many', false],
    ['F|gt: -1', '', false],
    ['F|gt: -1', ' ', false],
    ['F|gt: 1', '0x10', false],
    // base64, and UTF-16 before it
    ['F|base64: whoami', encoded('whoami'), true],
    ['F|base64: whoami', 'whoami', false],
    ['F|base64|contains: foobar', `x ${encoded('foobar')}y`, true],
    ['F|utf16le|base64: ping', encoded(wide('ping')), true],
    ['F|wide|base64: ping', encoded(wide('ping')), true],
    ['F|utf16be|base64: ping', encoded(wideBig('ping')), true],
    ['F|utf16be|base64: ping', encoded(wide('ping')), false],
    ['F|utf16|base64: ping', encoded(Buffer.concat([Buffer.from([0xff, 0xfe]), wide('ping')])), true],
    ['F|wide|base64: é', encoded(wide('é')), true],
    ["F|base64: '\\*'", encoded('*'), true],
    ['F|wide|base64offset|contains: invoke', encoded(wide('x=invoke-y')), true],
    ['F|base64offset|contains|all: [/bin/bash, /dev/tcp]', encoded('/bin/bash -i >& /dev/tcp/h'), true],
    ['F|base64offset|contains|all: [/bin/bash, /dev/udp]', encoded('/bin/bash -i >& /dev/tcp/h'), false],
    ['F|wide: cmd', 'c\0m\0d\0', true],
    ['F|utf16be|contains: cmd', 'x\0c\0m\0d', true],
    // windash
    ["F|windash|contains: ' -s '", 'x /S y', true],
    ["F|contains|windash: ' -s '", 'x –s y', true],
    ["F|windash|contains: ' /s '", 'x ―s y', true],
    ["F|windash|contains: ' -s '", 'x _s y', false],
    ["F|windash|contains: '-a -b'", '—a /b', true],
    ["F|windash|contains|all: [' -a', ' -b']", 'x /b /a', true],
    ["F|windash|base64: '-a'", encoded('/a'), true],
    // time
    ['F|minute: 7', '2026-11-21T23:07:59+02:00', true],
    ['F|hour: 23', '2026-11-21T23:07:59+02:00', true],
    ['F|hour|gte: 22', '2026-11-21 23:07:59.123', true],
    ['F|hour|lt: 6', '2026-11-21 23:07:59', false],
    ['F|day: 21', '2026-11-21', true],
    ['F|hour: 0', '2026-11-21', false],
    ['F|month: [10, 11]', '2026-11-21', true],
    ['F|year|neq: 2026', '2026-11-21', false],
    ['F|week: 47', '2026-11-21', true],
    ['F|week: 53', '2027-01-01', true],
    ['F|week: 1', '2025-12-29', true],
    ['F|hour: 23', 1_795_303_679, true],
    ['F|hour: 23', '1795303679000', true],
    ['F|hour: 1', 'yesterday', false],
    // exists, null, empty
    ['F|exists: true', '', true],
    ['F|exists: true', null, true],
    ['F|exists: true', undefined, false],
    ['F|exists: false', undefined, true],
    ['F|exists: false', null, false],
    ['F: null', undefined, true],
    ['F: null', null, true],
    ['F: null', '', false],
    ["F: ''", '', true],
    ["F: ''", 'x', false],
    ["F: ''", undefined, false],
    ["F: ''", null, false],
    ["F: '*'", undefined, false],
    ['F|contains: a', null, false],
    // What is not there is no number and no text; neq is the negation of the item without it.
    ['F|lt: 10', undefined, false],
    ['F|neq: root', undefined, true],
  ])('%s of %j: %s', (line, value, expected) => {
    expect(matchesFlat(item(line), { G: 'other', ...(value === undefined ? {} : { F: value }) })).toBe(expected);
  });

  it.each([0, 1, 2, 3, 4, 5])('base64offset finds a text after %i bytes, whatever follows', (before) => {
    for (const after of ['', 'z', 'zz', 'zzz']) {
      const field = encoded(`${'a'.repeat(before)}/etc/passwd${after}`);
      expect(matchesFlat(item('F|base64offset|contains: /etc/passwd'), { F: field })).toBe(true);
    }
    expect(matchesFlat(item('F|base64offset|contains: /etc/shadow'), { F: encoded('x/etc/passwd') })).toBe(false);
  });

  it.each([
    ['F|fieldref: G', { F: 'Alice', G: 'ALICE' }, true],
    ['F|fieldref: G', { F: 'alice', G: 'bob' }, false],
    ['F|fieldref: G', { F: 7, G: '7' }, true],
    ['F|fieldref|cased: G', { F: 'Alice', G: 'ALICE' }, false],
    ['F|fieldref|neq: G', { F: 'alice', G: 'bob' }, true],
    ['F|fieldref|neq: G', { F: 'alice', G: 'Alice' }, false],
    ['F|fieldref: G', {}, false],
    ['F|fieldref: G', { F: 'a' }, false],
    ['F|fieldref: [G, H]', { F: 'a', G: 'b', H: 'a' }, true],
    ['F|fieldref|all: [G, H]', { F: 'a', G: 'b', H: 'a' }, false],
    ['F|fieldref|startswith: G', { F: '/home/alice/x', G: '/HOME/alice' }, true],
    ['F|fieldref|endswith: G', { F: '/home/alice/x', G: '/x' }, true],
    ['F|fieldref|contains: G', { F: '/home/alice/x', G: 'alice' }, true],
    ['F|contains|fieldref: G', { F: '/home/alice/x', G: 'bob' }, false],
    ['F|fieldref|contains: G', { F: '/home/alice/x', G: '' }, false],
    ['F|fieldref: G', { F: 'a*', G: 'abc' }, false],
  ])('%s of %j: %s', (line, event, expected) => {
    expect(matchesFlat(item(line), event)).toBe(expected);
  });

  it.each([
    ['F|contain: a', /"contain" is not supported.*contains/],
    ['F|contains|startswith: a', /cannot stand on one field/],
    ['F|contains|re: a', /cannot stand on one field/],
    ['F|contains|base64: a', /"base64" stands after "contains"/],
    ['F|i: a', /belongs to "re"/],
    ['F|i|re: a', /stands after "re"/],
    ['F|re|cased: a', /"cased"/],
    ['F|re|base64: a', /"base64" cannot stand beside "re"/],
    ["F|base64: 'a*'", /wildcards cannot be encoded/],
    ["F|base64offset|contains: 'ab?'", /wildcards cannot be encoded/],
    ["F|base64: ''", /empty value/],
    ['F|base64offset|contains: a', /too short/],
    ['F|wide|utf16be: a', /one UTF-16 modifier/],
    [`F|windash|base64: '${'-'.repeat(6)}'`, /too many dashes/],
    ['F|contains|all: a', /more than one value/],
    ['F: [a, null]', /null cannot be part of a list/],
    ['F|contains: null', /null cannot have modifiers/],
    ['F: {a: b}', /must be text/],
    ['F: []', /empty list/],
    ['F|gt: a', /not a number/],
    ["F|gt: ''", /not a number/],
    ['F|gt: true', /not a number/],
    ['F|hour: 24', /from 0 to 23/],
    ['F|hour|contains: 2', /"contains" cannot stand beside "hour"/],
    ['F|hour|minute: 2', /cannot stand on one field/],
    ['F|cidr: 10.0.0.1', /not a network/],
    ['F|cidr: 10.0.0.0/33', /not a network/],
    ["F|exists: 'yes'", /true or false/],
    ['F|exists|cased: true', /"cased"/],
    ['F|fieldref|re: G', /cannot stand beside "fieldref"/],
    ['F|fieldref|base64: G', /cannot stand beside "fieldref"/],
    ["F|re: '(?<=a)b'", /regular expression/],
    ["F|re: '(?!a)b'", /regular expression/],
    ["F|re: '(a)\\1'", /regular expression/],
    ["F|re: 'a++'", /regular expression/],
    ["F|re: '(?>a)'", /regular expression/],
    ["F|re: 'a{1001}'", /regular expression/],
    ["F|re: '((a{100}){100}){100}'", /regular expression/],
    ["F|re: '[a'", /regular expression/],
    ['F|expand: "%nobody%"', /%nobody% has no values/],
  ])('%s is refused', (line, reason) => {
    expect(refusals(ruleOf(item(line)))).toEqual([expect.stringMatching(reason)]);
  });

  it('takes time in proportion to a text that an expression of a backtracking engine would not survive', () => {
    expect(matchesFlat(item("F|re: '^(a+)+$'"), { F: `${'a'.repeat(50_000)}b` })).toBe(false);
  });
});

describe('a placeholder', () => {
  const placeholders = "placeholders:\n    Admins: [root, 'adm_*']\n    Ports: [22, 2222]\n---\n";
  it.each([
    ["F|expand: '%Admins%'", 'root', true],
    ["F|expand: '%Admins%'", 'adm_alice', true],
    ["F|expand: '%Admins%'", 'alice', false],
    ["F: '%Admins%'", 'root', false],
    ["F: '%Admins%'", '%admins%', true],
    ["F|expand: 'x-%Admins%-%Ports%'", 'x-adm_q-2222', true],
    ["F|expand|contains: 'user %Admins% '", 'of user root in', true],
    ["F|expand: '\\%plain%Ports%'", '%plain22', true],
    ["F|expand: '100%'", '100%', true],
    ["F|expand|re: '^(%Admins%|x)$'", 'x', true],
    ["F|expand|base64: '%Ports%'", encoded('2222'), true],
  ])('%s of %j: %s', (line, value, expected) => {
    const [spoke] = spoken(placeholders + ruleOf(item(line)), [{ F: value }]);
    expect(spoke!.length > 0).toBe(expected);
  });

  it('is refused after an encoding, and where its values stand twice', () => {
    expect(refusals(ruleOf(item("F|base64|expand: '%a%'")))).toEqual([expect.stringMatching(/stands after "base64"/)]);
    expect(refusals(placeholders + placeholders + ruleOf(item('F: a')))).toEqual([
      expect.stringMatching(/%Admins% has values already/),
    ]);
  });
});
