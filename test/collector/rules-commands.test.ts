// The collector's commands about rules, as somebody who writes rules calls them.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../collector/src/commands/command.ts';
import { command as check } from '../../collector/src/commands/rules-check.ts';
import { command as coverage } from '../../collector/src/commands/rules-coverage.ts';
import { command as test } from '../../collector/src/commands/rules-test.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rules-commands-'));
  mkdirSync(join(directory, 'rules/deep'), { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

async function call(command: Command, words: { values?: Record<string, string>; operands?: string[]; stdin?: string }) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const written = Promise.all([textOf(stdout), textOf(stderr)]);
  const code = await command.run({
    values: words.values ?? {},
    operands: words.operands ?? [],
    environment: {},
    stdin: Readable.from([words.stdin ?? '']),
    stdout,
    stderr,
    untilSignal: () => Promise.reject(new Error('not asked for')),
    onHangUp: () => undefined,
  });
  stdout.end();
  stderr.end();
  const [out, err] = await written;
  const lines = out.split('\n').filter(Boolean);
  return { code, lines, err };
}

const RULE = `title: Shell from a web server
id: web-shell
logsource: {category: process_creation, product: linux}
detection:
    sel:
        Image|endswith: [/sh, /bash]
        ParentImage|endswith: /nginx
    condition: sel
`;
const LOGONS = `title: Failed logon
name: failed
logsource: {product: linux, service: sshd}
detection:
    sel: {event: failed}
    condition: sel
---
title: Many failed logons
id: many-failed
correlation:
    type: event_count
    rules: [failed]
    group-by: [src_ip]
    timespan: 1m
    condition: {gte: 3}
`;
const BROKEN = RULE.replace('endswith: [/sh', 'endswth: [/sh').replaceAll('web-shell', 'broken');
const event = (fields: object) => JSON.stringify(fields);
const SHELL = event({ Image: '/bin/SH', ParentImage: '/usr/sbin/nginx', CommandLine: 'sh -c id' });
const failed = (ip: string, time: string, name = 'timestamp') => event({ event: 'failed', src_ip: ip, [name]: time });

describe('rules test', () => {
  it('prints each match with the line of its event, and a summary beside it', async () => {
    const rules = fileOf('rules/web.yml', `tags:\nfalsepositives:\n${RULE}`);
    const events = fileOf('events.jsonl', `${event({ Image: '/bin/ls' })}\r\n\n${SHELL}\n${SHELL}`);
    const { code, lines, err } = await call(test, { values: { rules, events } });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { rule: 'web-shell', title: 'Shell from a web server', line: 3 },
      { rule: 'web-shell', title: 'Shell from a web server', line: 4 },
    ]);
    expect(err).toMatch(/1 rules .*0 not loaded; 3 events, 0 lines that are no event; 2 matches of 1 rules/);
    expect(code).toBe(0);
  });

  it('takes a directory with all below it, and events from standard input', async () => {
    fileOf('rules/web.yml', RULE);
    fileOf('rules/deep/logons.yaml', LOGONS);
    const { code, lines } = await call(test, {
      values: { rules: join(directory, 'rules'), events: '-' },
      stdin: `\ufeff${SHELL}\n`,
    });
    expect(lines).toHaveLength(1);
    expect(code).toBe(0);
  });

  it.each(['@timestamp', 'timestamp', 'UtcTime', 'EventTime', 'time'])(
    'counts by the time of events in %s',
    async (name) => {
      const rules = fileOf('logons.yml', LOGONS);
      const at = (clock: string, ip = '192.0.2.1') => failed(ip, `2026-11-21 ${clock}`, name);
      const stdin = [
        at('10:00:00'),
        at('10:00:20'),
        at('10:00:30', '192.0.2.9'),
        at('10:01:30'),
        at('10:01:40'),
        at('10:01:50.5'),
      ];
      const { lines, code } = await call(test, { values: { rules, events: '-' }, stdin: stdin.join('\n') });
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        { rule: 'many-failed', title: 'Many failed logons', line: 6 },
      ]);
      expect(code).toBe(0);
    },
  );

  it('says how many events have no time where a correlation needs it', async () => {
    const rules = fileOf('logons.yml', LOGONS);
    const { err } = await call(test, { values: { rules, events: '-' }, stdin: '{"event":"failed"}\n' });
    expect(err).toMatch(/1 events do not say when they happened/);
  });

  it('runs the others and ends with 1 where a rule does not load', async () => {
    const rules = fileOf('two.yml', `${BROKEN}---\n${RULE}`);
    const { code, lines, err } = await call(test, { values: { rules, events: '-' }, stdin: SHELL });
    expect(lines).toHaveLength(1);
    expect(err).toMatch(/two\.yml:6: Shell from a web server: the modifier "endswth" is not supported/);
    expect(code).toBe(1);
  });

  it('names lines that are no event and goes on', async () => {
    const rules = fileOf('rules/web.yml', RULE);
    const { code, lines, err } = await call(test, {
      values: { rules, events: '-' },
      stdin: `{"Image":\n[1]\n"x"\n${SHELL}\n`,
    });
    expect(err).toMatch(/line 1: not JSON/);
    expect(err).toMatch(/line 2: not a JSON object/);
    expect(err).toMatch(/line 3: not a JSON object/);
    expect(lines.map((line) => JSON.parse(line).line)).toEqual([4]);
    expect(code).toBe(0);
  });

  it('keeps the digits of numbers no computer number holds', async () => {
    const rules = fileOf(
      'long.yml',
      RULE.replace(/sel:\n[\s\S]*condition/, 'sel: {Id: 9007199254740993}\n    condition'),
    );
    const { lines } = await call(test, {
      values: { rules, events: '-' },
      stdin: '{"Id":9007199254740992}\n{"Id": 9007199254740993}\n',
    });
    expect(lines.map((line) => JSON.parse(line).line)).toEqual([2]);
  });

  it.each([
    [{ events: '-' }, /--rules PATH/],
    [{ rules: 'x' }, /--events FILE/],
    [{ rules: '/nowhere', events: '-' }, /ENOENT.*nowhere/],
  ])('refuses %j', async (values, reason) => {
    await expect(call(test, { values: values as Record<string, string> })).rejects.toThrow(reason);
  });

  it('refuses a directory without a rule file', async () => {
    mkdirSync(join(directory, 'empty'));
    const values = { rules: join(directory, 'empty'), events: '-' };
    await expect(call(test, { values })).rejects.toThrow(/no \.yml or \.yaml below/);
  });
});

describe('rules check', () => {
  it('names what does not load, what can never match, and what should be looked at', async () => {
    const unused = RULE.replace('condition: sel', 'spare: {Image: a}\n    condition: sel').replace(
      'web-shell',
      'unused',
    );
    const blind = RULE.replace('ParentImage', 'Company').replace('web-shell', 'blind');
    const path = fileOf('check.yml', [RULE, BROKEN, unused, blind].join('---\n'));
    const { code, lines, err } = await call(check, { operands: [path] });
    expect(lines).toEqual([
      expect.stringMatching(/check\.yml:15: error: Shell from a web server: the modifier "endswth"/),
      expect.stringMatching(/check\.yml:35: cannot match here: .*our events have no field "Company"/),
      expect.stringMatching(/check\.yml:26: warning: .*does not use "spare"/),
    ]);
    expect(err).toMatch(/1 files: 2 rules load, 1 do not, 1 cannot match/);
    expect(code).toBe(1);
  });

  it('does not call a correlation wrong whose rules cannot match here', async () => {
    const { code, lines } = await call(check, { operands: [fileOf('logons.yml', LOGONS)] });
    expect(lines).toEqual([
      expect.stringMatching(/logons\.yml:5: cannot match here: Failed logon: our events have no field "event"/),
      expect.stringMatching(/logons\.yml:13: cannot match here: Many failed logons: .*"src_ip"/),
    ]);
    expect(code).toBe(0);
  });

  it('takes one path', async () => {
    await expect(call(check, {})).rejects.toThrow(/one PATH/);
    await expect(call(check, { operands: ['a', 'b'] })).rejects.toThrow(/one PATH/);
  });

  it('warns of a rule of which a part cannot be seen, and takes a filter that cannot be seen for a rule that cannot match', async () => {
    const part = RULE.replace('condition: sel', 'other: {Company: x}\n    condition: sel or other').replace(
      'web-shell',
      'part',
    );
    const hidden = RULE.replace('condition: sel', 'other: {Company: x}\n    condition: sel and not other');
    const path = fileOf('part.yml', [part, hidden].join('---\n'));
    const { code, lines } = await call(check, { operands: [path] });
    expect(lines).toEqual([
      expect.stringMatching(/part\.yml:18: cannot match here: .*"Company"/),
      expect.stringMatching(/part\.yml:8: warning: .*"Company"/),
    ]);
    expect(code).toBe(0);
  });
});

const sigmaHq = new URL('../../../shared/data/sigma-linux-rules', import.meta.url).pathname;
describe.skipIf(!existsSync(sigmaHq))('the Linux rules of SigmaHQ (needs ../shared/data)', () => {
  it('are loaded but for six in the syntax of before 2.0, and of the rest eleven ask for what no sensor reports', async () => {
    const { lines, err } = await call(check, { operands: [sigmaHq] });
    const of = (kind: string) => lines.filter((line) => line.includes(`: ${kind}: `));
    expect(of('error').map((line) => /unsupported\/linux\/.*use a correlation rule$/.test(line))).toEqual(
      Array(6).fill(true),
    );
    expect(of('cannot match here')).toHaveLength(11);
    expect(err).toMatch(/255 files: 238 rules load, 6 do not, 11 cannot match/);
    expect(
      err
        .split('\n')
        .slice(1)
        .filter(Boolean)
        .map((line) => line.trim().replace(/:.*/, '')),
    ).toEqual([
      '3 our events have no field "DestinationHostname"',
      '2 our events have no field "key"',
      '1 no sensor reports "SYSCALL" as socket',
      '1 no sensor reports "SYSCALL" as syslog',
      '1 no sensor reports "SYSCALL" as sysinfo',
      '1 no sensor reports "SYSCALL" as mknod',
      '1 service "clamav" is not among the events we collect',
      '1 service "guacamole" is not among the events we collect',
    ]);
  });
});

describe('rules coverage', () => {
  const TAGS = 'tags: [attack.persistence, attack.execution, attack.t1505.003, attack.t1059.004]\n';

  it('lists by tactic and technique the rules that speak, not their building blocks', async () => {
    const logons = LOGONS.replace('event: failed', 'event.outcome: failure')
      .replace('src_ip', 'source.ip')
      .replace('name: failed', 'name: failed\ntags: [attack.initial_access, attack.t1078]');
    const path = fileOf('covered.yml', `${RULE}${TAGS}---\n${logons}tags: [attack.credential_access, attack.t1110]\n`);
    const { code, lines, err } = await call(coverage, { operands: [path] });
    expect(code).toBe(0);
    expect(lines).toEqual([
      'credential-access (1)',
      '  T1110      Many failed logons',
      'execution (2)',
      '  T1059.004  Shell from a web server',
      '  T1505.003  Shell from a web server',
      'persistence (2)',
      '  T1059.004  Shell from a web server',
      '  T1505.003  Shell from a web server',
    ]);
    expect(err).toContain('2 rules speak of 3 techniques in 3 tactics');
  });

  it('gives a layer for the Navigator', async () => {
    const path = fileOf('layer.yml', RULE + TAGS);
    const { code, lines } = await call(coverage, { operands: [path], values: { output: 'navigator' } });
    expect(code).toBe(0);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      domain: 'enterprise-attack',
      versions: { layer: '4.5' },
      techniques: [
        { techniqueID: 'T1059.004', score: 1, comment: 'Shell from a web server' },
        { techniqueID: 'T1505.003', score: 1 },
      ],
    });
  });

  it.each([
    ['no path', { operands: [] }, /takes one PATH/],
    ['another form', { operands: ['x.yml'], values: { output: 'csv' } }, /--output is navigator/],
  ])('refuses %s', async (_, words, message) => {
    await expect(call(coverage, words)).rejects.toThrow(message);
  });
});
