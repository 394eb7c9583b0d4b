import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { activeProvider, type Detection } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Behaviour } from '../../collector/src/detect/behaviour/behaviour.ts';
import { hashText } from '../../collector/src/detect/behaviour/hash-text.ts';
import { observe } from '../../collector/src/detect/behaviour/observations.ts';
import { Profile } from '../../collector/src/detect/behaviour/profile.ts';
import { FAMILIES, PROGRAM } from '../../collector/src/detect/behaviour/sequences/families.ts';
import {
  packSequences,
  SequenceGathering,
  unpackSequences,
} from '../../collector/src/detect/behaviour/sequences/gathering.ts';
import {
  type ActiveSequences,
  SequenceScorer,
  type SequencesBody,
} from '../../collector/src/detect/behaviour/sequences/sequence-scorer.ts';
import { Words } from '../../collector/src/detect/behaviour/sequences/words.ts';
import { trainInThread } from '../../collector/src/detect/behaviour/trained/in-thread.ts';
import { ModelRegistry, type RegistryParts } from '../../collector/src/detect/behaviour/trained/registry.ts';
import type { SequencesRequest } from '../../collector/src/detect/behaviour/trained/train-sequences-thread.ts';
import { SEQUENCES_THREAD } from '../../collector/src/detect/behaviour/trained/trainer.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { exec, logon } from '../support/behaviour-events.ts';
import { emptyPglite } from '../support/pglite.ts';

const HOUR_US = 3_600_000_000;
const FIRST_HOUR = 490_000;
const USUAL = ['/usr/bin/ls', '/usr/bin/git', '/usr/bin/make', '/usr/bin/gdb', '/usr/bin/vim'];

/** One thing after the other as people do, beginning somewhere, with a step left out now and then. */
function usualOrder(random: Random, length: number): string[] {
  let at = random.integer(USUAL.length);
  return Array.from({ length }, () => {
    at += random.uniform() < 0.05 ? 2 : 1;
    return USUAL[at % USUAL.length]!;
  });
}

/** The same programs, one of each pair after the other as never before. */
const BACKWARDS = Array.from({ length: 10 }, (_, at) => USUAL[(10 - at) % USUAL.length]!);

function sessionOf(user: string, images: readonly string[], hour: number) {
  const fromUs = hour * HOUR_US;
  return [
    logon({ user, atUs: fromUs + 60e6, source: '192.0.2.10', ok: true }),
    ...images.map((image, nth) => exec({ user, image, atUs: fromUs + (2 + nth) * 60e6 })),
  ];
}

/** Thirty accounts that work for `hours` hours, one session each hour. */
class Office {
  active: ActiveSequences | undefined;
  readonly pieces: string[][][] = FAMILIES.map(() => []);
  readonly behaviour: Behaviour;
  readonly #random = new Random(5);

  constructor() {
    this.behaviour = new Behaviour({
      learningDays: 1,
      alertsPerHostDay: 2,
      seed: 1,
      vote: () => [],
      sequences: () => this.active,
      pieceEnded: (_, family, tokens) => {
        this.pieces[family]!.push(tokens.map((hash) => this.behaviour.sequences.words.text(hash) ?? ''));
      },
    });
  }

  work(from: number, to: number): Detection[] {
    const found: Detection[] = [];
    for (let hour = from; hour < to; hour++) {
      for (let host = 0; host < 30; host++) found.push(...this.session(host, usualOrder(this.#random, 10), hour));
    }
    return found;
  }

  session(host: number, images: readonly string[], hour: number): Detection[] {
    const events = sessionOf(host === 3 ? 'root' : `user${host}`, images, FIRST_HOUR + hour);
    const eventTimesUs = Float64Array.from(events, ({ observedAtUs }) => observedAtUs!);
    const agentId = `host-${host}`;
    const header = { streamId: new Uint8Array(16), sequence: hour + 1 };
    return this.behaviour.observe(observe({ agentId, agentName: agentId, header, events, eventTimesUs }));
  }

  /** As the collector does, in a thread. */
  async train(): Promise<void> {
    const { body } = await trainInThread<SequencesRequest>({
      thread: SEQUENCES_THREAD,
      workerData: { seed: 1 },
      from: 'sequences',
      progress: () => undefined,
      signal: new AbortController().signal,
      feed: async (give) => {
        for (const [family, pieces] of this.pieces.entries()) await give({ family, pieces });
      },
    });
    this.active = { name: 'sequences', version: 4, scorer: new SequenceScorer(deserialize(body) as SequencesBody) };
  }
}

describe('what is done one after the other', () => {
  it('has a vote of its own, and is said with what usually follows, though nothing of it is new', async () => {
    const office = new Office();
    office.work(0, 40);
    await office.train();
    const quiet = office.work(40, 150);
    expect(quiet.length).toBeLessThan(12);
    office.session(3, BACKWARDS, 150);
    // The hour is judged when the next begins.
    const said = office.session(3, USUAL, 151).filter(({ modelReason }) => modelReason?.entityKind === 'account');
    expect(said).toHaveLength(1);
    const { votes, features } = said[0]!.modelReason!;
    expect(votes).toContainEqual({ model: 'sequences', version: 4, surprise: expect.any(Number), agrees: true });
    const [sequence] = features!.filter(({ feature }) => feature === 'program_sequence');
    expect(sequence).toMatchObject({ timesSeen: expect.any(Number), after: expect.any(Array) });
    expect(sequence!.timesPossible!).toBeGreaterThan(20);
    expect(sequence!.timesSeen! / sequence!.timesPossible!).toBeLessThan(0.05);
    expect(sequence!.sentence).toMatch(
      /^after .*bash > (ls|git|make|gdb|vim) root on host-3 usually: bash > \w+.*; here bash > \w+.*, seen \d+ of \d+ times$/,
    );
  });

  it('says nothing while nobody has trained it', () => {
    const office = new Office();
    office.work(0, 80);
    office.session(3, BACKWARDS, 80);
    expect(office.session(3, USUAL, 81)).toEqual([]);
  });
});

describe('pieces of sequences', () => {
  const piece = (text: string) => ['a person', 'logon', text].map(hashText);
  const profile = new Profile({ kind: 'account', name: 'root@host', hash: 7 }, FIRST_HOUR);

  it('are in the store what they were, and a block that is shorter than it says is refused', async () => {
    const words = new Words();
    for (const text of ['a person', 'logon', 'sh > id']) words.note(hashText(text), text);
    const gathering = new SequenceGathering();
    gathering.add(profile, PROGRAM, piece('sh > id'));
    gathering.add(profile, PROGRAM, piece('told by nobody'));
    const [block] = await Promise.all(gathering.take().map((taken) => packSequences(taken, words)));
    const whole = { fromUs: 0, untilUs: Number.POSITIVE_INFINITY };
    expect(await unpackSequences(block!, whole)).toEqual([
      { entity: 7, hour: FIRST_HOUR, score: 0, tokens: ['a person', 'logon', 'sh > id'] },
      { entity: 7, hour: FIRST_HOUR, score: 0, tokens: ['a person', 'logon', ''] },
    ]);
    expect(await unpackSequences(block!, { ...whole, fromUs: (FIRST_HOUR + 1) * HOUR_US })).toEqual([]);
    await expect(unpackSequences({ ...block!, sequences: 3 }, whole)).rejects.toThrow('another length');
  });

  it('are bounded, with their words, whatever a host starts', () => {
    const words = new Words();
    for (let each = 0; each < 100_000; each++) words.note(hashText(`sh > ${each}`), `sh > ${each}`);
    const { newer, older } = words.state();
    expect(newer.size + older.size).toBeLessThanOrEqual(2 * 8_192);
    expect(words.text(hashText('sh > 99999'))).toBe('sh > 99999');
    const gathering = new SequenceGathering();
    for (let each = 0; each < 20_005; each++) gathering.add(profile, PROGRAM, piece('x'));
    expect(gathering.dropped).toBe(5);
  });
});

describe('the model of sequences', () => {
  const keys = activeProvider().generate('ML-DSA-65');
  const nowUs = (FIRST_HOUR + 21 * 24) * HOUR_US;
  let root: string;
  let store: Store;
  let directory: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'threatguard-sequences-'));
    (await emptyPglite())(join(root, 'store'));
    store = await openStore({ url: undefined, directory: join(root, 'store') });
    const words = new Words();
    const random = new Random(2);
    const tokens = (images: readonly string[]) =>
      ['a person', 'logon', ...images.map((image) => `/usr/bin/bash > ${image}`)].map((text) => {
        words.note(hashText(text), text);
        return hashText(text);
      });
    for (let day = 0; day < 21; day++) {
      const gathering = new SequenceGathering();
      for (let each = 0; each < 60; each++) {
        const profile = new Profile({ kind: 'account', name: `${each}@host`, hash: each + 1 }, FIRST_HOUR + day * 24);
        gathering.add(profile, PROGRAM, tokens(usualOrder(random, 8)));
      }
      const sequences = await Promise.all(gathering.take().map((taken) => packSequences(taken, words)));
      await store.behaviour.save({ atUs: nowUs, parts: [], hours: [], sequences });
    }
  });

  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  beforeEach(async () => {
    directory = mkdtempSync(join(root, 'models-'));
    for (const { name, version } of await store.models.list()) await store.models.remove(name, version);
  });

  function registry(
    refused: (record: unknown, why: string) => void = () => undefined,
    other: unknown = store,
  ): Promise<ModelRegistry> {
    const signer = { privateKey: keys.privateKey, certificate: { raw: Buffer.from('certificate') } };
    const parts = { directory, store: other, alertsPerHostDay: 3, seed: 1, nowUs: () => nowUs, signer: () => signer };
    return ModelRegistry.load(parts as unknown as RegistryParts, refused);
  }

  const quietly = () => ({ progress: () => undefined, signal: new AbortController().signal });
  const by = { kind: 'console', id: 'test', from: '127.0.0.1:1' } as const;
  const scoreOf = (models: ModelRegistry, images: readonly string[]) =>
    models.sequences!.scorer.rarity(
      PROGRAM,
      ['a person', 'logon', ...images.map((image) => `/usr/bin/bash > ${image}`)].map(hashText),
    )!;

  it('is trained, judged, used, evaluated, rolled back and refused as the others are, the same from the same pieces', async () => {
    const models = await registry();
    const first = await models.train('sequences', quietly());
    expect(first).toMatchObject({ version: 1, state: 'active' });
    expect(JSON.parse(first.card)).toMatchObject({
      features: ['login sequence', 'program sequence'],
      data: { rows: { 'program sequence': 14 * 60 } },
      metrics: { hoursLastWeek: 7 * 60 },
    });
    expect(scoreOf(models, usualOrder(new Random(9), 8))).toBeLessThan(1.5);
    expect(scoreOf(models, BACKWARDS)).toBeGreaterThan(2.5);
    const second = await models.train('sequences', quietly());
    expect(Buffer.from(second.digest)).toEqual(Buffer.from(first.digest));
    expect(await models.evaluate('sequences', 2)).toMatchObject({ evaluation: { hours: 7 * 60 } });
    expect(await models.rollback('sequences', by)).toMatchObject({ version: 1, state: 'active' });
    const score = scoreOf(models, BACKWARDS);
    expect(scoreOf(await registry(), BACKWARDS)).toBe(score);

    const file = join(directory, 'sequences-1.tgmodel');
    const bytes = readFileSync(file);
    bytes[bytes.length - 9]! ^= 1;
    writeFileSync(file, bytes);
    const told: string[] = [];
    const changed = await registry((_, why) => told.push(why));
    expect(told).toEqual([expect.stringMatching(/not what its card describes/)]);
    expect(changed.sequences).toBeUndefined();
  });

  it('is not trained from next to nothing', async () => {
    const behaviour = {
      sequencesSpan: async () => ({ fromUs: 0, toUs: nowUs }),
      sequencesStored: async () => 0,
      async *sequences() {},
    };
    const empty = await registry(() => undefined, { models: store.models, behaviour });
    await expect(empty.train('sequences', quietly())).rejects.toMatchObject({ code: 'too_little' });
    expect(await empty.list()).toEqual([]);
  });
});
