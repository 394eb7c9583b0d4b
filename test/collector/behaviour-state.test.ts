import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Behaviour } from '../../collector/src/detect/behaviour/behaviour.ts';
import { readCheckpoint, writeCheckpoint } from '../../collector/src/detect/behaviour/checkpoint.ts';
import { estimateDistinct, SKETCHES_WORDS, sketch, sketchBit } from '../../collector/src/detect/behaviour/features.ts';
import { hashText } from '../../collector/src/detect/behaviour/hash-text.ts';
import { BehaviourKeeper } from '../../collector/src/detect/behaviour/keeper.ts';
import { observe } from '../../collector/src/detect/behaviour/observations.ts';
import { combineDependent, combineIndependent, normalTail } from '../../collector/src/detect/behaviour/probability.ts';
import { type SeenEntries, SeenSet } from '../../collector/src/detect/behaviour/seen-set.ts';
import { openStore } from '../../collector/src/store/open.ts';
import { exec, ordinaryHours, sent } from '../support/behaviour-events.ts';
import { envelope, OPTIONS, START_US } from '../support/killed-checkpoint.ts';
import { emptyPglite } from '../support/pglite.ts';
import { group, makeBatch } from '../support/stores.ts';

const HOUR_US = 3_600_000_000;
const FROM_US = 490_000 * HOUR_US;
const KILLED = new URL('../support/killed-checkpoint.ts', import.meta.url).pathname;

function batch(host: number, sequence: number, events: ReturnType<typeof ordinaryHours>) {
  const agentId = `host-${host}`;
  const eventTimesUs = Float64Array.from(events, ({ observedAtUs }) => observedAtUs!);
  return observe({
    agentId,
    agentName: agentId,
    header: { streamId: new Uint8Array(16), sequence },
    events,
    eventTimesUs,
  });
}

function fleet(entitiesMax?: number): Behaviour {
  return new Behaviour({ learningDays: 1, alertsPerHostDay: 0.5, seed: 1, ...(entitiesMax && { entitiesMax }) });
}

function teach(behaviour: Behaviour, hours: { from: number; to: number }): void {
  for (let hour = hours.from; hour < hours.to; hour++) {
    for (let host = 0; host < 6; host++) {
      const fromUs = FROM_US + hour * HOUR_US;
      behaviour.observe(batch(host, hour + 1, ordinaryHours({ user: `user${host}`, fromUs, hours: 1 })));
    }
  }
}

/** A checkpoint as data; first-seen sets by key, since the place of an item in its table depends on which came first. */
function state(behaviour: Behaviour): unknown[] {
  const [head, ...parts] = Array.from(writeCheckpoint(behaviour), (part) => deserialize(part));
  const sorted = ({ keys, lastHours }: SeenEntries) =>
    Array.from(keys, (key, at) => [key, lastHours[at]] as const).sort((a, b) => a[0] - b[0]);
  const plain = (saved: unknown) => (saved instanceof Uint8Array ? deserialize(saved) : saved);
  const profiles = parts
    .flat()
    .map(plain)
    .map((saved: { seen: (SeenEntries | undefined)[] }) => ({
      ...saved,
      seen: saved.seen.map((entries) => entries && sorted(entries)),
    }));
  return [head, ...profiles];
}

/** The order of entities is no part of what is known. */
function sortedByName([head, ...profiles]: unknown[]): unknown[] {
  const nameOf = (profile: unknown) => JSON.stringify((profile as { identity: unknown }).identity);
  return [head, ...profiles.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))];
}

describe('what models know', () => {
  it('is after a checkpoint what it would have been without', () => {
    const whole = fleet();
    teach(whole, { from: 0, to: 60 });
    const first = fleet();
    teach(first, { from: 0, to: 37 });
    const second = fleet();
    expect(readCheckpoint(second, [...writeCheckpoint(first)])).toBe(true);
    teach(second, { from: 37, to: 60 });
    expect(state(second)).toEqual(state(whole));
    const attack = () =>
      batch(2, 61, [
        sent({ user: 'user2', image: '/x', atUs: FROM_US + 60 * HOUR_US, bytesOut: 5e9, to: '203.0.113.9' }),
      ]);
    const [before, after] = [whole.observe(attack()), second.observe(attack())];
    expect(before).toHaveLength(1);
    expect(after).toEqual(before);
  });

  it('is read from a checkpoint of before first-seen items lost their counts', () => {
    const behaviour = fleet();
    teach(behaviour, { from: 0, to: 30 });
    const [head, ...parts] = [...writeCheckpoint(behaviour)];
    const counted = (entries: SeenEntries | undefined) =>
      entries && { ...entries, counts: new Float32Array(entries.keys.length).fill(3) };
    const before = parts.map((part) =>
      serialize(
        (deserialize(part) as { seen: (SeenEntries | undefined)[] }[]).map((saved) => ({
          ...saved,
          // Categories an entity had nothing of were not there at all.
          seen: saved.seen.map(counted).slice(0, saved.seen.findLastIndex((entries) => entries) + 1),
        })),
      ),
    );
    const again = fleet();
    expect(readCheckpoint(again, [head!, ...before])).toBe(true);
    expect(state(again)).toEqual(state(behaviour));
  });

  it('is in a checkpoint as it was when that was begun, whatever comes while it is written', () => {
    const behaviour = fleet();
    teach(behaviour, { from: 0, to: 30 });
    const begun = state(behaviour);
    const parts = writeCheckpoint(behaviour);
    const saved = [parts.next().value!];
    teach(behaviour, { from: 30, to: 33 });
    expect(behaviour.observe(batch(9, 1, ordinaryHours({ user: 'new', fromUs: FROM_US, hours: 1 })))).toEqual([]);
    saved.push(...parts);
    const again = fleet();
    expect(readCheckpoint(again, saved)).toBe(true);
    expect(sortedByName(state(again))).toEqual(sortedByName(begun));
  });

  it('is what the store has, after a kill between two slices of a checkpoint', async () => {
    const root = mkdtempSync(join(tmpdir(), 'threatguard-behaviour-'));
    try {
      (await emptyPglite())(root);
      const killed = spawnSync(process.execPath, [KILLED, root], { encoding: 'utf8', timeout: 60_000 });
      expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', expect.not.stringMatching(/Error/)]);
      await using store = await openStore({ url: undefined, directory: root });
      const failed = (error: unknown) => expect(error).toBeUndefined();
      const nowUs = () => START_US + HOUR_US;
      const { keeper, learned } = await BehaviourKeeper.start({
        store: store.behaviour,
        options: OPTIONS,
        nowUs,
        failed,
      });
      expect(learned).toBe(5 * 5);
      const whole = new Behaviour(OPTIONS);
      for (let sequence = 1; sequence <= 12; sequence++) whole.observe(envelope(sequence));
      expect(state(keeper.behaviour)).toEqual(state(whole));
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('does not depend on what was observed before: texts that are known, and those of more batches than are remembered', () => {
    const events = ordinaryHours({ user: 'alice', fromUs: FROM_US, hours: 1 });
    const first = batch(1, 1, events);
    expect(batch(1, 1, events)).toEqual(first);
    const others = Array.from({ length: 4_200 }, (_, n) => exec({ user: 'bob', image: `/bin/x${n}`, atUs: FROM_US }));
    expect(batch(2, 1, others).texts).toContain('/bin/x4199');
    expect(batch(1, 1, events)).toEqual(first);
  });

  it('counts an envelope once, however often it comes', () => {
    const behaviour = fleet();
    teach(behaviour, { from: 0, to: 10 });
    const before = state(behaviour);
    teach(behaviour, { from: 0, to: 10 });
    expect(state(behaviour)).toEqual(before);
  });

  it('is bounded: entities beyond the limit push out those not seen for longest, and are counted', () => {
    const behaviour = fleet(40);
    for (let host = 0; host < 200; host++) {
      const atUs = FROM_US + host * HOUR_US;
      behaviour.observe(batch(host, 1, [exec({ user: `user${host}`, image: `/bin/x${host}`, atUs })]));
    }
    expect(behaviour.entities.size).toBeLessThanOrEqual(40);
    expect(behaviour.entities.evicted).toBeGreaterThanOrEqual(4 * 200 - 40);
    expect(behaviour.notices().join()).toMatch(/entities were forgotten by the models for lack of room/);
  });

  it('takes no names for users that are only tried', () => {
    const behaviour = fleet();
    const events = Array.from({ length: 300 }, (_, n) => ({
      ...ordinaryHours({ user: `guess${n}`, fromUs: FROM_US, hours: 1 })[0]!,
      outcome: 2,
    }));
    behaviour.observe(batch(1, 1, events));
    expect([behaviour.entities.count('user'), behaviour.entities.count('host')]).toEqual([0, 1]);
  });

  it('is after a crash what the store has, checkpoint or none, and is told nothing twice', async () => {
    const root = mkdtempSync(join(tmpdir(), 'threatguard-behaviour-'));
    try {
      (await emptyPglite())(root);
      await using store = await openStore({ url: undefined, directory: root });
      const agentId = randomUUID();
      const streamId = randomBytes(16);
      const events = (hour: number) => ordinaryHours({ user: 'alice', fromUs: START_US + hour * HOUR_US, hours: 1 });
      const commit = (sequence: number) =>
        store.commit(group({ batches: [makeBatch({ agentId, streamId, sequence, events: events(sequence) })] }));
      const observed = (sequence: number) => {
        const own = events(sequence);
        const eventTimesUs = Float64Array.from(own, ({ observedAtUs }) => observedAtUs!);
        return observe({ agentId, agentName: '', header: { streamId, sequence }, events: own, eventTimesUs });
      };
      const options = { learningDays: 1, alertsPerHostDay: 0.5, seed: 1 };
      const failed = (error: unknown) => expect(error).toBeUndefined();
      const start = () =>
        BehaviourKeeper.start({ store: store.behaviour, options, nowUs: () => START_US + HOUR_US, failed });

      const whole = (await start()).keeper;
      for (let sequence = 1; sequence <= 20; sequence++) {
        await commit(sequence);
        whole.observe(observed(sequence));
        if (sequence === 12) await whole.checkpoint();
      }
      // Without a last checkpoint, as a process that was killed.
      const { keeper, learned } = await start();
      expect(learned).toBe(8 * events(1).length);
      expect(state(keeper.behaviour)).toEqual(state(whole.behaviour));

      // What is not committed is in no checkpoint.
      keeper.observe(observed(21));
      const { promise, reject } = Promise.withResolvers();
      keeper.track(promise);
      const saved = keeper.checkpoint();
      setImmediate(() => reject(new Error('not stored')));
      await saved;
      expect((await start()).learned).toBe(8 * events(1).length);
      await commit(21);
      keeper.track(Promise.resolve());
      await keeper.checkpoint();
      expect((await start()).learned).toBe(0);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('whatever a host says', () => {
  it('is observed without an error, in rows that point into the batch', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('', '127.0.0.1', '::1', '::ffff:1.2.3.4', '2001:db8::1'),
    );
    const count = fc.oneof(fc.nat(), fc.double({ noNaN: false }), fc.constant(-1), fc.constant(Number.MAX_VALUE));
    const event = fc.record({
      class: fc.integer({ min: 0, max: 7 }),
      activity: fc.constantFrom(0, 1, 3, 10, 20, 21, 31, 50),
      outcome: fc.integer({ min: 0, max: 3 }),
      user: fc.option(fc.record({ name: text }), { nil: undefined }),
      process: fc.option(
        fc.record({ executable: text, parentExecutable: text, args: fc.array(text, { maxLength: 3 }) }),
        { nil: undefined },
      ),
      network: fc.option(
        fc.record({
          direction: fc.nat(3),
          destinationAddress: text,
          destinationPort: count,
          bytesSent: count,
          bytesReceived: count,
        }),
        { nil: undefined },
      ),
      authentication: fc.option(fc.record({ sourceAddress: text, count }), { nil: undefined }),
      file: fc.option(fc.record({ count }), { nil: undefined }),
      host: fc.option(fc.record({ cpuPercent: count }), { nil: undefined }),
    });
    const behaviour = fleet(50);
    let sequence = 0;
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 20 }),
        fc.array(count, { minLength: 20, maxLength: 20 }),
        (events, times) => {
          const observations = observe({
            agentId: 'host',
            agentName: 'host',
            header: { streamId: new Uint8Array(16), sequence: ++sequence },
            events: events as never,
            eventTimesUs: Float64Array.from(times, (time) => Math.max(0, Math.min(time || 0, 2 ** 53))),
          });
          for (const place of observations.places) expect(place).toBeLessThanOrEqual(observations.texts.length);
          expect([...observations.hashes]).toEqual(observations.texts.map(hashText));
          behaviour.observe(observations);
          for (const profile of behaviour.entities.all()) expect(profile.numbers.every(Number.isFinite)).toBe(true);
        },
      ),
      { seed: 9, numRuns: 100 },
    );
  });
});

describe('a first-seen set', () => {
  const key = (item: number) => Float64Array.of(hashText(`item ${item}`));

  it('says of each item of each category what a plain map would, as long as there is room', () => {
    const noted = fc.tuple(fc.nat(2), fc.nat(60), fc.nat(40));
    fc.assert(
      fc.property(fc.array(noted, { maxLength: 200 }), (notes) => {
        const set = new SeenSet(3, 128);
        const plain = new Map<string, number>();
        for (const [category, item, hour] of notes) {
          const last = plain.get(`${category} ${item}`);
          expect(set.note(category, key(item), 0, hour, 10)).toBe(last === undefined || hour > last + 10);
          plain.set(`${category} ${item}`, Math.max(last ?? 0, hour));
        }
        const copy = new SeenSet(3, 128);
        for (let category = 0; category < 3; category++) {
          const entries = set.entries(category);
          if (entries) copy.restore(category, entries);
          for (let item = 0; item <= 60; item++) {
            const has = plain.has(`${category} ${item}`);
            expect([set.has(category, key(item), 0), copy.has(category, key(item), 0)]).toEqual([has, has]);
          }
        }
        expect([set.size, copy.size]).toEqual([plain.size, plain.size]);
      }),
      { seed: 9, numRuns: 100 },
    );
  });

  it('keeps the newest of a category that is full, and counts what went; others stay whole', () => {
    const set = new SeenSet(2, 64);
    for (let item = 0; item < 60; item++) set.note(1, key(item), 0, 0, 1_000);
    for (let hour = 0; hour < 500; hour++) set.note(0, key(hour), 0, hour, 1_000);
    expect(set.size).toBeLessThanOrEqual(60 + 64);
    expect(set.has(0, key(499), 0)).toBe(true);
    expect(set.evicted + set.size).toBe(60 + 500);
    expect(set.entries(1)?.keys).toHaveLength(60);
  });
});

describe('small probabilities', () => {
  it.each([
    [0, 0.30103],
    [1.2815516, 1],
    [3.0902323, 3],
    [4.7534243, 6],
    [6.3613409, 10],
  ])('a normal deviate of %d is exceeded with -log10 probability %d', (z, surprise) => {
    expect(normalTail(z)).toBeCloseTo(surprise, 1);
  });

  it('are smaller together where they are independent, and not where they are the same', () => {
    expect(combineIndependent([2, 2, 2, 2])).toBeGreaterThan(combineIndependent([2, 0, 0, 0]));
    expect(combineIndependent([0, 0, 0, 0])).toBe(0);
    expect(combineDependent([3, 3, 3])).toBeCloseTo(3, 3);
    expect(combineDependent([3, 0.1, 0.1])).toBeGreaterThan(2);
    expect(combineDependent([3, 0.1, 0.1])).toBeLessThan(3);
  });
});

describe('a sketch', () => {
  it('tells how many different items there were to within a tenth', () => {
    for (const many of [1, 3, 10, 50, 200]) {
      const words = new Uint32Array(SKETCHES_WORDS);
      for (let item = 0; item < many; item++)
        for (let twice = 0; twice < 2; twice++) sketch(words, 1, sketchBit(hashText(`10.0.${item}.0/24`)));
      expect(Math.abs(estimateDistinct(words, 1) - many)).toBeLessThanOrEqual(Math.max(0, many * 0.1));
      expect(estimateDistinct(words, 0)).toBe(0);
    }
  });
});
