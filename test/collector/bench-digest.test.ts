// bench:ingest says "lost 0, duplicated 0" by these digests: they must notice when it is not so.
import { HostEvent, sha256 } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { addDigests, compare, DigestSum, type Digests, heldBy } from '../bench/event-digest.ts';
import { type EngineUnderTest, group, makeBatch, realisticEvents, startPglite } from '../support/stores.ts';

const AGENT = 'b9c3f1de-0000-4000-8000-000000000001';

describe('the digests of bench:ingest', () => {
  let engine: EngineUnderTest;
  let database: Database;
  let store: Store;
  let sent: Digests;

  beforeAll(async () => {
    engine = await startPglite();
    database = openDatabase(engine.location());
    store = await storeOver(database);
    const batches = [1, 2, 3].map((sequence) =>
      makeBatch({ agentId: AGENT, sequence, events: realisticEvents(40 + sequence) }),
    );
    await store.commit(group({ batches }));
    const digests = batches.map(({ events, headerBytes, payload }) => {
      const [ofEvents, ofHeaders, ofPayloads] = [new DigestSum(), new DigestSum(), new DigestSum()];
      for (const event of events) ofEvents.add(HostEvent.encode(event).finish());
      ofHeaders.addDigest(sha256(headerBytes));
      ofPayloads.add(payload);
      return { events: `${ofEvents}`, headers: `${ofHeaders}`, payloads: `${ofPayloads}` };
    });
    sent = addDigests(digests);
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  /** What is found after a change to the database, which is then taken back. */
  async function foundAfter(sql: string) {
    const undone = new Error('taken back');
    let found: ReturnType<typeof compare> | undefined;
    const changing = database.transaction(async (session) => {
      await session.script(sql);
      found = compare(sent, await heldBy({ transaction: (work) => work(session) }));
      throw undone;
    });
    await expect(changing).rejects.toThrow('taken back');
    return found;
  }

  it('agree on what was sent and stored', async () => {
    expect(compare(sent, await heldBy(database))).toEqual({ whole: true, lost: 0, duplicated: 0 });
  });

  const FIRST = 'sequence = 1 and event_index = 7';
  it.each([
    ['an event that is missing', `delete from events where ${FIRST}`, { whole: false, lost: 1, duplicated: 0 }],
    [
      'an event that is there twice',
      `insert into events select * from events where ${FIRST}`,
      { whole: false, lost: 0, duplicated: 1 },
    ],
    [
      'an event that is there twice in the place of another',
      `delete from events where sequence = 2 and event_index = 3; insert into events select * from events where ${FIRST}`,
      { whole: false, lost: 1, duplicated: 1 },
    ],
    [
      'an event that was altered',
      `update events set event = event || '\\x00' where ${FIRST}`,
      { whole: false, lost: 1, duplicated: 0 },
    ],
    ['evidence that is missing', 'delete from evidence where sequence = 3', { whole: false, lost: 1, duplicated: 0 }],
    [
      'a header that was altered',
      `update evidence set header = header || '\\x00' where sequence = 3`,
      { whole: false, lost: 1, duplicated: 0 },
    ],
  ])('notice %s', async (_what, sql, found) => {
    expect(await foundAfter(sql)).toEqual(found);
  });
});
