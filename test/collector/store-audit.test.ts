import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../collector/src/store/audit.ts';
import type { AuditActor, AuditVerification } from '../../collector/src/store/audit-entry.ts';
import { verifyAuditChain } from '../../collector/src/store/audit-verification.ts';
import type { Database } from '../../collector/src/store/database.ts';
import type { KemKeyRecord } from '../../collector/src/store/epoch-store.ts';
import { openDatabase, type StoreLocation, storeOver } from '../../collector/src/store/open.ts';
import type { TimeRange } from '../../collector/src/store/page.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { ENGINES, type EngineUnderTest, makeAgent, RETENTION, START_US } from '../support/stores.ts';

const ADMIN: AuditActor = { kind: 'console', id: 'admin', from: '127.0.0.1:5' };
const TEN_DAYS = { ...RETENTION, audit: 10 };

const token = (madeAtUs = START_US) => ({
  id: randomUUID(),
  secretHash: randomBytes(32),
  label: 'web\0 \ud83d',
  usesLeft: 3,
  madeAtUs,
  expiresAtUs: START_US,
  group: '',
  replaces: false,
});

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`the audit log on ${name}`, () => {
    let engine: EngineUnderTest;
    let location: StoreLocation;
    let database: Database;
    let store: Store;

    beforeAll(async () => {
      engine = await start();
      await begin();
    });
    afterAll(async () => {
      await store?.[Symbol.asyncDispose]();
      await engine?.[Symbol.asyncDispose]();
    });

    /** An empty log. */
    async function begin(): Promise<void> {
      await store?.[Symbol.asyncDispose]();
      location = engine.location();
      database = openDatabase(location);
      store = await storeOver(database);
    }

    test('holds every change of state once, with who made it, and proves itself', async () => {
      const enrolled = makeAgent();
      const made = token();
      await store.addToken(made, ADMIN);
      await store.addAgent(enrolled, { kind: 'token', id: made.id, from: '192.0.2.1:9' });
      await store.revokeAgent(enrolled.id, START_US + 5, ADMIN);
      await store.revokeAgent(enrolled.id, START_US + 6, ADMIN);
      await store.revokeAgent(randomUUID(), START_US + 6, ADMIN);
      await store.labelAgent(enrolled.id, { env: 'prod' }, START_US + 7, ADMIN);
      await store.labelAgent(randomUUID(), { env: 'prod' }, START_US + 7, ADMIN);
      await store.removeAgent(enrolled.id, START_US + 8, ADMIN);
      await store.removeAgent(enrolled.id, START_US + 9, ADMIN);
      const { rows, next } = await store.audit(10, '');
      expect(next).toBe('');
      expect(rows.map(({ sequence, action, subject, by, atUs }) => [sequence, action, subject, by.id, atUs])).toEqual([
        [5, 'agent.removed', enrolled.id, 'admin', START_US + 8],
        [4, 'agent.labelled', enrolled.id, 'admin', START_US + 7],
        [3, 'agent.revoked', enrolled.id, 'admin', START_US + 5],
        [2, 'agent.enrolled', enrolled.id, made.id, START_US],
        [1, 'token.made', made.id, 'admin', START_US],
      ]);
      expect(JSON.parse(rows[2]!.before)).toEqual({ name: 'web-1', revoked: false });
      expect(JSON.parse(rows[1]!.after)).toEqual({ name: 'web-1', labels: { env: 'prod' } });
      expect(rows[4]!.after).not.toContain(Buffer.from(made.secretHash).toString('hex'));
      expect(await store.verifyAudit()).toMatchObject({ entries: 5, firstSequence: 1, problem: undefined });
      const page = await store.audit(2, '');
      expect((await store.audit(2, page.next)).rows.map(({ sequence }) => sequence)).toEqual([3, 2]);
      await expect(store.audit(2, 'x')).rejects.toMatchObject({ code: 'rejected' });
      const within = async (range: TimeRange, after = '') => {
        const part = await store.audit(2, after, range);
        return { numbers: part.rows.map(({ sequence }) => sequence), next: part.next };
      };
      expect((await within({ sinceUs: START_US + 7 })).numbers).toEqual([5, 4]);
      const first = await within({ untilUs: START_US + 8 });
      expect(first.numbers).toEqual([4, 3]);
      expect((await within({ untilUs: START_US + 8 }, first.next)).numbers).toEqual([2, 1]);
      expect((await within({ sinceUs: START_US + 1, untilUs: START_US + 5 })).numbers).toEqual([]);
      await expect(within({ sinceUs: 1 }, '3')).rejects.toMatchObject({ code: 'rejected' });
    });

    test('has no entry where the change failed', async () => {
      const made = token();
      await store.addToken(made, ADMIN);
      await expect(store.addToken(made, ADMIN)).rejects.toMatchObject({ code: 'rejected' });
      const { rows } = await store.audit(10, '');
      expect(rows.filter(({ subject }) => subject === made.id)).toHaveLength(1);
      expect((await store.verifyAudit()).problem).toBeUndefined();
    });

    test('numbers the entries of many writers at once without gap or fork', async () => {
      // A server has one connection per collector to write through; the embedded engine has one in all.
      const others = name === 'pglite' ? [] : [await storeOver(openDatabase(location))];
      const writers = [store, ...others];
      const before = (await store.audit(1, '')).rows[0]?.sequence ?? 0;
      await Promise.all(Array.from({ length: 40 }, (_, at) => writers[at % writers.length]!.addToken(token(), ADMIN)));
      expect((await store.audit(1, '')).rows[0]?.sequence).toBe(before + 40);
      expect(await store.verifyAudit()).toMatchObject({ entries: before + 40, problem: undefined });
      for (const other of others) await other[Symbol.asyncDispose]();
    });

    test.each([
      ['an altered entry', "update audit set after = '{}' where sequence = 3", { sequence: 3, what: 'altered' }],
      [
        'an altered time',
        "update audit set at = at + interval '1 microsecond' where sequence = 3",
        { sequence: 3, what: 'altered' },
      ],
      ['a removed entry', 'delete from audit where sequence = 3', { sequence: 3, what: 'missing' }],
      ['the first removed', 'delete from audit where sequence = 1', { sequence: 1, what: 'missing' }],
      ['the last removed', 'delete from audit where sequence = LAST', { sequence: 0, what: 'missing' }],
      ['all removed', 'delete from audit', { sequence: 1, what: 'missing' }],
      ['the chain removed', 'delete from audit; delete from audit_chain', { sequence: 1, what: 'missing' }],
      ['a forged digest', `update audit set digest = '\\x00' where sequence = 3`, { sequence: 3, what: 'altered' }],
      ['another head', `update audit_chain set head_digest = '\\x00'`, { sequence: 0, what: 'altered' }],
      [
        'two swapped',
        'update audit set sequence = case sequence when 2 then -3 else -2 end where sequence in (2, 3); update audit set sequence = -sequence where sequence < 0',
        { sequence: 2, what: 'altered' },
      ],
    ])('names %s', async (_, sql, problem) => {
      let head = 0;
      let named: AuditVerification['problem'];
      const undone = database.transaction(async (session) => {
        head = (await session.query('select head_sequence as head from audit_chain'))[0]?.head;
        await session.script(sql.replaceAll('LAST', String(head)));
        named = (await verifyAuditChain(session)).problem;
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(named).toEqual({ ...problem, sequence: problem.sequence || head });
      expect((await store.verifyAudit()).problem).toBeUndefined();
    });

    test('stays provable from the oldest entry kept when retention drops the rest', async () => {
      await begin();
      const nowUs = START_US + 20 * DAY_US;
      for (const offset of [0, 1, 2, 12, 13]) await store.addToken(token(START_US + offset * DAY_US), ADMIN);
      await store.keepUp(TEN_DAYS, nowUs);
      const { rows } = await store.audit(10, '');
      expect(rows.map(({ sequence, action }) => [sequence, action])).toEqual([
        [6, 'audit.pruned'],
        [5, 'token.made'],
        [4, 'token.made'],
      ]);
      expect(await store.verifyAudit()).toMatchObject({ entries: 3, firstSequence: 4, problem: undefined });
      await store.keepUp(TEN_DAYS, nowUs);
      expect((await store.audit(10, '')).rows).toHaveLength(3);
      await database.script('delete from audit where sequence = 4');
      expect((await store.verifyAudit()).problem).toEqual({ sequence: 4, what: 'missing' });
    });

    test('goes on from its anchor when everything in it was old', async () => {
      await begin();
      for (const offset of [0, 1]) await store.addToken(token(START_US + offset * DAY_US), ADMIN);
      await store.keepUp(TEN_DAYS, START_US + 50 * DAY_US);
      expect(await store.verifyAudit()).toMatchObject({ entries: 1, firstSequence: 3, problem: undefined });
      await store.addToken(token(), ADMIN);
      expect(await store.verifyAudit()).toMatchObject({ entries: 2, problem: undefined });
    });

    test('tells what became of ML-KEM keys', async () => {
      await begin();
      const key = (epoch: number) => ({
        epoch,
        algorithm: 'ML-KEM-768',
        publicKeySha256: new Uint8Array(randomBytes(32)),
        createdAtUs: START_US + epoch,
      });
      const [one, two] = [key(1), key(2)];
      const first = { ...one, state: 'announced', announcedAtUs: START_US, destroyedAtUs: undefined } as const;
      const second = { ...two, state: 'announced', announcedAtUs: START_US + 2, destroyedAtUs: undefined } as const;
      const change = (atUs: number, keys: readonly KemKeyRecord[]) =>
        store.epochs.change({ atUs, action: 'started', keys }, ADMIN);
      await change(START_US, [first]);
      await change(START_US + 2, [{ ...first, state: 'draining' }, second]);
      await change(START_US + 3, [{ ...first, state: 'destroyed', destroyedAtUs: START_US + 3 }]);
      expect(await store.keys()).toEqual([
        { ...two, state: 'announced', announcedAtUs: START_US + 2, destroyedAtUs: undefined },
        { ...one, state: 'destroyed', announcedAtUs: START_US, destroyedAtUs: START_US + 3 },
      ]);
      const actions = (await store.audit(10, '')).rows.map(({ action, subject }) => `${action} ${subject}`);
      expect(actions.reverse()).toEqual([
        'kem_key.made epoch 1',
        'kem_key.draining epoch 1',
        'kem_key.made epoch 2',
        'kem_key.destroyed epoch 1',
      ]);
    });
  });
}

test('canonical JSON does not depend on the order in which it was made', () => {
  expect(canonicalJson({ b: 1, a: [{ d: null, c: undefined }] })).toBe('{"a":[{"d":null}],"b":1}');
  expect(canonicalJson({ a: [{ d: null }], b: 1 })).toBe('{"a":[{"d":null}],"b":1}');
  expect(canonicalJson(undefined)).toBe('');
});
