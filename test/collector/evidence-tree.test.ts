import { generateKeyPairSync, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { EventClass, type SignedTreeHead, TreeEntry } from '@threatguard/proto';
import {
  type CheckedTreeHead,
  leafHash,
  readTreeHead,
  signTreeHead,
  verifyConsistency,
  verifyInclusion,
} from '@threatguard/proto/evidence';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TreeKeeper } from '../../collector/src/evidence/tree-keeper.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { makeCa } from '../support/agent-identity.ts';
import { ENGINES, type EngineUnderTest, group, makeBatch, START_US } from '../support/stores.ts';
import { until } from '../support/until.ts';

const HOUR_US = 3_600_000_000;
const NOW_US = START_US + HOUR_US;
const RETENTION = { events: 5, evidence: 5, losses: 5, alerts: 5, risk: 5, audit: 5, seriesMinute: 5 };
let signer: { privateKey: ReturnType<typeof generateKeyPairSync>['privateKey']; certificate: X509Certificate };
const sign = (head: Omit<CheckedTreeHead, 'digest'>) => signTreeHead(head, signer as never);

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ml-dsa-65');
  signer = { privateKey, certificate: new X509Certificate((await makeCa()).pem) };
});

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`the tree of evidence on ${name}`, () => {
    let engine: EngineUnderTest;
    let database: Database;
    let store: Store;

    beforeAll(async () => {
      engine = await start();
      database = openDatabase(engine.location());
      store = await storeOver(database, START_US);
    });
    afterAll(async () => {
      await store?.[Symbol.asyncDispose]();
      await engine?.[Symbol.asyncDispose]();
    });

    interface Stream {
      agentId: string;
      streamId: Uint8Array;
    }
    const stream = (agentId: string = randomUUID()): Stream => ({ agentId, streamId: randomBytes(16) });

    async function send(from: Stream, sequences: number[], receivedAtUs = START_US): Promise<void> {
      const batches = sequences.map((sequence) => {
        const events = [{ observedAtUs: receivedAtUs, class: EventClass.PROCESS, sensor: 'process.ebpf' }];
        return { ...makeBatch({ ...from, events, sequence }), receivedAtUs };
      });
      await store.commit(group({ batches }));
    }

    async function record(atUs = NOW_US, agents?: string[]): Promise<number> {
      let entries = 0;
      for (let more = true; more; ) {
        const part = await store.evidence.recordEnvelopes(atUs, agents);
        ({ more } = part);
        entries += part.entries;
      }
      return entries;
    }

    async function entriesOf(agentId: string): Promise<TreeEntry[]> {
      const found: TreeEntry[] = [];
      for await (const { bytes } of store.evidence.entries(agentId, { first: 1, last: 1000 }))
        found.push(TreeEntry.decode(bytes));
      return found;
    }
    const runsOf = (entry: TreeEntry | undefined) =>
      (entry?.runs ?? []).map((run) => [run.firstSequence, run.lastSequence]);

    async function head(always = false): Promise<CheckedTreeHead | undefined> {
      const signed = await store.evidence.addHead(NOW_US, { sign, always });
      return signed && readTreeHead(signed.head!);
    }

    test('takes each envelope once, in the runs they came in, and says of whom nothing came any more once', async () => {
      const one = stream();
      const two = stream(one.agentId);
      await send(one, [1, 2, 3, 7, 8]);
      await send(two, [1]);
      expect(await record()).toBe(1);
      expect(await record()).toBe(0);
      const [first] = await entriesOf(one.agentId);
      expect(runsOf(first).sort()).toEqual(
        [
          [1, 1],
          [1, 3],
          [7, 8],
        ].sort(),
      );
      await send(one, [9]);
      expect(await record(NOW_US + 1)).toBe(1);
      for (const atUs of [NOW_US + 1, NOW_US + 2, NOW_US + 3]) await store.evidence.recordIdle(atUs, [one.agentId]);
      const entries = await entriesOf(one.agentId);
      expect(entries.map(runsOf)).toEqual([runsOf(first), [[9, 9]], []]);
      expect(entries.map(({ number }) => number)).toEqual([1, 2, 3]);
      expect(entries.map(({ recordedAtUs }) => recordedAtUs)).toEqual([NOW_US, NOW_US + 1, NOW_US + 2]);
      for (const [index, entry] of entries.entries()) {
        const before = index === 0 ? new Uint8Array(32) : leafHash(TreeEntry.encode(entries[index - 1]!).finish());
        expect(Buffer.from(entry.previousDigest!)).toEqual(Buffer.from(before));
      }
    });

    test('says of an entry that the next one goes on with it, where an agent has more holes than one entry takes', async () => {
      const one = stream();
      await send(
        one,
        Array.from({ length: 300 }, (_, index) => index * 2 + 1),
      );
      await record();
      expect((await entriesOf(one.agentId)).map(({ runs, continued }) => [runs!.length, continued])).toEqual([
        [256, true],
        [44, false],
      ]);
    });

    test('cuts runs at midnight, because retention does', async () => {
      const one = stream();
      const midnightUs = Math.ceil(START_US / DAY_US) * DAY_US;
      await send(one, [1, 2], midnightUs - 1);
      await send(one, [3], midnightUs);
      await record();
      expect((await entriesOf(one.agentId)).map(runsOf)).toEqual([
        [
          [1, 2],
          [3, 3],
        ],
      ]);
    });

    test('never goes back in time, whatever the clock does', async () => {
      const one = stream();
      await send(one, [1]);
      await record(NOW_US + 1000);
      await send(one, [2]);
      await record(NOW_US - HOUR_US);
      const times = (await entriesOf(one.agentId)).map(({ recordedAtUs }) => recordedAtUs!);
      expect(times[1]).toBeGreaterThanOrEqual(times[0]!);
    });

    test('has heads that name each other and only grow, with a proof for every entry', async () => {
      const heads: CheckedTreeHead[] = [(await head(true))!];
      for (let turn = 0; turn < 4; turn++) {
        for (let agent = 0; agent <= turn * 3; agent++) await send(stream(), [1]);
        await record();
        heads.push((await head())!);
        expect(await head()).toBeUndefined();
      }
      const last = heads.at(-1)!;
      for (const [index, earlier] of heads.entries()) {
        const proof = await store.evidence.consistency(earlier.treeSize, last.treeSize);
        const first = { size: earlier.treeSize, root: earlier.root };
        expect(verifyConsistency({ first, second: { size: last.treeSize, root: last.root }, proof })).toBe(true);
        if (index > 0) expect(Buffer.from(earlier.previousHeadDigest)).toEqual(heads[index - 1]!.digest);
      }
      for (let leaf = 0; leaf < last.treeSize; leaf++) {
        const entry = await store.evidence.entryAt(leaf);
        const proof = await store.evidence.inclusion(leaf, last.treeSize);
        const parts = { leaf: leafHash(entry!.bytes), index: leaf, size: last.treeSize, proof, root: last.root };
        expect(verifyInclusion(parts)).toBe(true);
      }
      const [newest] = (await store.evidence.heads(1)) as [SignedTreeHead];
      expect(readTreeHead(newest.head!)!.digest).toEqual(last.digest);
    });

    test('names the newest entry of the audit log in each head', async () => {
      await store.evidence.noteExport(NOW_US, { kind: 'console', id: 'admin', from: '' }, { subject: 'x', after: {} });
      const { head: audit } = await store.verifyAudit();
      const { auditSequence, auditDigest } = (await head(true))!;
      expect(auditSequence).toBe(audit.sequence);
      expect(Buffer.from(auditDigest)).toEqual(Buffer.from(audit.digest));
    });

    test('a head that could not be signed leaves nothing behind', async () => {
      await send(stream(), [1]);
      await record();
      const before = await store.evidence.heads(1000);
      const failing = () => {
        throw new Error('no key');
      };
      await expect(store.evidence.addHead(NOW_US, { sign: failing, always: true })).rejects.toThrow('no key');
      expect(await store.evidence.heads(1000)).toEqual(before);
      expect((await head())!.number).toBe(before.length + 1);
    });

    test('several collectors that record at once record everything once', async () => {
      const streams = Array.from({ length: 12 }, () => stream());
      for (const each of streams) await send(each, [1, 2]);
      await Promise.all([record(NOW_US + 5), record(NOW_US + 5), record(NOW_US + 5)]);
      for (const { agentId } of streams) expect((await entriesOf(agentId)).map(runsOf)).toEqual([[[1, 2]]]);
      const counted = await database.query(
        'select count(*) as entries, (select size from tree) as size from tree_entries',
      );
      expect(counted[0]!.entries).toBe(counted[0]!.size);
    });

    test('goes on behind what aged out before it could be recorded', async () => {
      const one = stream();
      await send(one, [1, 2]);
      await store.keepUp(RETENTION, START_US + 20 * DAY_US);
      await send(one, [3], START_US + 20 * DAY_US);
      await record(START_US + 20 * DAY_US);
      await record(START_US + 20 * DAY_US);
      expect((await entriesOf(one.agentId)).map(runsOf)).toEqual([[[3, 3]]]);
    });

    test('the keeper records at its start what came before, then hourly, and when it is asked', async () => {
      const one = stream();
      await send(one, [1]);
      let nowUs = START_US + 30 * DAY_US;
      const told: number[] = [];
      const failures: unknown[] = [];
      const parts = {
        evidence: store.evidence,
        signer: () => ({ ...signer, signingKeyId: new Uint8Array(32) }) as never,
        nowUs: () => nowUs,
        signed: ({ number }: CheckedTreeHead) => void told.push(number),
        failed: (error: unknown) => void failures.push(error),
      };
      {
        await using keeper = TreeKeeper.start(parts);
        await until(() => told.length === 1, { limitMs: 10_000, what: 'a head' });
        await send(one, [2]);
        nowUs += 1000;
        const asked = await keeper.record([one.agentId]);
        expect(asked.head.number).toBe(told[1]);
        expect((await entriesOf(one.agentId)).map(runsOf)).toEqual([[[1, 1]], [[2, 2]]]);
        expect(asked.recordedAtUs).toBe(nowUs);
      }
      const before = told.length;
      await using _early = TreeKeeper.start(parts);
      nowUs += 2 * HOUR_US;
      await using _late = TreeKeeper.start(parts);
      await until(() => told.length > before, { limitMs: 10_000, what: 'the next head' });
      expect(failures).toEqual([]);
    });
  });
}
