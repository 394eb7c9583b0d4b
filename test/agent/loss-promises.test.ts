// Events taken from the kernel = events spooled + losses known, whatever moment kill -9 chooses: the home is copied at that
// moment (a mapped page is what a reader of its file sees), and an agent is started on the copy.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent, type Loss } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batcher } from '../../agent/src/batch/batcher.ts';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { openLossPage } from '../../agent/src/batch/loss-file.ts';
import { LOSS_PAGE_BYTES, LossPage } from '../../agent/src/batch/loss-page.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { sealIntoSpool } from '../../agent/src/batch/seal.ts';
import { ContentKeys } from '../../agent/src/spool/content-keys.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { makeEnvelopeKeys } from '../support/envelopes.ts';
import { SmallDisk } from '../support/small-disk.ts';

const keys = makeEnvelopeKeys();
const nowUs = () => 1_000_000;
let directory: string;
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  directory = mkdtempSync(join(tmpdir(), 'tg-losses-'));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
});
afterEach(() => stack.disposeAsync());

const exec = (number: number): HostEvent => ({
  observedAtUs: number,
  class: EventClass.PROCESS,
  activity: Activity.EXEC,
  sensor: 'process.ebpf',
  process: { executable: '/bin/true' },
});

/** The agent's line from the batcher to the spool, with its ledger on a page. */
async function startAgent(home: string, queue?: { eventsMax: number; bytesMax: number }) {
  const losses = new LossLedger(await openLossPage(home));
  const spool = Spool.open({
    directory: join(home, 'spool'),
    bytesMax: 1 << 25,
    owner: keys.identity.signingKeyId,
    bootId: Buffer.alloc(16, 1),
    nowUs,
    lose: (loss) => losses.add(loss),
  });
  stack.use(spool);
  const checkpoints = new CheckpointLedger(spool.checkpoints);
  const recovered = losses.recover(checkpoints.recovered('losses'));
  checkpoints.register('losses', () => losses.position());
  const contentKeys = ContentKeys.open({ directory: join(home, 'spool'), empty: spool.first === spool.end });
  const parts = { identity: keys.identity, kemKey: () => keys.kemKey, spool, contentKeys, losses, checkpoints, nowUs };
  let spooled = 0;
  const batcher = new Batcher({
    ageMsMax: 3_600_000,
    queue,
    losses,
    nowUs,
    into(events) {
      const before = spool.end;
      sealIntoSpool(parts, events);
      if (spool.end > before) spooled += events.length;
    },
  });
  return { losses, spool, batcher, recovered, spooled: () => spooled };
}

/** What an agent knows to be lost that starts on this home as it is now. */
async function lostAtKill(home: string): Promise<Loss[]> {
  const copy = mkdtempSync(join(directory, 'copy-'));
  cpSync(home, copy, { recursive: true });
  const { losses } = await startAgent(copy);
  return losses.take();
}

describe('kill -9', () => {
  test('with events in memory: they are counted as lost, with their time', async () => {
    const home = join(directory, 'home');
    const { batcher } = await startAgent(home);
    for (let number = 1; number <= 7; number++) batcher.emit(exec(number));
    expect(await lostAtKill(home)).toEqual([
      { sensor: 'process.ebpf', reason: 'agent_killed', count: 7, firstAtUs: 1, lastAtUs: 7 },
    ]);
  });

  test('after they were spooled: nothing is lost, also before the page has heard of it', async () => {
    const home = join(directory, 'home');
    const { batcher, spool } = await startAgent(home);
    const between = Promise.withResolvers<string>();
    spool.onAppend(() => {
      const copy = mkdtempSync(join(directory, 'copy-'));
      cpSync(home, copy, { recursive: true });
      between.resolve(copy);
    });
    for (let number = 1; number <= 7; number++) batcher.emit(exec(number));
    batcher.flush();
    expect(await lostAtKill(home)).toEqual([]);
    expect(await lostAtKill(await between.promise)).toEqual([]);
  });

  test('with losses that stand in no header yet: they are known after it, and after the next kill too', async () => {
    const home = join(directory, 'home');
    const { batcher } = await startAgent(home);
    const loss = { sensor: 'process.ebpf', reason: 'kernel_overrun', count: 12, firstAtUs: 3, lastAtUs: 9 };
    batcher.lose(loss);
    expect(await lostAtKill(home)).toEqual([loss]);
    const second = await startAgent(home);
    expect(second.recovered).toBe(12);
    expect(await lostAtKill(home)).toEqual([loss]);
    second.batcher.flush();
    expect(await lostAtKill(home)).toEqual([]);
  });

  test('after a full queue shed some: each is counted once, by the reason it was lost for', async () => {
    const home = join(directory, 'home');
    const { batcher } = await startAgent(home, { eventsMax: 32, bytesMax: 1 << 20 });
    for (let number = 1; number <= 50; number++) batcher.emit(exec(number));
    const known = await lostAtKill(home);
    const byReason = Object.fromEntries(known.map(({ reason, count }) => [reason, count]));
    expect(byReason.queue_shed! + byReason.agent_killed!).toBe(50);
    expect(byReason.agent_killed).toBe(batcher.queuedEvents);
  });

  test('does not count what its source will read again', async () => {
    const home = join(directory, 'home');
    const { batcher } = await startAgent(home);
    batcher.emit(exec(1), () => undefined);
    expect(await lostAtKill(home)).toEqual([]);
  });

  test('does not count what was shed either, before a header does: it is read again with the rest', async () => {
    const home = join(directory, 'home');
    const { batcher, losses, spool } = await startAgent(home, { eventsMax: 32, bytesMax: 1 << 20 });
    let durable = 0;
    for (let number = 1; number <= 50; number++) batcher.emit(exec(number), () => durable++);
    expect(await lostAtKill(home)).toEqual([]);
    batcher.flush();
    expect(spool.end).toBe(1);
    expect(losses.isEmpty).toBe(true);
    expect(durable).toBeGreaterThan(0);
    expect(await lostAtKill(home)).toEqual([]);
  });

  test('a removed spool does not bring back what was sent long ago', async () => {
    const home = join(directory, 'home');
    const { batcher } = await startAgent(home);
    batcher.emit(exec(1));
    batcher.flush();
    rmSync(join(home, 'spool'), { recursive: true });
    expect(await lostAtKill(home)).toEqual([]);
  });

  test('while the disk refuses the spool: the refused events are known, though nothing more was appended', async ({
    skip,
  }) => {
    const disk = SmallDisk.mount(34);
    if (!disk) return skip('needs the right to mount a tmpfs');
    stack.use(disk);
    const home = join(directory, 'home');
    await startAgent(home).then(({ spool }) => spool[Symbol.asyncDispose]());
    rmSync(join(home, 'spool'), { recursive: true });
    symlinkSync(disk.directory, join(home, 'spool'));
    const { batcher, spooled } = await startAgent(home);
    batcher.emit(exec(1));
    batcher.flush();
    disk.fill(0);
    for (let number = 2; number <= 9; number++) batcher.emit(exec(number));
    batcher.flush();
    expect(spooled()).toBe(1);
    batcher.emit(exec(10));
    disk.free();
    const lost = await lostAtKill(home);
    expect(lost.map(({ sensor, reason, count }) => [sensor, reason, count]).toSorted()).toEqual([
      ['process.ebpf', 'agent_killed', 1],
      ['spool', 'spool_overflow', 8],
    ]);
  });
});

describe('the page', () => {
  const id = Buffer.alloc(16, 7);

  test.each([
    ['nothing', () => undefined],
    ['noise', (bytes: Buffer) => void bytes.fill(0xa5)],
    ['noise behind a good header', (bytes: Buffer) => void bytes.fill(0xa5, 64)],
    ['a count that is no number', (bytes: Buffer) => void bytes.writeDoubleLE(Number.NaN, 32)],
    ['more covered than there ever was', (bytes: Buffer) => void bytes.writeDoubleLE(1e9, 40)],
  ])('begins anew with what cannot be believed: %s', (_, damage) => {
    const memory = new ArrayBuffer(LOSS_PAGE_BYTES);
    new LossPage(memory, id).add('process.ebpf', 'kernel_overrun', 0, { firstAtUs: 1, lastAtUs: 1 });
    damage(Buffer.from(memory));
    const page = new LossPage(memory, id);
    expect(page.unsealed(undefined)).toEqual([]);
    page.add('auth', 'rotation_skipped', 2, { firstAtUs: 5, lastAtUs: 6 });
    expect(new LossPage(memory, id).unsealed(page.position())).toMatchObject([{ sensor: 'auth', count: 2 }]);
  });

  test.each(['', 'null', '[]', '{}', '["other",9]', '["x"', '[1e99,-1,0.5]'])(
    'is not misled by a position of %s',
    (position) => {
      const memory = new ArrayBuffer(LOSS_PAGE_BYTES);
      new LossPage(memory, id).add('auth', 'rotation_skipped', 2, { firstAtUs: 5, lastAtUs: 6 });
      expect(new LossPage(memory, id).unsealed(position)).toMatchObject([{ count: 2 }]);
    },
  );

  test('keeps as many names as it has room for, and never more', () => {
    const memory = new ArrayBuffer(LOSS_PAGE_BYTES);
    const page = new LossPage(memory, id);
    for (let name = 0; name < 500; name++) page.add(`sensor ${name}`, 'refused', 1, { firstAtUs: 5, lastAtUs: 6 });
    expect(new LossPage(memory, id).unsealed(undefined)).toHaveLength(128);
    expect(Buffer.byteLength(page.position())).toBeLessThan(4096);
  });

  test('a file of another size is made anew', async () => {
    const home = join(directory, 'home');
    await openLossPage(home);
    writeFileSync(join(home, 'state', 'losses'), 'short');
    (await openLossPage(home)).add('auth', 'refused', 1, { firstAtUs: 5, lastAtUs: 6 });
    expect(readFileSync(join(home, 'state', 'losses'))).toHaveLength(LOSS_PAGE_BYTES);
    expect((await openLossPage(home)).unsealed(undefined)).toMatchObject([{ sensor: 'auth', count: 1 }]);
  });
});
