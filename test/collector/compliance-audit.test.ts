// Who read what, in the audit log of a real collector; and the log as a file, verified without one.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessLog, type AccessLogParts } from '../../collector/src/compliance/access-log.ts';
import { StoreError } from '../../collector/src/store/store-error.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { streamed } from '../support/person.ts';

let home: string;
let directory: string;
let collector: TestCollector;
let nowMs = Date.now();
const start = async () => {
  collector = await TestCollector.start({ home, nowMs: () => nowMs });
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
};

beforeAll(async () => {
  home = await initTestHome();
  directory = mkdtempSync(join(tmpdir(), 'threatguard-audit-'));
  await start();
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
  for (const made of [home, directory]) rmSync(made, { recursive: true, force: true });
});

const reads = async () => {
  const { entries } = await collector.console.audit({ limit: 500 });
  return (entries ?? [])
    .filter(({ actorKind }) => actorKind === 'console')
    .map(({ action, subject, after }) => ({ action, subject, ...(JSON.parse(after || '{}') as { again?: number }) }))
    .reverse();
};
const root = { filters: [{ field: 'user.name', value: 'root' }] };

describe('reads of personal data', () => {
  it('are one entry at once, and one with their number when the window has passed', async () => {
    for (let poll = 0; poll < 20; poll++) await collector.console.events({ ...root, sinceUs: 1 + poll });
    await collector.console.events({ filters: [{ field: 'user.name', value: 'alice' }] });
    await collector.console.entities();
    await collector.console.incidents();
    await collector.console.alerts();
    const watched = await collector.console.watch();
    watched.stop();
    await expect(collector.console.alert('01kah2')).rejects.toThrow();
    expect(await reads()).toMatchObject([
      { action: 'events.searched', subject: 'user.name=root', sinceUs: 1 },
      { action: 'events.searched', subject: 'user.name=alice' },
      { action: 'entities.listed', subject: 'all kinds' },
      { action: 'incidents.listed', subject: 'all incidents' },
      { action: 'alerts.listed', subject: 'all alerts' },
      { action: 'alerts.watched', subject: 'all alerts' },
      { action: 'alert.viewed', subject: '01kah2' },
    ]);
    nowMs += 16 * 60_000;
    await collector.console.events(root);
    expect((await reads()).slice(-2)).toMatchObject([
      { action: 'events.searched.repeated', subject: 'user.name=root', again: 19 },
      { action: 'events.searched', subject: 'user.name=root' },
    ]);
  });

  it('are each counted where many ask at once, of the same and of different things', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `user-${at % 3}`);
    await Promise.all(
      names.map((value) => collector.console.events({ filters: [{ field: 'user.name', value }], sinceUs: 1 })),
    );
    const of = async (action: string) =>
      (await reads()).filter((each) => each.action === action && /user-/.test(each.subject!));
    const subjects = ['user.name=user-0', 'user.name=user-1', 'user.name=user-2'];
    expect((await of('events.searched')).map(({ subject }) => subject).sort()).toEqual(subjects);
    nowMs += 16 * 60_000;
    await collector.console.events({ filters: [{ field: 'user.name', value: 'user-0' }] });
    await collector.console.events({ filters: [{ field: 'user.name', value: 'user-1' }] });
    const repeated = await of('events.searched.repeated');
    expect(repeated.map(({ subject, again }) => [subject, again])).toEqual([
      ['user.name=user-0', 19],
      ['user.name=user-1', 19],
    ]);
  });

  it('are not forgotten where the collector ends before the window does', async () => {
    for (let poll = 0; poll < 7; poll++) await collector.console.entities({ kind: 'user' });
    await collector[Symbol.asyncDispose]();
    nowMs += 16 * 60_000;
    await start();
    const repeated = async () => (await reads()).filter(({ action }) => action === 'entities.listed.repeated');
    await expect.poll(repeated, { timeout: 10_000 }).toMatchObject([{ subject: 'user', again: 6 }]);
    expect(await collector.console.verifyAudit()).toMatchObject({ problem: '' });
  });

  it('are refused where they cannot be written down', async () => {
    const unavailable = new StoreError('unavailable', 'away');
    const store: AccessLogParts['store'] = {
      noteDisclosures: () => Promise.reject(unavailable),
      closeWindows: async () => undefined,
    };
    await using log = new AccessLog({ store, nowUs: () => 1, failed: () => undefined });
    const by = { kind: 'console', id: 'a', from: '' } as const;
    await expect(log.note(by, { action: 'events.searched', subject: 'x', after: undefined })).rejects.toBe(unavailable);
  });
});

describe('an export of the audit log', () => {
  const file = () => join(directory, 'audit.ndjson');
  const verify = (...args: string[]) => runCommand(['audit', 'verify', ...args], { THREATGUARD_HOME: '/nowhere' });

  it('proves itself without a collector, and is held against a head that was kept', async () => {
    const { headSequence, headDigest } = await collector.console.verifyAudit();
    const head = `${headSequence}:${Buffer.from(headDigest!).toString('hex')}`;
    const exported = await runCommand(['audit', 'export', '-o', file(), '--home', home, '--output', 'json']);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    const { entries } = JSON.parse(exported.stdout) as { entries: number };
    const found = await verify('--file', file(), '--head', head, '--output', 'json');
    expect(found.code).toBe(0);
    expect(JSON.parse(found.stdout)).toMatchObject({ intact: true, entries, heads_held: [headSequence] });
    expect((await verify('--file', file(), '--head', `${headSequence}:${'ab'.repeat(32)}`)).code).toBe(6);
    expect((await verify('--file', file(), '--head', `${entries + 50}:${'ab'.repeat(32)}`)).code).toBe(6);
  });

  const lines = () => readFileSync(file(), 'utf8').trimEnd().split('\n');
  it.each([
    [
      'an altered entry',
      'entry 3 of .* is altered',
      () => lines().map((line, at) => (at === 3 ? line.replace('"console"', '"agent"') : line)),
    ],
    ['a removed entry', 'entry 3 of .* is missing', () => lines().filter((_, at) => at !== 3)],
    ['the last removed', 'is missing', () => lines().slice(0, -1)],
    [
      'two swapped',
      'entry 3 of .* is missing',
      () => lines().map((_, at, all) => all[at === 3 ? 4 : at === 4 ? 3 : at]!),
    ],
    ['an entry twice', 'is missing', () => [...lines().slice(0, 4), ...lines().slice(3)]],
  ])('names %s', async (_, what, make) => {
    const path = join(directory, 'attacked.ndjson');
    writeFileSync(path, `${make().join('\n')}\n`);
    const { code, stderr } = await verify('--file', path);
    expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringMatching(what) });
  });

  it.each([
    ['a file that is not there', 7, ['--file', '/nowhere/at/all']],
    ['a directory', 7, ['--file', '/tmp']],
    ['a file that is none', 7, ['--file', import.meta.filename]],
    ['a head that is none', 2, ['--file', 'x', '--head', 'abc']],
    ['a head without a file', 2, ['--head', `1:${'ab'.repeat(32)}`]],
  ])('ends verify of %s with %i', async (_, code, args) => {
    expect((await verify(...args)).code).toBe(code);
  });

  it('is itself a read that stands in the log', async () => {
    const [anchors] = await streamed(collector, 'exportAudit', {});
    expect(anchors?.anchors?.headSequence).toBeGreaterThan(3);
    expect((await reads()).some(({ action }) => action === 'audit.exported')).toBe(true);
  });
});
