// The rule book over a real store: several collectors at one store, and rules nobody should have written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Severity } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RuleDirectory } from '../../collector/src/detect/rules/rule-directory.ts';
import { Desk } from '../../collector/src/rule-book/desk.ts';
import { RuleBook } from '../../collector/src/rule-book/rule-book.ts';
import type { RunningRules } from '../../collector/src/rule-book/rule-set.ts';
import { SimulationLog } from '../../collector/src/rule-book/simulation-log.ts';
import type { AuditActor } from '../../collector/src/store/audit-entry.ts';
import { EMPTY_GROUP } from '../../collector/src/store/commit-group.ts';
import { openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { type EngineUnderTest, startPglite } from '../support/stores.ts';

const BY: AuditActor = { kind: 'console', id: 'alice', from: '192.0.2.1:1' };
const OPTIONS = { override: false, partial: false, apply: true };
const HOUR_US = 3_600_000_000;
const ruleText = (id: string) =>
  `title: Rule ${id}\nid: ${id}\nlogsource: { category: process_creation }\ndetection: { sel: { Image: /${id} }, condition: sel }\n`;
const fileOf = (id: string) => ({ name: `${id}.yml`, text: ruleText(id) });

let engine: EngineUnderTest;
let store: Store;
let directory: string;
beforeAll(async () => {
  engine = await startPglite();
  store = await openStore(engine.location());
  directory = mkdtempSync(join(tmpdir(), 'rule-book-'));
  writeFileSync(join(directory, 'pack.yml'), ruleText('pack'));
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function openBook(apply: (rules: RunningRules) => Promise<void> = async () => undefined, desk = new Desk()) {
  const book = await RuleBook.open({
    pack: new RuleDirectory(directory),
    store: store.rules,
    nowUs: () => Date.now() * 1000,
    desk,
  });
  book.start(apply);
  return book;
}

describe('two collectors at one store', () => {
  it('each see what the other changed before they change something, and lose nothing of it', async () => {
    const applied: string[][] = [];
    const one = await openBook();
    const two = await openBook(async ({ files }) => void applied.push(files.map(({ name }) => name)));
    await one.import([fileOf('first')], OPTIONS, BY);
    await two.setState('pack', { state: 'off', reason: '' }, BY);
    expect(applied.at(-1)).toEqual(['rules/pack.yml', 'imported/first.yml']);
    await one.import([fileOf('second')], OPTIONS, BY);
    expect(one.state('pack')).toBe('off');
    const { rows } = await store.audit(3, '');
    expect(rows.map(({ action, by }) => [action, by.id]).reverse()).toEqual([
      ['rule_file.imported', 'alice'],
      ['rule.state_changed', 'alice'],
      ['rule_file.imported', 'alice'],
    ]);
  });

  it('that change at the very same time do both, one after the other', async () => {
    const one = await openBook();
    const two = await openBook();
    await Promise.all([
      one.setState('pack', { state: 'on', reason: 'one' }, BY),
      two.setState('first', { state: 'simulated', reason: 'two' }, BY),
      one.import([fileOf('third')], OPTIONS, BY),
    ]);
    const after = await openBook();
    expect([after.state('pack'), after.state('first'), after.find('third').rule.title]).toEqual([
      'on',
      'simulated',
      'Rule third',
    ]);
  });

  it('that cannot run what was changed try again at the next look', async () => {
    let refusals = 1;
    const ran: number[] = [];
    const book = await openBook(async ({ files }) => {
      if (refusals-- > 0) throw new Error('a thread ended');
      ran.push(files.length);
    });
    const failing = book.import([fileOf('fourth')], OPTIONS, BY);
    await expect(failing).rejects.toThrow('a thread ended');
    await book.setState('pack', { state: 'on', reason: '' }, BY);
    expect(ran.at(-1)).toBe(book.running.files.length);
    expect(book.running.files.map(({ name }) => name)).toContain('imported/fourth.yml');
  });
});

describe('a desk', () => {
  const slow = { pack: [], imported: [], incoming: [fileOf('x')], removed: [], override: false, partial: false };

  it('ends what takes too long, and says so', async () => {
    await expect(new Desk({ msMax: 1 }).check(slow)).rejects.toMatchObject({ code: 'too_large' });
  });

  it('ends what takes too much memory, and says so', async () => {
    const text = `a: [${'{b: 1},'.repeat(60_000)}]`;
    const incoming = Array.from({ length: 16 }, (_, at) => ({ name: `${at}.yml`, text }));
    const desk = new Desk({ heapMiBMax: 24 });
    await expect(desk.check({ ...slow, incoming })).rejects.toMatchObject({ code: 'too_large' });
  });

  it('takes no third while two are at it', async () => {
    const desk = new Desk();
    const results = await Promise.allSettled([desk.check(slow), desk.check(slow), desk.check(slow)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'busy' } });
    await expect(desk.check(slow)).resolves.toMatchObject({ refusals: [] });
  });
});

describe('matches of simulated rules', () => {
  const match = (atUs: number, entity = 'user.name=root') => ({
    ruleId: 'loud',
    ruleTitle: 'Loud',
    severity: Severity.HIGH,
    reason: `at ${atUs}`,
    entity,
    simulated: true,
    firstAtUs: atUs,
    lastAtUs: atUs,
  });

  it('are recorded up to a number an hour, and counted beyond it; others pass', () => {
    const log = new SimulationLog(2);
    const other = { ruleId: 'real' };
    expect(log.admit([match(1), other, match(2), match(3), other], 0)).toEqual([match(1), other, match(2), other]);
    expect(log.unrecorded('loud')).toBe(1);
    expect(log.admit([match(4)], HOUR_US)).toHaveLength(1);
    expect([log.unrecorded('loud'), log.unrecorded('real')]).toEqual([1, 0]);
  });

  it('would have raised as many alerts as there are entities and pauses of an hour; they go after a month', async () => {
    const nowUs = Math.floor(Date.now() / 1000) * 1_000_000;
    const at = [0, 0.5, 1.2, 2.5, 40 * 24].map((hours) => nowUs - hours * HOUR_US);
    const detections = [...at.map((each) => match(each)), match(nowUs, 'user.name=alice')];
    await store.commit({ ...EMPTY_GROUP, detections });
    await store.commit({ ...EMPTY_GROUP, detections });
    expect(await store.rules.simulated('loud', 2)).toMatchObject({ matches: 6, alerts: 4, lastAtUs: nowUs });
    expect((await store.rules.simulated('loud', 2)).newest).toHaveLength(2);
    expect((await store.rules.activity(['loud'], nowUs - HOUR_US)).get('loud')).toMatchObject({
      matches: 3,
      alerts: 0,
    });
    const days = { events: 90, evidence: 365, losses: 365, alerts: 365, risk: 365, audit: 365, seriesMinute: 30 };
    await store.keepUp(days, nowUs);
    expect(await store.rules.simulated('loud', 2)).toMatchObject({ matches: 5, alerts: 3 });
  });
});
