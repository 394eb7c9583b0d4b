// Rules as an analyst handles them: the console as a process, a real collector, rule files on disk.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRuleFiles } from '../../console/src/services/rule-files.ts';
import { TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { SealingAgent } from '../support/sealing-agent.ts';

let collector: TestCollector;
let agent: SealingAgent;
let directory: string;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: collector.home, TZ: 'UTC' });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout);

const ruleText = (id: string, title = `Rule ${id}`) => `title: ${JSON.stringify(title)}
id: ${id}
level: high
tags: [attack.execution, attack.t1059]
logsource: { category: process_creation, product: linux }
detection:
    selection: { Image: /opt/${id} }
    condition: selection
`;

function write(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'console-rules-'));
  collector = await TestCollector.start();
  writeFileSync(join(collector.home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
});
afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const execute = (image: string) =>
  agent.send([
    {
      observedAtUs: Date.now() * 1000,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      user: { name: 'root', id: 0 },
      process: { pid: 9, executable: image, args: [image] },
    },
  ]);

describe('rules', () => {
  it('are imported after a look, tried out, explained, switched off, exported and taken back', async () => {
    const mine = write('mine/tor.yml', ruleText('tor'));
    const looked = await run('rules', 'import', mine, '--dry-run');
    expect(looked).toMatchObject({ code: 0, stdout: expect.stringMatching(/new +Rule tor +tor +imported\/tor.yml:1/) });
    expect(looked.stderr).toContain('would be imported: 1 files');
    expect((await run('rules', 'show', 'tor')).code).toBe(4);
    expect((await run('rules', 'import', mine)).stderr).toContain('imported: 1 files, 0 as they were, 0 left out');
    expect((await run('rules', 'import', mine)).stderr).toContain('nothing to import: 0 files, 1 as they were');

    const simulated = await run('rules', 'simulate', 'tor', '--reason', 'how loud?');
    expect(simulated).toMatchObject({ code: 0, stdout: expect.stringMatching(/state +simulated, was on/) });
    await execute('/opt/tor');
    const shown = await run('rules', 'show', 'tor');
    expect(shown.stdout).toMatch(/state +simulated, by .*, how loud\?/);
    expect(shown.stdout).toMatch(/simulated: 1 matches from .* which would have raised 1 alerts/);
    expect(shown.stdout).toContain('    selection: { Image: /opt/tor }');
    expect((await json('rules', 'show', 'tor')).simulation).toMatchObject({ matches: 1, alerts: 1 });

    const [event] = await json('events', 'search', 'process.executable:/opt/tor');
    const explained = await run('rules', 'explain', '--event', event['event.id']);
    expect(explained.stdout).toMatch(/Rule tor {2}\(matched, simulated, high\) {2}tor\n {2}condition +selection/);
    expect(explained.stderr).toMatch(
      /rules looked at it: 1 matched\nof \d+ nothing held; --all shows them\n\d+ are of/,
    );
    const csv = (await run('rules', 'explain', '--event', event['event.id'], '--output', 'csv')).stdout.split('\n');
    expect(csv[0]).toBe('rule.id,rule.title,rule.level,state,outcome,near,stopped,condition,selections,feeds,speaks');
    expect(csv[1]).toMatch(/^tor,Rule tor,high,simulated,matched,false,,selection,/);

    expect((await run('rules', 'disable', 'tor')).stdout).toMatch(/state +off, was simulated/);
    expect((await run('rules', 'list', '--state', 'off')).stdout).toMatch(/off +high +Rule tor .* T1059 +1 +0 .* tor/);
    expect((await run('rules', 'enable', 'tor')).stdout).toMatch(/state +on, was off/);

    const out = join(directory, 'out');
    expect((await run('rules', 'export', out, '--imported')).stdout).toContain(`1 rule files below ${out}`);
    expect(readFileSync(join(out, 'imported/tor.yml'), 'utf8')).toBe(ruleText('tor'));
    expect(await run('rules', 'export', out, '--imported')).toMatchObject({ code: 5, stdout: '' });
    expect((await run('rules', 'export', out, '--force')).code).toBe(0);
    expect(existsSync(join(out, 'rules/bursts.yml'))).toBe(true);

    const removed = await run('rules', 'remove', 'imported/tor.yml');
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringMatching(/removed +Rule tor/) });
    const actions = (await json('audit', 'list', '--limit', '20')).map(({ action }: { action: string }) => action);
    // Reads stand between them.
    expect(actions.reverse().filter((action: string) => action.startsWith('rule'))).toEqual([
      'rule_file.imported',
      'rule.state_changed',
      'rule.state_changed',
      'rule.state_changed',
      'rule_file.removed',
    ]);
  });

  it('are a table, JSON and CSV of the same', async () => {
    const [table, listed, csv] = await Promise.all([
      run('rules', 'list', '--tag', 'T1110', '--level', 'high'),
      json('rules', 'list', '--tag', 'T1110', '--level', 'high'),
      run('rules', 'list', '--tag', 'T1110', '--level', 'high', '--output', 'csv'),
    ]);
    expect(table.stdout.split('\n')[0]).toMatch(
      /^STATE +LEVEL +RULE +ATT&CK +MATCHES 24H +ALERTS 24H +LAST +ID +FILE$/,
    );
    expect(listed.length).toBeGreaterThan(0);
    expect(table.stdout.trim().split('\n')).toHaveLength(listed.length + 1);
    expect(csv.stdout.trim().split('\n')).toHaveLength(listed.length + 1);
    expect(listed[0]).toMatchObject({ state: 'on', kind: expect.any(String), file: expect.stringMatching(/^rules\//) });
  });

  it('are covered as a table and as a layer of the Navigator', async () => {
    const table = await run('rules', 'coverage');
    expect(table).toMatchObject({ code: 0, stderr: expect.stringMatching(/^\d+ rules speak of \d+ techniques/) });
    expect(table.stdout).toMatch(/^TACTIC +TECHNIQUE +RULES +WHICH\n/);
    const layer = await run('rules', 'coverage', '--navigator');
    expect(JSON.parse(layer.stdout)).toMatchObject({ domain: 'enterprise-attack', techniques: expect.any(Array) });
  });
});

describe('wrong use', () => {
  it.each([
    [['list', '--state', 'onn'], 2, /--state "onn" is not known/],
    [['list', '--level', 'loud'], 2, /--level "loud" is not known/],
    [['show'], 2, /ID is missing: .*--help/],
    [['show', 'no-such-rule'], 4, /no rule that is loaded has this id or name/],
    [['enable', 'no-such-rule'], 4, /threatguard rules list shows them/],
    [['disable', 'b'], 1, /several rules begin with this; give more of the id/],
    [['disable', 'look_around', '--reson', 'x'], 2, /there is no flag --reson.*--reason/],
    [['explain'], 2, /event/],
    [['explain', '--event', 'x'], 2, /AGENT\/STREAM\/SEQUENCE\/INDEX/],
    [['explain', '--event', 'web-1/ffffffffffffffff/1/0'], 4, /no such event is kept/],
    [['import', '/nowhere/at/all'], 4, /there is no \/nowhere\/at\/all/],
    [['remove', 'look_around'], 2, /is of the pack: threatguard rules disable/],
    [['remove', 'nothing.yml'], 4, /no rule that is loaded/],
    [['exprot', 'x'], 2, /there is no command "rules exprot".*rules export/],
  ])('rules %j ends with %i', async (args, code, message) => {
    const result = await run('rules', ...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(RAW);
  });
});

describe('files nobody should have written', () => {
  it('are refused by file and line, printable, and nothing of them is imported', async () => {
    write('bad/good.yml', ruleText('good'));
    write('bad/hostile.yml', ruleText('hostile', HOSTILE.replaceAll('\ud800', '')).replace('Image:', 'Imagge:'));
    write('bad/deep.yml', `title: deep\ndetection: ${'['.repeat(3_000)}`);
    const result = await run('rules', 'import', join(directory, 'bad'));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('refused: imported/hostile.yml:7: a\\x1b[2J\\x1b]52;c;');
    expect(result.stderr).toMatch(/refused: imported\/deep.yml:\d+: /);
    expect(result.stderr).toContain('none of 3 files was imported: 2 things stand against it');
    expect(result.stdout + result.stderr).not.toMatch(RAW);
    expect((await run('rules', 'show', 'good')).code).toBe(4);
    const partial = await json('rules', 'import', join(directory, 'bad'), '--partial');
    expect(partial).toMatchObject({ applied: true, files: 1, left_out: 2, rules: [{ id: 'good', change: 'new' }] });
  });

  it('that load are printable wherever they are shown', async () => {
    const text = `${ruleText('shown', `${HOSTILE.replaceAll('\ud800', '')} x`)}description: ${JSON.stringify(HOSTILE.replaceAll('\ud800', ''))}\n# \u202e\u009b31m\n`;
    expect((await run('rules', 'import', write('shown.yml', text))).code).toBe(0);
    await execute('/opt/shown');
    const [event] = await json('events', 'search', 'process.executable:/opt/shown');
    const shown = ['list', 'show shown', `explain --event ${event['event.id']}`].flatMap((command) =>
      ['table', 'json', 'csv'].map((output) => [...command.split(' '), '--output', output]),
    );
    const others = [['coverage'], ['coverage', '--navigator'], ['simulate', 'shown']];
    // One after another: the collector looks at the rules of two at a time and sends others away.
    for (const command of [...shown, ...others]) {
      const { code, stdout, stderr } = await run('rules', ...command);
      expect(code, stderr).toBe(0);
      expect(stdout + stderr, command.join(' ')).not.toMatch(RAW);
    }
  });

  it.each(['../out.yml', '/tmp/out.yml', 'a/../../out.yml', '.bashrc', 'a\u001b[2J.yml', 'x.sh'])(
    'are not written where a collector names one %j',
    async (name) => {
      const target = join(directory, 'export', 'target');
      const files = [
        { name: 'fine.yml', text: 'x' },
        { name, text: 'x' },
      ];
      await expect(writeRuleFiles(target, files, { force: true })).rejects.toMatchObject({ code: 'failure' });
      expect(existsSync(join(target, 'fine.yml'))).toBe(false);
    },
  );
});
