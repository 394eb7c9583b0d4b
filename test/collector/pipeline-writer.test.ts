import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommitGroup } from '../../collector/src/store/commit-group.ts';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import { openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { StoreError } from '../../collector/src/store/store-error.ts';
import { Writer } from '../../collector/src/store/writer.ts';
import { processEvents } from '../support/envelopes.ts';
import { type EngineUnderTest, makeAlert, makeBatch, startPglite } from '../support/stores.ts';
import { until } from '../support/until.ts';

let engine: EngineUnderTest;
let store: Store;
const agentId = randomUUID();

beforeAll(async () => {
  engine = await startPglite();
  store = await openStore(engine.location());
});

afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
});

/** The real store, with a tap on `commit`: what it was given, and a door that can be shut. */
function tapped() {
  const groups: CommitGroup[] = [];
  const tap = {
    groups,
    commitsAtOnce: store.commitsAtOnce,
    fail: undefined as ((group: CommitGroup) => Error | undefined) | undefined,
    door: Promise.resolve(),
    commit: async (group: CommitGroup) => {
      groups.push(group);
      await tap.door;
      const error = tap.fail?.(group);
      if (error) throw error;
      await store.commit(group);
    },
    observedRatio: store.observedRatio.bind(store),
  };
  return tap;
}

function writerInto(tap: ReturnType<typeof tapped>, problems: (string | undefined)[] = []) {
  return new Writer({ store: tap, lossyAgents: new Set(), stateChanged: (problem) => problems.push(problem) });
}

const streamId = Buffer.alloc(16, 7);
let sequence = 0;
function nextBatch(count = 3) {
  sequence += 1;
  return toStorable(makeBatch({ agentId, streamId, sequence, events: processEvents(count) }));
}

describe('the writer', () => {
  it('resolves when the batch is in the store', async () => {
    await using writer = writerInto(tapped());
    const before = (await store.totals()).events;
    await writer.write({ batch: nextBatch() });
    expect((await store.totals()).events).toBe(before + 3);
  });

  it('gathers what comes during a commit into the next one, in order', async () => {
    const tap = tapped();
    await using writer = writerInto(tap);
    const door = Promise.withResolvers<void>();
    tap.door = door.promise;
    const first = writer.write({ batch: nextBatch() });
    await until(() => tap.groups.length === 1, { limitMs: 5_000, what: 'the first commit' });
    const others = Array.from({ length: 5 }, () => writer.write({ batch: nextBatch() }));
    door.resolve();
    await Promise.all([first, ...others]);
    expect(tap.groups.map((group) => group.batches.length)).toEqual([1, 5]);
    const sequences = tap.groups[1]!.batches.map((batch) => batch.header.sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });

  it('tries again for as long as the store does not answer, and says so', async () => {
    const tap = tapped();
    const problems: (string | undefined)[] = [];
    await using writer = writerInto(tap, problems);
    let failures = 2;
    tap.fail = () => (failures-- > 0 ? new StoreError('unavailable', 'gone fishing') : undefined);
    await writer.write({ batch: nextBatch() });
    expect(problems).toEqual(['gone fishing', undefined]);
    expect(tap.groups).toHaveLength(3);
  });

  it('gives each its own answer when one of a group is rejected', async () => {
    const tap = tapped();
    await using writer = writerInto(tap);
    const bad = nextBatch();
    const isBad = (group: CommitGroup) => group.batches.some((batch) => batch.header.sequence === bad.header.sequence);
    tap.fail = (group) => (isBad(group) ? new StoreError('rejected', 'never') : undefined);
    const results = await Promise.allSettled([bad, nextBatch(), nextBatch()].map((batch) => writer.write({ batch })));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('has no room while more waits than it may hold, and has again after', async () => {
    const tap = tapped();
    await using writer = writerInto(tap);
    const door = Promise.withResolvers<void>();
    tap.door = door.promise;
    const large = () => ({ ...nextBatch(1), payload: new Uint8Array(9 * 1024 * 1024) });
    const written = [writer.write({ batch: large() }), writer.write({ batch: large() })];
    expect(writer.hasRoom(1_000_000)).toBe(false);
    expect(writer.hasRoom(1_000), 'room is kept for what is small').toBe(true);
    let room = false;
    const waiting = writer.room(1_000_000).then(() => {
      room = true;
    });
    await until(() => tap.groups.length === 1, { limitMs: 5_000, what: 'the first commit' });
    expect(room).toBe(false);
    door.resolve();
    await Promise.all([...written, waiting]);
    expect(room).toBe(true);
  });

  it('commits what it has when it is disposed, and takes nothing after', async () => {
    const writer = writerInto(tapped());
    const written = writer.write({ batch: nextBatch() });
    await writer[Symbol.asyncDispose]();
    await written;
    await expect(writer.write({ batch: nextBatch() })).rejects.toMatchObject({ code: 'unavailable' });
    await writer[Symbol.asyncDispose]();
  });

  it('says of an alert how much of its time was seen, where the agent lost events', async () => {
    const lossy = randomUUID();
    await using writer = writerInto(tapped());
    const [first] = processEvents(1);
    const atUs = first!.observedAtUs!;
    const losses = [{ sensor: 'spool', reason: 'spool_overflow', count: 3, firstAtUs: atUs, lastAtUs: atUs }];
    const alert = makeAlert({ agentId: lossy, firstAtUs: atUs - 1_000_000, lastAtUs: atUs + 1_000_000 });
    const [before] = await writer.write({ alerts: [alert] });
    expect(before!.observedRatio).toBe(1);
    await writer.write({ batch: toStorable(makeBatch({ agentId: lossy, events: [first!], losses })) });
    const [after] = await writer.write({ alerts: [{ ...alert, revision: 2 }] });
    expect(after!.observedRatio).toBeCloseTo(0.25);
  });
});
