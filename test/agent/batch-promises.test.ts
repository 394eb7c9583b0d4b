import { setImmediate as turn } from 'node:timers/promises';
import {
  Activity,
  ARGS_BYTES_MAX,
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  Batch,
  EventClass,
  FIELD_BYTES_MAX,
  FIELD_ENTRIES_MAX,
  HEADER_LOSSES_MAX,
  type HostEvent,
  type Loss,
  ORIGINAL_BYTES_MAX,
} from '@threatguard/proto';
import { describe, expect, test, vi } from 'vitest';
import { Batcher, type BatcherOptions } from '../../agent/src/batch/batcher.ts';
import { CheckpointLedger } from '../../agent/src/batch/checkpoints.ts';
import { clipEvent, clipText } from '../../agent/src/batch/clip.ts';
import { LossLedger } from '../../agent/src/batch/losses.ts';
import { isUrgent } from '../../agent/src/batch/urgent.ts';
import { CHECKPOINTS_BYTES_MAX } from '../../agent/src/spool/record.ts';

const login: HostEvent = {
  class: EventClass.AUTHENTICATION,
  activity: Activity.LOGON,
  observedAtUs: 5,
  sensor: 'auth.file',
};
const exec: HostEvent = {
  class: EventClass.PROCESS,
  activity: Activity.EXEC,
  observedAtUs: 7,
  sensor: 'process.ebpf',
  process: { executable: '/usr/bin/ls' },
};
const sample: HostEvent = { class: EventClass.HOST, activity: Activity.SAMPLE, observedAtUs: 9, sensor: 'host' };

function recording(options: Partial<BatcherOptions> = {}) {
  const batches: HostEvent[][] = [];
  const losses = new LossLedger();
  const sealedLosses: Loss[] = [];
  const into = (events: HostEvent[]) => {
    batches.push(events);
    sealedLosses.push(...losses.take());
  };
  const batcher = new Batcher({ losses, nowUs: () => 1, into, ...options });
  return { batcher, batches, sealedLosses, losses };
}

describe('when a batch leaves', () => {
  test('an urgent event leaves long before the age limit, with everything queued before it and in order', async () => {
    const { batcher, batches } = recording({ ageMsMax: 3_600_000 });
    batcher.emit(exec);
    batcher.emit(login);
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    expect(batches[0]!.map((event) => event.class)).toEqual([EventClass.PROCESS, EventClass.AUTHENTICATION]);
  });

  test('while others have to go out first, urgent events share an envelope for a quarter of a second', () => {
    vi.useFakeTimers();
    try {
      let behind = true;
      const { batcher, batches } = recording({ isBehind: () => behind });
      batcher.emit(login);
      vi.advanceTimersByTime(249);
      batcher.emit(login);
      expect(batches).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect(batches.map((events) => events.length)).toEqual([2]);
      behind = false;
      batcher.emit(login);
      vi.advanceTimersByTime(5);
      expect(batches).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('an ordinary event waits for the age limit, and an urgent one only for its own', () => {
    vi.useFakeTimers();
    try {
      const { batcher, batches } = recording();
      batcher.emit(exec);
      vi.advanceTimersByTime(999);
      expect(batches).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect(batches).toHaveLength(1);
      batcher.emit(login);
      vi.advanceTimersByTime(5);
      expect(batches).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a full batch leaves at once, split at the limit of events', async () => {
    const { batcher, batches } = recording();
    for (let count = 0; count < BATCH_EVENTS_MAX + 10; count++) batcher.emit(exec);
    await turn();
    expect(batches.map((batch) => batch.length)).toEqual([BATCH_EVENTS_MAX, 10]);
  });

  test('batches of large events stay within their bytes', async () => {
    const { batcher, batches } = recording();
    const large = { ...login, original: 'x'.repeat(ORIGINAL_BYTES_MAX), reason: 'y' };
    for (let count = 0; count < 800; count++) batcher.emit(large);
    batcher.flush();
    expect(batches.length).toBeGreaterThan(1);
    for (const events of batches) expect(Batch.encode({ events }).finish().length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
    expect(batches.flat()).toHaveLength(800);
  });

  test('a loss alone leaves too, in a batch without events', () => {
    const { batcher, batches, sealedLosses } = recording();
    batcher.lose({ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 3, firstAtUs: 1, lastAtUs: 2 });
    batcher.flush();
    expect(batches).toEqual([[]]);
    expect(sealedLosses).toMatchObject([{ sensor: 'process.ebpf', count: 3 }]);
  });

  test('the end flushes what is queued, and nothing is taken after it', async () => {
    const { batcher, batches } = recording();
    batcher.emit(exec);
    await batcher[Symbol.asyncDispose]();
    batcher.emit(exec);
    await batcher[Symbol.asyncDispose]();
    expect(batches).toEqual([[exec]]);
  });
});

describe('a full queue', () => {
  test('sheds host samples first, then closes, then ordinary execs, and counts each', () => {
    const queue = { eventsMax: 32, bytesMax: 1 << 20 };
    const { batcher, batches, sealedLosses } = recording({ queue });
    const close: HostEvent = {
      class: EventClass.NETWORK,
      activity: Activity.CONNECTION_CLOSED,
      sensor: 'network.diag',
    };
    for (let count = 0; count < 8; count++) for (const event of [sample, close, exec, login]) batcher.emit(event);
    for (let count = 0; count < 20; count++) batcher.emit(login);
    batcher.flush();
    const kept = batches.flat();
    expect(kept.filter((event) => event.class === EventClass.AUTHENTICATION)).toHaveLength(28);
    expect(kept.filter((event) => event.class === EventClass.HOST)).toHaveLength(0);
    const counts = Object.fromEntries(sealedLosses.map((loss) => [loss.sensor, loss.count]));
    expect(sealedLosses.every((loss) => loss.reason === 'queue_shed')).toBe(true);
    expect(counts.host).toBe(8);
    expect(counts['network.diag']).toBe(8);
    expect(52 - kept.length).toBe(sealedLosses.reduce((sum, loss) => sum + (loss.count ?? 0), 0));
  });

  test('calls durable of every event once and in order, shed or not, and none before the batch was taken', () => {
    const durable: number[] = [];
    const queue = { eventsMax: 16, bytesMax: 1 << 20 };
    const { batcher } = recording({ queue });
    for (let count = 0; count < 40; count++) {
      batcher.emit(count === 0 ? login : count % 2 ? sample : exec, () => durable.push(count));
    }
    expect(durable).toEqual([]);
    batcher.flush();
    expect(durable).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });
});

describe('losses', () => {
  test('fold by sensor and reason, spanning their times', () => {
    const ledger = new LossLedger();
    ledger.add({ sensor: 'a', reason: 'queue_shed', count: 2, firstAtUs: 20, lastAtUs: 30 });
    ledger.add({ sensor: 'a', reason: 'queue_shed', count: 3, firstAtUs: 10, lastAtUs: 15 });
    ledger.add({ sensor: 'a', reason: 'queue_shed', count: 0 });
    expect(ledger.take()).toEqual([{ sensor: 'a', reason: 'queue_shed', count: 5, firstAtUs: 10, lastAtUs: 30 }]);
    expect(ledger.isEmpty).toBe(true);
  });

  test('beyond one header wait for the next', () => {
    const ledger = new LossLedger();
    for (let count = 0; count < HEADER_LOSSES_MAX + 5; count++) {
      ledger.add({ sensor: `s${count}`, reason: 'queue_shed', count: 1 });
    }
    expect(ledger.take()).toHaveLength(HEADER_LOSSES_MAX);
    expect(ledger.take()).toHaveLength(5);
  });
});

describe('checkpoints', () => {
  const none = new Uint8Array();

  test('are those of the moment, and come back in the next run under their names', () => {
    const ledger = new CheckpointLedger(none);
    let position = 1;
    ledger.register('a.json', () => `{"offset":${position}}`);
    ledger.register('b.json', () => undefined);
    position = 2;
    const next = new CheckpointLedger(ledger.encode());
    expect(next.recovered('a.json')).toBe('{"offset":2}');
    expect(next.recovered('b.json')).toBeUndefined();
  });

  test('of a source that has not started yet, or is not configured this time, are kept', () => {
    const first = new CheckpointLedger(none);
    for (const name of ['a', 'b', 'c']) first.register(name, () => `1 of ${name}`);
    const second = new CheckpointLedger(first.encode());
    second.register('a', () => '2 of a');
    second.register('b', () => undefined);
    const third = new CheckpointLedger(second.encode());
    expect(['a', 'b', 'c'].map((name) => third.recovered(name))).toEqual(['2 of a', '1 of b', '1 of c']);
  });

  test('stay within their bytes: one that is too large goes, then the oldest of other runs', () => {
    const first = new CheckpointLedger(none);
    for (let count = 0; count < 500; count++) first.register(`${count}`, () => '"'.repeat(8192));
    first.register('too large', () => 'x'.repeat(8193));
    const bytes = first.encode();
    expect(bytes.length).toBeLessThanOrEqual(CHECKPOINTS_BYTES_MAX);
    const second = new CheckpointLedger(bytes);
    second.register('this run', () => 'here');
    const third = new CheckpointLedger(second.encode());
    expect(third.recovered('this run')).toBe('here');
    expect(third.recovered('0')).toHaveLength(8192);
    expect(third.recovered('too large')).toBeUndefined();
  });

  test.each(['', '{', '[1]', '{"a":"b"}', '[["a"]]', '[["a",1]]', '[["a","b","c"]]', '\xff'])('%j is none', (text) => {
    const ledger = new CheckpointLedger(Buffer.from(text, 'latin1'));
    expect(ledger.recovered('a')).toBeUndefined();
    expect(ledger.encode()).toHaveLength(0);
  });

  test('taken for a batch hold its events, and those of its events that are shed', () => {
    const ledger = new CheckpointLedger(none);
    const emitted = new Array<boolean>(40).fill(false);
    ledger.register('a', () => String(emitted.indexOf(false)));
    const taken: [number, string | undefined][] = [];
    let events = 0;
    const queue = { eventsMax: 16, bytesMax: 1 << 20 };
    const into = (batch: HostEvent[]) => {
      events += batch.length;
      taken.push([events, new CheckpointLedger(ledger.encode()).recovered('a')]);
    };
    const { batcher, losses } = recording({ queue, into });
    const emit = (from: number, to: number) => {
      for (let at = from; at < to; at++) {
        batcher.emit(at % 2 ? sample : exec, () => {
          emitted[at] = true;
        });
      }
    };
    emit(0, 10);
    batcher.flush();
    emit(10, 39);
    batcher.flush();
    expect(taken[0]).toEqual([10, '10']);
    expect(taken[1]![1]).toBe('39');
    expect(taken[1]![0] + (losses.take()[0]?.count ?? 0)).toBe(39);
  });
});

describe('clipping', () => {
  test.each([
    ['a short text stays', 'abc', 10, 'abc'],
    ['NUL and terminal escapes stay as they are', 'a\0b\x1b[2J', 10, 'a\0b\x1b[2J'],
    ['a lone surrogate becomes U+FFFD', 'a\ud800b', 10, 'a\ufffdb'],
    ['is cut at a character boundary', 'aé', 2, 'a'],
    ['four-byte characters are not halved', 'a😀😀', 6, 'a😀'],
    ['a surrogate pair at the cut leaves no half', '😀😀', 3, ''],
  ])('%s', (_name, text, bytesMax, expected) => {
    const clipped = clipText(text, bytesMax);
    expect(Buffer.byteLength(clipped)).toBeLessThanOrEqual(bytesMax);
    if (expected !== '') expect(clipped).toBe(expected);
    expect(clipped.isWellFormed()).toBe(true);
  });

  test('fields of 1 MiB end within their limits, lists within their entries, and it is counted', () => {
    const megabyte = 'ä'.repeat(1 << 19);
    const event: HostEvent = {
      ...exec,
      original: megabyte,
      user: { name: megabyte },
      process: { executable: megabyte, args: ['ls', megabyte, 'x'], stdioSockets: [{ family: megabyte }] },
      file: { path: '/x', addedLines: Array.from({ length: 2 * FIELD_ENTRIES_MAX }, () => 'line') },
    };
    const { event: clipped, cut } = clipEvent(event);
    expect(cut).toBe(true);
    expect(Buffer.byteLength(clipped.original!)).toBeLessThanOrEqual(ORIGINAL_BYTES_MAX);
    expect(Buffer.byteLength(clipped.user!.name!)).toBeLessThanOrEqual(FIELD_BYTES_MAX);
    expect(Buffer.byteLength(clipped.process!.stdioSockets![0]!.family!)).toBeLessThanOrEqual(FIELD_BYTES_MAX);
    expect(Buffer.byteLength(clipped.process!.args!.join(''))).toBeLessThanOrEqual(ARGS_BYTES_MAX);
    expect(clipped.process!.argsTruncated).toBe(true);
    expect(clipped.file!.addedLines!.length).toBeLessThanOrEqual(FIELD_ENTRIES_MAX);
    expect(event.original).toBe(megabyte);
    const { batcher, sealedLosses } = recording();
    batcher.emit(event);
    batcher.flush();
    expect(sealedLosses).toMatchObject([{ sensor: 'process.ebpf', reason: 'line_oversized', count: 1 }]);
  });

  test('an event of wrong types is counted and does not stop the batch', () => {
    const { batcher, batches, sealedLosses } = recording();
    batcher.emit({ ...exec, process: { args: [undefined] as unknown as string[] } });
    batcher.emit(login);
    batcher.flush();
    expect(batches.flat()).toEqual([login]);
    expect(sealedLosses).toMatchObject([{ reason: 'queue_shed', count: 1 }]);
  });
});

describe('urgent', () => {
  const shell = { executable: '/usr/bin/bash', stdioSockets: [{ descriptor: 0, family: 'inet' }] };
  const listen = (executable: string): HostEvent => ({
    class: EventClass.NETWORK,
    activity: Activity.LISTENING,
    process: { executable },
  });
  const changed = (path: string): HostEvent => ({
    class: EventClass.FILE,
    activity: Activity.FILE_MODIFIED,
    file: { path },
  });
  test.each<[string, HostEvent, boolean]>([
    ['an authentication', login, true],
    ['an account change', { class: EventClass.ACCOUNT, activity: Activity.USER_CREATED }, true],
    ['a shell on a socket', { ...exec, process: shell }, true],
    [
      'what a shell on a socket runs',
      { ...exec, process: { ...shell, executable: '/usr/bin/id', parentName: 'sh' } },
      true,
    ],
    ['a shell on a terminal', { ...exec, process: { executable: '/usr/bin/bash' } }, false],
    ['a daemon on a socket', { ...exec, process: { ...shell, executable: '/usr/sbin/inetd' } }, false],
    ['a listener of python3.11', listen('/usr/bin/python3.11'), true],
    ['a listener of nc.traditional', listen('/bin/nc.traditional'), true],
    ['a listener of nginx', listen('/usr/sbin/nginx'), false],
    ['a change of sudoers', changed('/etc/sudoers.d/x'), true],
    ['a change of authorized_keys', changed('/home/a/.ssh/authorized_keys'), true],
    ['a change elsewhere', changed('/srv/data'), false],
    ['audit switched off', { class: EventClass.HOST, activity: Activity.AUDIT_CONFIG }, true],
    ['a host sample', sample, false],
    ['an empty event', {}, false],
  ])('%s', (_name, event, urgent) => expect(isUrgent(event)).toBe(urgent));
});
