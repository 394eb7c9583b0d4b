import { randomUUID } from 'node:crypto';
import { Activity, Batch, EventClass, sealEnvelope } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IntelIndex } from '../../collector/src/detect/intel/intel-index.ts';
import { IntelMatcher } from '../../collector/src/detect/intel/intel-matcher.ts';
import type { EventMatcher } from '../../collector/src/detect/rules/event-matcher.ts';
import { compileRules } from '../../collector/src/detect/rules/load.ts';
import { analyse } from '../../collector/src/shards/analyse.ts';
import type { ShardData } from '../../collector/src/shards/messages.ts';
import { packMatches, unpackMatches } from '../../collector/src/shards/packed-matches.ts';
import { RefusedEnvelopeError, Shard } from '../../collector/src/shards/shard.ts';
import { Shards } from '../../collector/src/shards/shards.ts';
import { Turns } from '../../collector/src/shards/turns.ts';
import { eventSpans } from '../../proto/src/event-spans.ts';
import { makeEnvelopeKeys, newStream, processEvents } from '../support/envelopes.ts';

const RULES = `
title: Runs true
id: runs-true
level: high
logsource: { category: process_creation, product: linux }
detection: { sel: { Image: /usr/bin/true }, condition: sel }
---
title: Runs true often
id: often
level: high
correlation: { type: event_count, rules: [runs-true], group-by: [host.name], timespan: 1m, condition: { gte: 5 } }
`;

const documentsOf = (text: string) => compileRules([{ name: 'rules.yml', text }]).documents;
const agentId = randomUUID();
const keys = makeEnvelopeKeys(agentId);
const data: ShardData = {
  rules: { documents: documentsOf(RULES), states: new Map(), generation: 1 },
  crypto: { provider: 'openssl', profile: 'standard' },
  kemKeys: { open: new Map([[1, keys.kemPrivateKey(1)!]]), gone: new Map() },
  timed: true,
};

function seal(events: Parameters<typeof sealEnvelope>[0]['events'], previous = newStream()) {
  const { identity, kemKey } = keys;
  return sealEnvelope({ events, losses: [], identity, kemKey, previous, nowUs: 1 });
}

const received = (bytes: Uint8Array) => ({
  agentId,
  agentName: 'web-1',
  bytes,
  receivedAtUs: 1_790_000_001_000_000,
  clockOffsetUs: 0,
});

describe('a shard', () => {
  let shard: Shard;
  beforeAll(async () => {
    shard = new Shard('shard 1', data);
    await shard.start();
  });
  afterAll(() => shard[Symbol.asyncDispose]());

  it('gives rows, what rules say of single events, and what correlations have to see', async () => {
    const executed = processEvents(3).map((event) => ({ ...event, activity: Activity.EXEC }));
    const { bytes } = seal([...executed, { class: EventClass.FILE, observedAtUs: 1_790_000_000_000_000 }]);
    const { batch, matches, failures } = await shard.analyse(received(bytes), keys.signer);
    expect(batch).toMatchObject({ agentId, agentName: 'web-1', eventCount: 4, alerts: [] });
    expect(batch.header.sequence).toBe(1);
    expect(batch.eventRows.length).toBeGreaterThan(400);
    expect(unpackMatches(matches).map(({ index, rules }) => ({ index, rules }))).toEqual(
      [0, 1, 2].map((index) => ({ index, rules: [0] })),
    );
    expect(failures).toEqual([]);
    expect(shard.stages()).toMatchObject({ thread: 'shard 1', events: 4 });
  });

  it('leaves the bytes it was given alone, and answers in their order', async () => {
    const envelopes = Array.from({ length: 20 }, (_, index) => seal(processEvents(index + 1)).bytes);
    const copies = envelopes.map((bytes) => Buffer.from(bytes).toString('hex'));
    const order: number[] = [];
    await Promise.all(
      envelopes.map(async (bytes) => {
        const { batch } = await shard.analyse(received(bytes), keys.signer);
        order.push(batch.eventCount);
      }),
    );
    expect(order).toEqual(envelopes.map((_, index) => index + 1));
    expect(envelopes.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(copies);
  });

  it.each([
    ['bytes that are no envelope', () => new Uint8Array(40).fill(9), { code: 'frame_malformed', sequence: 0 }],
    ['nothing', () => new Uint8Array(), { code: 'signature_invalid', sequence: 0 }],
    [
      'a signature of somebody else',
      () => sealEnvelope({ ...sealing(), identity: makeEnvelopeKeys(agentId).identity }).bytes,
      { code: 'signature_invalid', sequence: 0 },
    ],
    [
      'an epoch that is not known',
      () => sealEnvelope({ ...sealing(), kemKey: { ...keys.kemKey, epoch: 2 } }).bytes,
      { code: 'epoch_unknown', sequence: 1 },
    ],
    [
      'an event that is hours ahead',
      () => seal(processEvents(1, 1_790_100_000_000_000)).bytes,
      { code: 'time_out_of_range', sequence: 1 },
    ],
  ])('refuses %s, with the sequence where it may be believed', async (_, make, refusal) => {
    const answer = shard.analyse(received(make()), keys.signer);
    await expect(answer).rejects.toBeInstanceOf(RefusedEnvelopeError);
    await expect(answer).rejects.toMatchObject(refusal);
    const next = await shard.analyse(received(seal(processEvents(1)).bytes), keys.signer);
    expect(next.batch.eventCount).toBe(1);
  });

  it('looks for other rules from the next envelope on, and says which it used', async () => {
    const executed = processEvents(1).map((event) => ({ ...event, activity: Activity.EXEC }));
    const saidOf = async () => {
      const { batch, generation } = await shard.analyse(received(seal(executed).bytes), keys.signer);
      return [generation, batch.detections.map(({ ruleId, simulated }) => [ruleId, simulated ?? false])];
    };
    const loud = RULES.split('---')[0]!;
    const before = saidOf();
    const used = shard.useRules({ documents: documentsOf(loud), states: new Map(), generation: 2 });
    const after = saidOf();
    expect([await before, await used, await after]).toEqual([[1, []], undefined, [2, [['runs-true', false]]]]);
    await shard.useRules({ documents: data.rules.documents, states: new Map([['runs-true', 'off']]), generation: 3 });
    const { matches } = await shard.analyse(received(seal(executed).bytes), keys.signer);
    expect(matches.indexes).toHaveLength(0);
    await shard.useRules({
      documents: documentsOf(loud),
      states: new Map([['runs-true', 'simulated']]),
      generation: 4,
    });
    expect(await saidOf()).toEqual([4, [['runs-true', true]]]);
    await shard.useRules(data.rules);
  });
});

it('an envelope that meets a fault of ours is kept with its proof and the reason', () => {
  const matcher = {
    match: () => {
      throw new TypeError('no luck');
    },
  } as unknown as EventMatcher;
  const intel = new IntelMatcher(new IntelIndex());
  const parts = { matcher, intel, generation: 1, kemPrivateKey: keys.kemPrivateKey, clock: undefined };
  const { batch } = analyse(received(seal(processEvents(3)).bytes), keys.signer, parts, () => undefined);
  expect(batch).toMatchObject({ agentId, eventCount: 3, fault: 'a fault of the collector: TypeError: no luck' });
  expect(batch.header.sequence).toBe(1);
  expect(batch.signature.length).toBe(3309);
});

function sealing() {
  const { identity, kemKey } = keys;
  return { events: processEvents(1), losses: [], identity, kemKey, previous: newStream(), nowUs: 1 };
}

describe('a shard whose thread runs out of memory', () => {
  it('rejects what it had, and goes on with a new thread', async () => {
    await using shard = new Shard('small', data, { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 });
    await shard.start();
    const args = Array.from({ length: 320 }, (_, index) => `a${index}`);
    const many = processEvents(4_000).map((event) => ({ ...event, process: { ...event.process, args } }));
    const answers = await Promise.allSettled([
      shard.analyse(received(seal(many).bytes), keys.signer),
      shard.analyse(received(seal(many).bytes), keys.signer),
    ]);
    expect(answers.map(({ status }) => status)).toContain('rejected');
    const rejected = answers.find((answer) => answer.status === 'rejected');
    expect(String(rejected?.reason)).toMatch(/a shard failed: .*memory/i);
    const next = await shard.analyse(received(seal(processEvents(2)).bytes), keys.signer);
    expect(next.batch.eventCount).toBe(2);
  });

  it('takes nothing after it was disposed', async () => {
    const shard = new Shard('closed', data);
    await shard[Symbol.asyncDispose]();
    await expect(shard.analyse(received(seal(processEvents(1)).bytes), keys.signer)).rejects.toThrow(/stopping/);
  });
});

it('agents are spread over all shards, and each keeps its own', async () => {
  await using shards = await Shards.start(data, 3);
  const agents = Array.from({ length: 60 }, () => randomUUID());
  const large = (agent: string) => shards.of(agent, 100_000);
  expect(new Set(agents.map(large)).size).toBe(3);
  for (const agent of agents) expect(large(agent)).toBe(large(agent));
});

it('what is small goes to a thread that large envelopes never use, until that one is busy', async () => {
  await using shards = await Shards.start(data, 2);
  const agents = Array.from({ length: 20 }, () => randomUUID());
  const own = new Set(agents.map((agent) => shards.of(agent, 100_000)));
  const express = shards.of(agentId, 100);
  expect(own.has(express)).toBe(false);
  for (const agent of agents) expect(shards.of(agent, 100)).toBe(express);

  const turns: Disposable[] = [];
  while (shards.of(agentId, 100) === express) turns.push(await express.turns.next(100));
  expect(shards.of(agentId, 100)).toBe(shards.of(agentId, 100_000));
  turns.pop()![Symbol.dispose]();
  expect(shards.of(agentId, 100)).toBe(express);
});

it('matches come out of their arrays as they went in, with or without the bytes they were decoded from', () => {
  const events = processEvents(4);
  const { bytes, spans } = decodedBatch(events);
  const matches = [1, 3].map((index) => ({ index, atUs: 7.5e15 + index, event: events[index]!, rules: [index, 40] }));
  for (const encoded of [
    { bytes, spans },
    { bytes: new Uint8Array(), spans: undefined },
  ]) {
    const found = unpackMatches(packMatches(matches, encoded));
    expect(found.map(({ event, ...rest }) => ({ ...rest, pid: event.process?.pid }))).toEqual([
      { index: 1, atUs: 7.5e15 + 1, rules: [1, 40], pid: 1001 },
      { index: 3, atUs: 7.5e15 + 3, rules: [3, 40], pid: 1003 },
    ]);
  }
  expect(unpackMatches(packMatches([], { bytes, spans }))).toEqual([]);
});

function decodedBatch(events: ReturnType<typeof processEvents>) {
  const bytes = Batch.encode({ events }).finish();
  return { bytes, spans: eventSpans(bytes, events.length) };
}

describe('turns', () => {
  const LARGE = 100_000;
  const settled = async (turn: Promise<unknown>) =>
    (await Promise.race([turn.then(() => true), new Promise((resolve) => setImmediate(resolve, false))])) === true;

  it('let a small one go although large ones wait, and those in their order', async () => {
    const turns = new Turns();
    const out = [await turns.next(LARGE), await turns.next(LARGE)];
    const third = turns.next(LARGE);
    const fourth = turns.next(LARGE);
    const small = turns.next(100);
    expect(await settled(small)).toBe(true);
    expect(await settled(third)).toBe(false);
    out[0]![Symbol.dispose]();
    expect(await settled(third)).toBe(true);
    expect(await settled(fourth)).toBe(false);
    (await third)[Symbol.dispose]();
    expect(await settled(fourth)).toBe(true);
  });
});
