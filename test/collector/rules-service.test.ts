// Rules as a console has them: over real gRPC, from a real collector, with events of a real agent.
import { rmSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { Activity, type Alert, EventClass, type HostEvent, Severity } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let agent: SealingAgent;

beforeAll(async () => {
  collector = await TestCollector.start();
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
});
afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
});
const ruleText = (id: string, image = `/opt/${id}`, more = '') => `title: Rule ${id}
id: ${id}
level: high
tags: [attack.execution, attack.t1059.004]
logsource: { category: process_creation, product: linux }
detection:
    selection: { Image: ${image} }
    condition: selection
${more}`;

/** A rule of its own for each test: states outlive the file. */
let made = 0;
const newId = () => `test-rule-${++made}`;
const fileOf = (id: string, text = ruleText(id)) => ({ name: `${id}.yml`, text });
const importOne = (id: string) => collector.console.importRules({ files: [fileOf(id)] });

function run(image: string, user = 'root'): HostEvent {
  return {
    observedAtUs: Date.now() * 1000,
    class: EventClass.PROCESS,
    activity: Activity.EXEC,
    sensor: 'process.ebpf',
    user: { name: user, id: 0 },
    process: { pid: 7, executable: image, name: image.slice(5), args: [image, '--now'] },
  };
}

const alertsOf = async (id: string): Promise<Alert[]> =>
  ((await collector.console.alerts({ limit: 1000 })).alerts ?? []).filter(({ ruleId }) => ruleId === id);
const audited = async () => (await collector.console.audit({ limit: 20 })).entries ?? [];

describe('an imported rule', () => {
  it('alerts from the next event on, is listed with what it did, and survives a restart', async () => {
    const id = newId();
    expect((await agent.send([run(`/opt/${id}`)])).acknowledgement).toBeTruthy();
    const imported = await importOne(id);
    expect(imported).toMatchObject({ applied: true, files: 1, refusals: [], rules: [{ id, change: 'new', line: 1 }] });
    await agent.send([run(`/opt/${id}`), run('/opt/other')]);
    await until(async () => (await alertsOf(id)).length === 1, { limitMs: 10_000, what: 'the alert' });

    const listed = (await collector.console.rules({ tag: 't1059' })).find((rule) => rule.id === id);
    expect(listed).toMatchObject({ state: 'on', kind: 'event', level: Severity.HIGH, matches: 1, alerts: 1 });
    expect(listed).toMatchObject({ file: `imported/${id}.yml`, logsource: 'category=process_creation product=linux' });
    expect(listed!.lastMatchAtUs).toBeGreaterThan(0);
    expect((await collector.console.rule(id)).text).toBe(ruleText(id).trim());
  });

  it('is taken back with its file, and does not alert any more', async () => {
    const id = newId();
    await importOne(id);
    const removed = await collector.console.removeRules(id);
    expect(removed).toMatchObject({ file: `imported/${id}.yml`, rules: [{ id, change: 'removed' }] });
    await agent.send([run(`/opt/${id}`)]);
    expect(await alertsOf(id)).toEqual([]);
    await expect(collector.console.rule(id)).rejects.toMatchObject({ code: status.NOT_FOUND });
    const { files } = await collector.console.exportRules(true);
    expect(files!.map(({ name }) => name)).not.toContain(`imported/${id}.yml`);
  });

  it('of the same file takes the place of the one before; the same text again changes nothing', async () => {
    const id = newId();
    await importOne(id);
    const revised = fileOf(id, ruleText(id, '/opt/elsewhere'));
    expect((await collector.console.importRules({ files: [revised] })).rules).toMatchObject([
      { id, change: 'changed' },
    ]);
    expect(await collector.console.importRules({ files: [revised] })).toMatchObject({ applied: false, unchanged: 1 });
    await agent.send([run(`/opt/${id}`)]);
    expect(await alertsOf(id)).toEqual([]);
  });

  it('is written down with who did it, before and after', async () => {
    const id = newId();
    await importOne(id);
    await collector.console.importRules({ files: [fileOf(id, ruleText(id, '/opt/elsewhere'))] });
    await collector.console.removeRules(`${id}.yml`);
    const entries = (await audited()).filter(({ subject }) => subject === `${id}.yml`).reverse();
    expect(entries.map(({ action }) => action)).toEqual([
      'rule_file.imported',
      'rule_file.imported',
      'rule_file.removed',
    ]);
    const [first, second, third] = entries;
    expect(first!.actorKind).toBe('console');
    expect(first!.before ?? '').toBe('');
    expect(JSON.parse(second!.before!).sha256).toBe(JSON.parse(first!.after!).sha256);
    expect(JSON.parse(third!.before!).sha256).toBe(JSON.parse(second!.after!).sha256);
    expect((await collector.console.verifyAudit()).problemSequence ?? 0).toBe(0);
  });
});

describe('a state', () => {
  it('off: nobody looks for the rule; on again: it alerts; both written down with their reason', async () => {
    const id = newId();
    await importOne(id);
    const off = await collector.console.setRuleState({ id, state: 'off', reason: 'our backup' });
    expect(off).toMatchObject({ before: 'on', rule: { state: 'off', stateReason: 'our backup' } });
    await agent.send([run(`/opt/${id}`)]);
    expect((await collector.console.rules({ state: 'off' })).map((rule) => rule.id)).toContain(id);
    expect((await collector.console.setRuleState({ id, state: 'on' })).before).toBe('off');
    expect(await alertsOf(id)).toEqual([]);
    await agent.send([run(`/opt/${id}`)]);
    await until(async () => (await alertsOf(id)).length === 1, { limitMs: 10_000, what: 'the alert' });
    const [on, before] = (await audited()).filter(({ action }) => action === 'rule.state_changed');
    expect(before).toMatchObject({
      subject: id,
      before: '{"state":"on"}',
      after: '{"reason":"our backup","state":"off"}',
    });
    expect(on).toMatchObject({ subject: id, before: '{"reason":"our backup","state":"off"}' });
  });

  it('simulated: matches are recorded and shown with what they would have alerted, and raise nothing', async () => {
    const id = newId();
    await importOne(id);
    await collector.console.setRuleState({ id, state: 'simulated' });
    await agent.send([run(`/opt/${id}`), run(`/opt/${id}`), run(`/opt/${id}`, 'alice')]);
    const { rule, simulation } = await collector.console.rule(id);
    expect(rule).toMatchObject({ state: 'simulated', matches: 3, alerts: 0 });
    expect(simulation).toMatchObject({ matches: 3, alerts: 2, unrecorded: 0 });
    expect(simulation!.newest!.map(({ simulated, ruleId }) => [simulated, ruleId])).toEqual(
      Array.from({ length: 3 }, () => [true, id]),
    );
    expect(await alertsOf(id)).toEqual([]);
  });

  it('off of a part says which correlations are blind now; a part cannot be simulated', async () => {
    const part = newId();
    const text = `${ruleText(part)}---
title: Many of ${part}
id: ${part}-many
level: high
correlation: { type: event_count, rules: [${part}], group-by: [host.name], timespan: 1m, condition: { gte: 2 } }
`;
    await collector.console.importRules({ files: [fileOf(part, text)] });
    const simulate = collector.console.setRuleState({ id: part, state: 'simulated' });
    await expect(simulate).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(`"Many of ${part}"`),
    });
    await collector.console.setRuleState({ id: `${part}-many`, state: 'simulated' });
    await agent.send([run(`/opt/${part}`), run(`/opt/${part}`)]);
    expect((await collector.console.rule(`${part}-many`)).simulation).toMatchObject({ matches: 1, alerts: 1 });
    const { warnings } = await collector.console.setRuleState({ id: part, state: 'off' });
    expect(warnings).toEqual([`"Many of ${part}" sees nothing of this rule any more`]);
  });

  it.each([
    ['a state there is not', { id: 'look_around', state: 'maybe' }, status.INVALID_ARGUMENT, /on, off, simulated/],
    ['no state', { id: 'look_around' }, status.INVALID_ARGUMENT, /on, off, simulated/],
    ['a rule nobody has', { id: 'look_arounnd', state: 'off' }, status.NOT_FOUND, /look_around/],
    ['no rule', { id: '', state: 'off' }, status.NOT_FOUND, /rules list/],
    ['a beginning that several have', { id: 'b', state: 'off' }, status.FAILED_PRECONDITION, /give more of the id/],
    [
      'a novel as the reason',
      { id: 'look_around', state: 'off', reason: 'x'.repeat(501) },
      status.INVALID_ARGUMENT,
      /500/,
    ],
  ])('refuses %s, and changes nothing', async (_, request, code, details) => {
    await expect(collector.console.setRuleState(request)).rejects.toMatchObject({
      code,
      details: expect.stringMatching(details),
    });
    expect((await collector.console.rule('look_around')).rule!.state).toBe('on');
  });
});

describe('an import', () => {
  it('with something wrong in it is refused by file and line, and nothing of the rest is taken', async () => {
    const files = [fileOf('good'), { name: 'bad/broken.yml', text: ruleText('x').replace('Image:', 'Imagge:') }];
    for (const dryRun of [true, false]) {
      const result = await collector.console.importRules({ files, dryRun });
      const reason = 'our events have no field "Imagge"';
      const refusals = [{ file: 'imported/bad/broken.yml', line: 7, rule: 'Rule x', reason }];
      expect(result).toMatchObject({ applied: false, refusals });
    }
    await expect(collector.console.rule('good')).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect((await collector.console.exportRules(true)).files!.map(({ name }) => name)).not.toContain(
      'imported/good.yml',
    );
  });

  it('with override puts a rule in the place of one of the pack, which comes back when it goes', async () => {
    const id = 'b2e1935a-0cf1-4990-84f6-17192fc75e0d';
    const text = `name: look_around\n${ruleText(id, '/opt/look')}`;
    const result = await collector.console.importRules({ files: [fileOf('mine', text)], override: true });
    expect(result).toMatchObject({ applied: true, rules: [{ id, change: 'overrides' }] });
    expect((await collector.console.rule(id)).rule).toMatchObject({ title: `Rule ${id}`, overrides: true });
    const loaded = (await collector.console.rules()).filter((rule) => rule.id === id);
    expect(loaded.map(({ file }) => file)).toEqual(['imported/mine.yml']);
    expect((await collector.console.removeRules('mine.yml')).restored).toEqual(['Look around']);
    expect((await collector.console.rule(id)).rule).toMatchObject({ title: 'Look around', overrides: false });
  });

  const one = (name: string, text = ruleText('x')) => ({ files: [{ name, text }] });
  it.each([
    ['nothing', {}, /no rule file/],
    ['a way out of the directory', one('../x.yml'), /is no name for a rule file/],
    ['a way out in the middle', one('a/../../x.yml'), /is no name/],
    ['a path of the host', one('/etc/cron.d/x.yml'), /is no name/],
    ['a hidden file', one('.ssh/x.yml'), /is no name/],
    ['a name a terminal acts on', one('a\u001b[2J.yml'), /is no name/],
    ['a name with two lines', one('a\nb.yml'), /is no name/],
    ['a backslash', one('a\\b.yml'), /is no name/],
    ['another kind of file', one('x.sh'), /is no name/],
    ['a name without end', one(`${'x'.repeat(300)}.yml`), /is no name/],
    ['a name twice', { files: [fileOf('x'), fileOf('x')] }, /sent twice/],
    ['a NUL', one('x.yml', 'title: a\0b'), /NUL/],
    ['half a megabyte in one file', one('x.yml', `# ${'x'.repeat(600_000)}`), /more than 524288 bytes/],
    [
      'more files than anybody writes',
      { files: Array.from({ length: 2_001 }, (_, at) => ({ name: `${at}.yml` })) },
      /2000 files/,
    ],
    [
      'more bytes than a message should have',
      { files: Array.from({ length: 20 }, (_, at) => ({ name: `${at}.yml`, text: '#'.repeat(500_000) })) },
      /8388608 bytes/,
    ],
  ])('refuses %s before anything in it is looked at', async (_, request, details) => {
    await expect(collector.console.importRules(request)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
  });
});

describe('rules', () => {
  it('are filtered by state, level, tag, log source and problem', async () => {
    const all = await collector.console.rules();
    expect(all.length).toBeGreaterThan(60);
    const high = await collector.console.rules({ levelMin: Severity.HIGH });
    expect(high.length).toBeGreaterThan(0);
    expect(high.every(({ level }) => level! >= Severity.HIGH)).toBe(true);
    const force = await collector.console.rules({ tag: 'attack.T1110' });
    expect(force.length).toBeGreaterThan(0);
    expect(force.every(({ techniques }) => techniques!.some((one) => one.startsWith('T1110')))).toBe(true);
    const access = await collector.console.rules({ tag: 'credential-access' });
    expect(access.every(({ tactics }) => tactics!.includes('credential-access'))).toBe(true);
    const sshd = await collector.console.rules({ logsource: 'sshd' });
    expect(sshd.every(({ logsource }) => logsource!.includes('service=sshd'))).toBe(true);
    expect(await collector.console.rules({ problem: true })).toEqual([]);
    expect(await collector.console.rules({ tag: 'T9999' })).toEqual([]);
  });

  it('are covered by technique, as far as they are on; the layer is for the Navigator', async () => {
    const id = newId();
    await collector.console.importRules({ files: [fileOf(id, ruleText(id).replace('t1059.004', 't1499.001'))] });
    const titles = async () =>
      (await collector.console.coverage()).techniques!.filter(({ technique }) => technique === 'T1499.001');
    expect(await titles()).toEqual([{ tactic: 'execution', technique: 'T1499.001', rules: [`Rule ${id}`] }]);
    const { navigatorLayer, rules } = await collector.console.coverage();
    expect(JSON.parse(navigatorLayer!)).toMatchObject({ domain: 'enterprise-attack', versions: { layer: '4.5' } });
    expect(rules).toBeGreaterThan(60);
    for (const state of ['simulated', 'off']) {
      await collector.console.setRuleState({ id, state });
      expect(await titles()).toEqual([]);
    }
  });
});

describe('an event', () => {
  const idOfNewest = async (image: string) => {
    const { events } = await collector.console.events({
      filters: [{ field: 'process.executable', value: image }],
      limit: 1,
    });
    const { agentId, streamId, sequence, index } = events![0]!.reference!;
    return { agentId, stream: Buffer.from(streamId!).toString('hex'), place: `${sequence ?? 0}/${index ?? 0}` };
  };

  it('is explained: which rules looked at it, what held, and what did not with the value it has', async () => {
    const id = newId();
    const near = newId();
    const nearText = ruleText(near).replace(
      `selection: { Image: /opt/${near} }`,
      `selection: { Image: /opt/${id}, 'CommandLine|contains': [--later, --never] }`,
    );
    await collector.console.importRules({ files: [fileOf(id), fileOf(near, nearText)] });
    await agent.send([run(`/opt/${id}`)]);
    const { stream, place } = await idOfNewest(`/opt/${id}`);
    const answer = await collector.console.explain(`web-1/${stream.slice(0, 8)}/${place}`);
    expect(answer.eventId).toMatch(new RegExp(`/${stream}/${place}$`));
    expect(answer.otherRules).toBeGreaterThan(0);
    expect(answer.rules![0]).toMatchObject({ ruleId: id, outcome: 'matched', stopped: '', condition: 'selection' });
    expect(answer.rules!.find(({ ruleId }) => ruleId === near)).toMatchObject({
      outcome: 'no',
      near: true,
      stopped: `selection: CommandLine|contains wants "--later", "--never"; the event has process.command_line "/opt/${id} --now"`,
      selections: [
        { name: 'selection', holds: false, item: 'CommandLine|contains', field: 'process.command_line', absent: false },
      ],
    });
  });

  it.each([
    ['text that is no id', 'x', status.INVALID_ARGUMENT, /AGENT\/STREAM\/SEQUENCE\/INDEX/],
    ['nothing', '', status.INVALID_ARGUMENT, /event.id/],
    ['an agent nobody has', 'web-9/0123abcd/1/0', status.NOT_FOUND, /no agent/],
    ['a stream nobody has', 'web-1/ffffffffffffffffffffffffffffffff/1/0', status.NOT_FOUND, /no such event/],
  ])('refuses %s', async (_, event, code, details) => {
    await expect(collector.console.explain(event)).rejects.toMatchObject({
      code,
      details: expect.stringMatching(details),
    });
  });

  it('refuses a place of its stream where nothing is', async () => {
    await agent.send([run('/opt/somewhere')]);
    const { stream } = await idOfNewest('/opt/somewhere');
    await expect(collector.console.explain(`web-1/${stream}/999999/0`)).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
});

it('imported rules and states are as they were after a restart', async () => {
  const home = await initTestHome();
  try {
    {
      await using before = await TestCollector.start({ home });
      await before.console.importRules({ files: [fileOf('kept')] });
      await before.console.setRuleState({ id: 'kept', state: 'simulated', reason: 'new' });
    }
    await using after = await TestCollector.start({ home });
    const { rule } = await after.console.rule('kept');
    expect(rule).toMatchObject({ state: 'simulated', stateReason: 'new', file: 'imported/kept.yml' });
  } finally {
    rmSync(home, { recursive: true });
  }
});
