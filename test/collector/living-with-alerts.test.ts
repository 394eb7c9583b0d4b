// Exceptions, suppression and the budget over a real collector, as an agent and an analyst meet them.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import {
  type Alert,
  type Detection,
  exceptionsService,
  type HostEvent,
  type RuleException,
  Severity,
  Verdict,
  Withheld,
} from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleClient, initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { RAW, HOSTILE as UNREADABLE } from '../support/hostile.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

const rule = (id: string, image: string, level: string, more = '') => `
title: ${id}
id: ${id}
logsource: {category: process_creation, product: linux}
detection: {selection: {Image: ${image}}, condition: selection}
level: ${level}
threatguard: {reason: "{process.executable} of {user.name}", entity: [user.name, process.executable]${more}}
---`;
const RULES = [
  rule('curl-ran', '/usr/bin/curl', 'medium'),
  rule('curl-seen', '/usr/bin/curl', 'low'),
  rule('loud', '/usr/bin/loud', 'medium', ', suppress: 6h'),
  rule('low', '/usr/bin/low', 'low'),
  rule('high', '/usr/bin/high', 'high'),
  rule('worst', '/usr/bin/worst', 'critical'),
].join('\n');

/** As protobuf carries it. */
const HOSTILE = UNREADABLE.toWellFormed();

let home: string;
let collector: TestCollector;
let agent: SealingAgent;
let other: SealingAgent;
const identities: Parameters<typeof SealingAgent.connect>[0]['identity'][] = [];

/** The collector on its home, and a console and two agents that know where it is. */
async function start(): Promise<void> {
  const config = `rules:\n  directory: ${join(home, 'rules')}\n`;
  collector = await TestCollector.start({ home, config });
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  for (const name of ['web-1', 'web-2'].slice(identities.length)) identities.push(await collector.enrol(name));
  agent = await SealingAgent.connect({
    address: collector.address,
    identity: identities[0]!,
    ...(agent && { position: agent.position }),
  });
  other = await SealingAgent.connect({
    address: collector.address,
    identity: identities[1]!,
    ...(other && { position: other.position }),
  });
}

async function stop(): Promise<void> {
  agent?.[Symbol.dispose]();
  other?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
}

beforeAll(async () => {
  home = await initTestHome();
  mkdirSync(join(home, 'rules'));
  writeFileSync(join(home, 'rules', 'test.yml'), RULES);
  await start();
});
afterAll(async () => {
  await stop();
  rmSync(home, { recursive: true, force: true });
});

const run = (...words: string[]) => runCommand(words, { THREATGUARD_HOME: home, TZ: 'UTC', NO_COLOR: '1' });
const call: ConsoleClient['call'] = (method, request) => collector.console.call(method, request);
let pid = 1_000;

function exec(executable: string, user = 'backup', atUs = Date.now() * 1000): HostEvent {
  const process = { pid: pid++, name: 'x', executable, args: [executable, '--now'] };
  return {
    observedAtUs: atUs,
    class: 2,
    activity: 10,
    outcome: 1,
    sensor: 'process.ebpf',
    user: { name: user, id: 34 },
    process,
  };
}

/** Resolves when it is stored. */
async function ran(events: HostEvent[], by = agent): Promise<void> {
  expect((await by.send(events)).acknowledgement).toBeDefined();
}

async function alertsOf(ruleId: string, withheld = Withheld.WITHHELD_INCLUDED): Promise<Alert[]> {
  const { alerts } = await collector.console.alerts({ filter: { withheld }, limit: 1000 });
  return (alerts ?? []).filter((each) => each.ruleId === ruleId);
}

const codeOf = (error: unknown) => (error as { code?: number }).code;
const refusalOf = (attempt: Promise<unknown>) => attempt.then(() => undefined, codeOf);

describe('an exception', () => {
  let exception: RuleException;

  it('is proposed as narrow as it can be, with what it would have hidden, and only then saved', async () => {
    await ran([exec('/usr/bin/curl'), exec('/usr/bin/curl'), exec('/usr/bin/curl', 'root')]);
    await ran([exec('/usr/bin/curl')], other);
    const alert = (await alertsOf('curl-ran')).find(
      (each) => each.agentName === 'web-1' && each.values?.['user.name'] === 'backup',
    )!;
    expect(alert.count).toBe(2);
    const preview = await call(exceptionsService.previewException, { alertId: alert.id!.toUpperCase(), fields: [] });
    const fields = preview.conditions!.map(({ field }) => field);
    expect(fields).toEqual(['agent.id', 'process.command_line', 'process.executable', 'user.id', 'user.name']);
    expect(preview.others!.map(({ field }) => field)).toEqual(['process.pid']);
    expect(preview.reach).toMatchObject({
      ruleDetections: 4,
      hidden: 2,
      hostsTotal: 1,
      hosts: [{ agentName: 'web-1', count: 2 }],
    });
    expect(preview.reach!.samples).toHaveLength(2);
    const without = Object.fromEntries(preview.reach!.without!.map(({ field, count }) => [field, count]));
    expect(without).toMatchObject({ 'agent.id': 3, 'user.name': 3 });
    expect((await call(exceptionsService.listExceptions, {})).exceptions).toEqual([]);

    const added = await call(exceptionsService.addException, {
      alertId: alert.id,
      alertRevision: preview.alertRevision,
      fields: ['agent.id', 'user.name'],
      reason: 'nightly backup',
    });
    exception = added.exception!;
    expect(exception).toMatchObject({ ruleId: 'curl-ran', reason: 'nightly backup', alertId: alert.id });
    const days = (exception.expiresAtUs! - exception.madeAtUs!) / 86_400e6;
    expect(days).toBe(30);
  });

  it('hides what it says and counts it, and leaves other rules, users and hosts alone', async () => {
    const seen = async () => (await alertsOf('curl-seen')).reduce((sum, each) => sum + each.count!, 0);
    const before = { ran: await alertsOf('curl-ran'), seen: await seen() };
    await ran([exec('/usr/bin/curl'), exec('/usr/bin/curl', 'root')]);
    await ran([exec('/usr/bin/curl')], other);
    const grown = (await alertsOf('curl-ran')).map(({ id, count, values }) => {
      const known = before.ran.find((each) => each.id === id)!;
      return [values?.['user.name'], count! - known.count!];
    });
    expect(grown.sort()).toEqual([
      ['backup', 0],
      ['backup', 1],
      ['root', 1],
    ]);
    expect((await seen()) - before.seen).toBe(3);
    const { exception: now, hidden } = await call(exceptionsService.getException, { id: exception.id!.slice(0, 20) });
    expect(now).toMatchObject({ hidden: 1 });
    expect(now!.lastHiddenAtUs).toBeGreaterThan(0);
    expect(hidden).toMatchObject([
      { ruleId: 'curl-ran', verdict: Verdict.VERDICT_EXCEPTED, verdictBy: exception.id } satisfies Detection,
    ]);
  });

  it('outlives a restart, and ends when it is removed', async () => {
    await stop();
    await start();
    const count = async () => (await alertsOf('curl-ran')).reduce((sum, each) => sum + each.count!, 0);
    const before = await count();
    await ran([exec('/usr/bin/curl')]);
    expect(await count()).toBe(before);
    const removed = await call(exceptionsService.removeException, { id: exception.id! });
    expect(removed.exception).toMatchObject({ hidden: 2 });
    await ran([exec('/usr/bin/curl')]);
    expect(await count()).toBe(before + 1);
    expect(await refusalOf(call(exceptionsService.removeException, { id: exception.id! }))).toBe(
      status.INVALID_ARGUMENT,
    );
  });

  it('is written down: who, what was before and what is after', async () => {
    const { entries } = await collector.console.audit({ limit: 100 });
    const told = entries!.filter(({ action }) => action?.startsWith('exception.'));
    expect(told.map(({ action, subject, actorKind }) => [action, subject, actorKind])).toEqual([
      ['exception.removed', exception.id, 'console'],
      ['exception.made', exception.id, 'console'],
    ]);
    expect(JSON.parse(told[1]!.after!)).toMatchObject({
      ruleId: 'curl-ran',
      reason: 'nightly backup',
      conditions: [{ field: 'agent.id' }, { field: 'user.name', value: 'backup' }],
    });
    expect(JSON.parse(told[0]!.before!)).toMatchObject({ hidden: 2 });
    expect((await collector.console.verifyAudit()).problem || '').toBe('');
  });

  it('is refused where it is not of the alert that was looked at', async () => {
    const alert = (await alertsOf('curl-ran'))[0]!;
    const add = (more: object) =>
      refusalOf(
        call(exceptionsService.addException, {
          alertId: alert.id,
          alertRevision: alert.revision,
          fields: ['user.name'],
          ...more,
        }),
      );
    expect(await add({ alertRevision: 999 })).toBe(status.NOT_FOUND);
    expect(await add({ fields: [] })).toBe(status.INVALID_ARGUMENT);
    expect(await add({ fields: ['user.nam'] })).toBe(status.INVALID_ARGUMENT);
    expect(await add({ reason: 'x'.repeat(501) })).toBe(status.INVALID_ARGUMENT);
    expect(await add({ expiresSeconds: 4_000 * 86_400 })).toBe(status.INVALID_ARGUMENT);
    const twice = await Promise.all([add({}), add({})]);
    expect(twice.sort()).toEqual([status.ALREADY_EXISTS, undefined]);
    const { exceptions } = await call(exceptionsService.listExceptions, {});
    await call(exceptionsService.removeException, { id: exceptions![0]!.id! });
  });

  it('is nothing an agent may make', async () => {
    using asAgent = new ConsoleClient(collector.address, identities[0]!);
    for (const method of Object.values(exceptionsService)) {
      const attempt = asAgent.call(method as typeof exceptionsService.listExceptions, {});
      expect(await refusalOf(attempt)).toBe(status.PERMISSION_DENIED);
    }
  });
});

describe('suppression', () => {
  it('alerts once about an entity, records the rest, and goes on after a restart', async () => {
    await ran([exec('/usr/bin/loud'), exec('/usr/bin/loud')]);
    await ran([exec('/usr/bin/loud')]);
    await stop();
    await start();
    await ran([exec('/usr/bin/loud'), exec('/usr/bin/loud', 'root')]);
    const alerts = await alertsOf('loud');
    expect(alerts.map(({ count }) => count)).toEqual([1, 1]);
    const first = alerts.find((each) => each.values?.['user.name'] === 'backup')!;
    expect((await collector.console.alert(first.id!)).suppressed).toBe(3);
    const later = exec('/usr/bin/loud', 'backup', (Date.now() - 7 * 3_600_000) * 1000);
    await ran([later]);
    expect((await alertsOf('loud')).find(({ id }) => id === first.id)!.count).toBe(2);
  });
});

describe('the budget', () => {
  it('withholds the lowest of the day, shows the pile, and never what is critical', async () => {
    const counted = (await call(exceptionsService.getAlertBudget, {})).shown!;
    const set = await call(exceptionsService.setAlertBudget, { perDay: counted + 1 });
    expect(set).toMatchObject({ perDay: counted + 1, shown: counted, withheld: 0, withheldOpen: 0 });
    const watch = await collector.console.watch();
    await ran([exec('/usr/bin/high', 'u1'), exec('/usr/bin/high', 'u2'), exec('/usr/bin/worst', 'u3')]);
    expect(await alertsOf('worst', Withheld.WITHHELD_LEFT_OUT)).toHaveLength(1);
    expect(await alertsOf('high', Withheld.WITHHELD_LEFT_OUT)).toHaveLength(2);
    const { alerts: pile } = await collector.console.alerts({ filter: { withheld: Withheld.WITHHELD_ONLY } });
    expect(pile).toHaveLength(1);
    expect(pile![0]).toMatchObject({ severity: Severity.LOW, withheld: true });

    expect(await collector.console.status()).toMatchObject({ alertsWithheld: 1, alertBudget: counted + 1 });
    await call(exceptionsService.setAlertBudget, { perDay: 2 });
    await ran([exec('/usr/bin/low', 'u4')]);
    expect(await alertsOf('low', Withheld.WITHHELD_LEFT_OUT)).toEqual([]);
    expect(await alertsOf('high', Withheld.WITHHELD_LEFT_OUT)).toHaveLength(2);
    expect(await collector.console.status()).toMatchObject({ alertsWithheld: counted + 1 });
    // A watcher is not told of what is withheld; what comes after it arrives.
    await ran([exec('/usr/bin/worst', 'u5')]);
    await until(() => watch.seen.some((each) => each.values?.['user.name'] === 'u5'), {
      limitMs: 10_000,
      what: 'the last alert',
    });
    expect(watch.seen.map(({ ruleId }) => ruleId)).not.toContain('low');
    watch.stop();
  });

  it('and its pile outlive a restart; more room shows the highest again', async () => {
    const { perDay, withheldOpen } = await call(exceptionsService.getAlertBudget, {});
    await stop();
    await start();
    expect(await call(exceptionsService.getAlertBudget, {})).toMatchObject({
      perDay,
      withheldOpen,
      withheld: withheldOpen,
    });
    await ran([exec('/usr/bin/low', 'u6')]);
    expect(await call(exceptionsService.getAlertBudget, {})).toMatchObject({ withheldOpen: withheldOpen! + 1 });
    await call(exceptionsService.setAlertBudget, { perDay: perDay! + 1 });
    expect(await call(exceptionsService.getAlertBudget, {})).toMatchObject({ withheldOpen });
    expect((await call(exceptionsService.setAlertBudget, { perDay: 0 })).withheldOpen).toBe(0);
    expect(await refusalOf(call(exceptionsService.setAlertBudget, { perDay: 10_001 }))).toBe(status.INVALID_ARGUMENT);
    const { entries } = await collector.console.audit({ limit: 1 });
    expect(entries![0]).toMatchObject({
      action: 'alert_budget.set',
      before: `{"perDay":${perDay! + 1}}`,
      after: '{"perDay":0}',
    });
  });
});

describe('the console', () => {
  it('shows what an exception would have hidden, and saves it when it is told to', async () => {
    await ran([exec('/usr/bin/curl', HOSTILE)]);
    const alert = (await alertsOf('curl-ran')).find((each) => each.values?.['user.name'] === HOSTILE)!;
    const [asked, wrong, saved] = await Promise.all([
      run('alerts', 'except', alert.id!),
      run('alerts', 'except', alert.id!, '--field', 'user.nmae'),
      run('alerts', 'except', alert.id!, '--field', 'user.name', '--expires', '2d', '--yes', '--output', 'json'),
    ]);
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing was saved') });
    expect(asked.stdout).toMatch(/WITHOUT IT/);
    expect(asked.stdout).toMatch(/would have hidden +1 of \d+ detections/);
    expect(asked.stdout).toMatch(/agent\.id +\S+ \(web-1\)/);
    expect(asked.stdout + asked.stderr).not.toMatch(RAW);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "user.name"?') });
    expect(saved.code).toBe(0);
    const { id, conditions } = JSON.parse(saved.stdout);
    expect(conditions).toEqual({ 'user.name': HOSTILE });

    await ran([exec('/usr/bin/curl', HOSTILE)]);
    const [listed, shown] = await Promise.all([
      run('alerts', 'exceptions', 'list', '--output', 'json'),
      run('alerts', 'exceptions', 'show', id),
    ]);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id, hidden: 1 }]);
    expect(shown.stdout).toMatch(/hidden +1 detection,/);
    expect(shown.stdout).not.toMatch(RAW);
    expect(await run('alerts', 'exceptions', 'remove', id)).toMatchObject({ code: 0 });
  });

  it('sets the budget, and shows it and the pile', async () => {
    const set = await run('alerts', 'budget', 'set', '1');
    expect(set.stdout).toMatch(/budget +1 alerts a day, set by /);
    const [budget, pile, list, state] = await Promise.all([
      run('alerts', 'budget'),
      run('alerts', 'budget', '--withheld', '--output', 'json'),
      run('alerts', 'list', '--limit', '500'),
      run('status'),
    ]);
    expect(budget.stdout).toMatch(/pile +\d+ withheld/);
    const withheld = JSON.parse(pile.stdout);
    expect(withheld.length).toBeGreaterThan(2);
    expect(withheld[0]).toMatchObject({ withheld: true });
    expect(list.stdout).not.toContain(withheld[0].id);
    expect(state.stdout).toMatch(/withheld: threatguard alerts budget --withheld, budget 1 a day/);
  });
});
