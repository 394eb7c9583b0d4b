// Other rules while events flow: what windows hold, what threads still match with the rules before, and what a slip of an
// editor must not do.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostEvent } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileRules } from '../../collector/src/detect/rules/load.ts';
import { RuleDirectory } from '../../collector/src/detect/rules/rule-directory.ts';
import { RuleEngine } from '../../collector/src/detect/rules/rule-engine.ts';
import type { RuleState } from '../../collector/src/detect/rules/wiring.ts';
import { homePaths } from '../../collector/src/fleet/home.ts';
import { caOf, consoleIdentityOf, enrolTestAgent } from '../support/agent-identity.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from '../support/collector.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

const failed = ({ reason = 'is-bad', more = '', level = 'low' } = {}) => `title: Failed logon
id: failed
level: ${level}
logsource: {category: authentication}
detection:
    sel: {event.reason: ${reason}}
    condition: sel
${more}`;
const many = ({ title = 'Many failed', gte = 5, more = '', name = 'many' } = {}) => `---
title: ${title}
id: ${name}
correlation: {type: event_count, rules: [failed], group-by: [source.ip], timespan: 5m, condition: {gte: ${gte}}${more}}
`;
const OTHER = `---
title: Other
id: other
logsource: {category: process_creation}
detection: {sel: {Image: /bin/other}, condition: sel}
`;
const FILTER = `---
title: Of the scanner
logsource: {category: authentication}
filter: {rules: [failed], sel: {user.name: scanner}, condition: sel}
`;
const ruleFile = (text: string) => ({ loaded: compileRules([{ name: 'test.yml', text }]) });

function failures(count: number, from = 0): HostEvent[] {
  return Array.from({ length: count }, (_, n) =>
    hostEvent(
      {
        class: 'AUTHENTICATION',
        activity: 'LOGON',
        authentication: { reason: 'is-bad', sourceAddress: '192.0.2.1' },
      },
      STARTED_AT_US + (from + n) * 1e6,
    ),
  );
}

/** What is said of five failures, four before the reload and one after it. */
function acrossReload(before: string, after: string) {
  const engine = new RuleEngine([]);
  expect(engine.reload({ ...ruleFile(before), states: new Map() }).problems).toEqual([]);
  const first = engine.inspect(enrichedBatch(failures(4)));
  expect(engine.reload({ ...ruleFile(after), states: new Map() }).problems).toEqual([]);
  const last = engine.inspect(enrichedBatch(failures(1, 4)));
  return [...first, ...last].map(({ ruleTitle, events }) => `${ruleTitle}: ${events!.length}`);
}

describe('a reload', () => {
  it.each([
    ['of the same rules', failed() + many(), failed() + many()],
    ['that adds a rule before them', failed() + many(), `${OTHER}---\n${failed()}${many()}`],
    ['that changes what is said of them only', failed() + many(), failed({ level: 'high' }) + many()],
    ['that names them in another order', failed() + many(), `${many().slice(4)}---\n${failed()}`],
  ])('%s keeps windows', (_, before, after) => {
    expect(acrossReload(before, after)).toEqual(['Many failed: 5']);
  });

  it('uses the new words for the old windows', () => {
    expect(acrossReload(failed() + many(), failed() + many({ title: 'A great many' }))).toEqual(['A great many: 5']);
  });

  it.each([
    ['the condition', failed() + many({ gte: 4 + 1 }), failed() + many({ gte: 3 })],
    ['what a rule it refers to looks for', failed() + many(), failed({ reason: '[is-bad, is-worse]' }) + many()],
    ['a filter of a rule it refers to', failed() + many(), failed() + many() + FILTER],
    ['its id', failed() + many(), failed() + many({ name: 'others' })],
  ])('that changes %s begins anew', (_, before, after) => {
    expect(acrossReload(before, after)).toEqual([]);
  });

  it('keeps the windows of a chain whose first rule is the same, and begins those anew that changed', () => {
    const chain = (gte: number) =>
      `---\ntitle: Twice\nid: twice\ncorrelation: {type: event_count, rules: [many], timespan: 1h, condition: {gte: ${gte}}}\n`;
    const engine = new RuleEngine([]);
    engine.reload({ ...ruleFile(failed() + many() + chain(2)), states: new Map() });
    expect(engine.inspect(enrichedBatch(failures(5)))).toEqual([]);
    engine.reload({ ...ruleFile(failed() + many() + chain(2)), states: new Map() });
    expect(engine.inspect(enrichedBatch(failures(5, 1_000))).map(({ ruleId }) => ruleId)).toEqual(['twice']);
    engine.reload({ ...ruleFile(failed() + many() + chain(1)), states: new Map() });
    expect(engine.inspect(enrichedBatch(failures(5, 2_000))).map(({ ruleId }) => ruleId)).toEqual(['twice']);
  });

  it('gives problems by name, and runs what is right', () => {
    const engine = new RuleEngine([]);
    const wrong = failed() + many() + OTHER.replace('condition: sel', 'condition: nothing');
    const { problems } = engine.reload({ ...ruleFile(wrong), states: new Map() });
    expect(problems).toMatchObject([{ file: 'test.yml', rule: 'Other', code: 'condition' }]);
    expect(engine.disabled()).toEqual([expect.stringContaining('Other')]);
    expect(engine.rules).toHaveLength(2);
  });

  it('gives back the room of correlations that are gone', () => {
    const engine = new RuleEngine([], { limits: { groupsMax: 9, entriesMax: 9, sharedMax: 5 } });
    engine.reload({ ...ruleFile(failed() + many()), states: new Map() });
    engine.inspect(enrichedBatch(failures(4)));
    engine.reload({ ...ruleFile(failed() + many({ name: 'others', gte: 4 })), states: new Map() });
    expect(engine.inspect(enrichedBatch(failures(4, 9))).map(({ ruleId }) => ruleId)).toEqual(['others']);
    expect(engine.counters().groupsEvicted).toBe(0);
  });

  it('takes what a thread still matches with the rules before, by what they mean', () => {
    const engine = new RuleEngine([]);
    engine.reload({ ...ruleFile(failed() + many()), states: new Map() });
    const then = engine.generation;
    const batch = enrichedBatch(failures(5));
    const matches = batch.events.map((event, index) => ({ index, atUs: STARTED_AT_US, event, rules: [0] }));
    engine.reload({ ...ruleFile(`${OTHER}---\n${failed()}${many()}`), states: new Map() });
    expect(engine.translate(matches, then).map(({ rules }) => rules)).toEqual(matches.map(() => [1]));
    expect(engine.translate(matches, engine.generation)).toBe(matches);
    expect(engine.correlate(batch, engine.translate(matches, then)).map(({ ruleId }) => ruleId)).toEqual(['many']);
    engine.reload({ ...ruleFile(failed({ reason: 'is-else' }) + many()), states: new Map() });
    expect(engine.translate(matches, then).map(({ rules }) => rules)).toEqual(matches.map(() => []));
    for (let n = 0; n < 9; n++) engine.reload({ ...ruleFile(failed() + many()), states: new Map() });
    expect(engine.translate(matches, then).map(({ rules }) => rules)).toEqual(matches.map(() => []));
  });
});

describe('the state of a rule', () => {
  const speaking = failed() + many({ more: ', generate: true' });
  const said = (states: Record<string, RuleState>) => {
    const engine = new RuleEngine([]);
    engine.reload({ ...ruleFile(speaking), states: new Map(Object.entries(states)) });
    const found = engine.inspect(enrichedBatch(failures(5)));
    return [...new Set(found.map(({ ruleId, simulated }) => (simulated ? `${ruleId} simulated` : ruleId)))];
  };

  it.each<[Record<string, RuleState>, string[]]>([
    [{}, ['failed', 'many']],
    [{ failed: 'on', many: 'on' }, ['failed', 'many']],
    [{ many: 'off' }, ['failed']],
    [{ many: 'simulated' }, ['failed', 'many simulated']],
    [{ failed: 'simulated' }, ['failed simulated', 'many']],
    [{ failed: 'off' }, []],
    [{ failed: 'off', many: 'off', nobody: 'off' }, []],
  ])('%o', (states, expected) => {
    expect(said(states)).toEqual(expected);
  });
});

describe('the directory of rules', () => {
  let directory: string;
  let rules: RuleDirectory;
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'threatguard-rules-'));
    write('logons.yml', failed() + many());
    write('other.yml', OTHER);
    rules = new RuleDirectory(directory);
  });
  afterEach(() => {
    rules[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  });
  const running = () => rules.loaded.rules.map(({ rule }) => rule.id).sort();

  it('is read again only where something changed', () => {
    expect(rules.reread()).toBe(false);
    write('logons.yml', failed() + many({ gte: 6 }));
    expect(rules.reread()).toBe(true);
    expect(rules.reread()).toBe(false);
    expect(rules.files.map(({ text }) => text)).toContain(failed() + many({ gte: 6 }));
  });

  it.each([
    ['is no YAML any more', `${failed()}  {[`],
    ['is empty', ''],
    ['has a rule that does not compile', failed() + many({ gte: 1_000_000 })],
    ['has one more rule, which does not compile', failed() + many() + OTHER.replace('Image', 'Imge')],
  ])('keeps a file as it was that %s, and says so', (_, text) => {
    const before = rules.files;
    write('logons.yml', text);
    expect(rules.reread()).toBe(true);
    expect(rules.files).toEqual(before);
    expect(running()).toEqual(['failed', 'many', 'other']);
    const [problem] = rules.loaded.problems;
    expect(problem!.file).toContain('logons.yml');
    expect(problem!.reason).toMatch(/stays as it was before/);
    write('logons.yml', failed({ level: 'high' }) + many());
    expect(rules.reread()).toBe(true);
    expect(rules.loaded.problems).toEqual([]);
    expect(rules.loaded.rules.find(({ rule }) => rule.id === 'failed')!.rule.severity).toBe(4);
  });

  it('takes the other files of a change, and new ones however broken', () => {
    write('logons.yml', '{');
    write('other.yml', OTHER.replaceAll('other', 'another'));
    write('new.yml', failed().replace('id: failed', 'id: new').replace('event.reason', 'no.such.field'));
    expect(rules.reread()).toBe(true);
    expect(running()).toEqual(['another', 'failed', 'many']);
    expect(rules.loaded.problems.map(({ file }) => file.split('/').at(-1))).toEqual(['logons.yml', 'new.yml']);
  });

  it('takes away what was taken away on purpose', () => {
    write('logons.yml', many().slice(4));
    rules.reread();
    expect(running()).toEqual(['failed', 'many', 'other']);
    write('logons.yml', failed());
    rules.reread();
    expect(running()).toEqual(['failed', 'other']);
    rmSync(join(directory, 'other.yml'));
    rules.reread();
    expect(running()).toEqual(['failed']);
  });

  it('that is gone changes nothing', () => {
    cpSync(directory, `${directory}.away`, { recursive: true });
    rmSync(directory, { recursive: true });
    expect(() => rules.reread()).toThrow(/ENOENT/);
    expect(running()).toEqual(['failed', 'many', 'other']);
    cpSync(`${directory}.away`, directory, { recursive: true });
    rmSync(`${directory}.away`, { recursive: true });
  });
});

describe('a collector', () => {
  it('reloads when files change and at SIGHUP, in every thread, with its windows open', async () => {
    const home = await initTestHome();
    const directory = join(home, 'own-rules');
    mkdirSync(directory);
    const write = (text: string) => writeFileSync(join(directory, 'logons.yml'), text);
    write(failed() + many());
    writeFileSync(homePaths(home).configFile, `listen: 127.0.0.1:0\nrules: {directory: ${directory}}\n`);
    await using collector = await CollectorProcess.start(home);
    using console = new ConsoleClient(collector.address, consoleIdentityOf(home));
    const { token } = await console.createToken();
    const { address } = collector;
    const identity = await enrolTestAgent({ address, ca: caOf(home), token: token!, hostName: 'web-1' });
    using agent = await SealingAgent.connect({ address, identity });
    const nowUs = Date.now() * 1000;
    const send = async (count: number, event: object = {}) => {
      const events = failures(count).map((one, n) => ({ ...one, observedAtUs: nowUs + n * 1_000, ...event }));
      expect(await agent.send(events)).toMatchObject({ acknowledgement: {} });
    };
    const titles = async () => (await console.alerts()).alerts!.map(({ title }) => title);
    const reloads = () => collector.log.filter(({ msg }) => msg === 'the rules were reloaded').length;
    const reloaded = (times: number) =>
      until(() => reloads() >= times, {
        limitMs: 10_000,
        what: () => `a reload; it said ${JSON.stringify(collector.log.slice(-3))}`,
      });

    await send(4);
    expect(await titles()).toEqual([]);
    write(`${OTHER}---\n${failed()}${many({ title: 'Many failed, said anew' })}`);
    await reloaded(1);
    await send(1);
    expect(await titles()).toEqual(['Many failed, said anew']);

    await send(1, hostEvent({ class: 'PROCESS', activity: 'EXEC', process: { executable: '/bin/other' } }));
    expect(await titles()).toContain('Other');

    write('{');
    await until(() => collector.log.some(({ problem }) => /stays as it was/.test(String(problem))), {
      limitMs: 10_000,
      what: 'the broken file to be named',
    });
    expect((await console.status()).rulesDisabled).toEqual([expect.stringMatching(/logons\.yml.*stays as it was/)]);
    expect((await console.status()).rulesLoaded).toBe(3);

    collector.child.kill('SIGHUP');
    await until(() => collector.log.some(({ msg }) => msg === 'the rules are the same as before'), {
      limitMs: 10_000,
      what: 'the answer to SIGHUP',
    });
    await send(1);
    expect(await collector.stop()).toBe(0);
    rmSync(home, { recursive: true });
  });
});
