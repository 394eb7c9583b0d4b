import type { Alert } from '@threatguard/proto';
import { afterEach, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { OWN_DUTIES } from '../../collector/src/duties.ts';
import { Forwarder } from '../../collector/src/publish/forward/forwarder.ts';
import { DeliveryError, type ForwardRecord, type ForwardTarget } from '../../collector/src/publish/forward/target.ts';
import type { ForwardItem, ForwardingStore, ForwardProgress } from '../../collector/src/store/forwarding-store.ts';
import { StoreError } from '../../collector/src/store/store-error.ts';
import { makeAlert } from '../support/stores.ts';
import { until } from '../support/until.ts';

/** A store that is a list, and a target that records. */
class Rig implements AsyncDisposable {
  readonly items: ForwardItem[] = [];
  readonly progress: ForwardProgress[] = [];
  readonly delivered: ForwardRecord[][] = [];
  readonly problems: (string | undefined)[] = [];
  readonly faults: unknown[] = [];
  /** What the next calls throw. */
  readonly storeFails: Error[] = [];
  readonly targetFails: Error[] = [];
  bytesMax = 1_000_000;
  #forwarder: Forwarder | undefined;

  start(more = '', stream: 'alerts' | 'audit' = 'alerts'): Forwarder {
    const text = `forward:\n  - {name: siem, kind: syslog, address: "h:1"${more}}\n`;
    const [settings] = readCollectorConfig({ file: 'test', text, environment: {} }).forward;
    const store: Pick<ForwardingStore, 'next' | 'advance' | 'cursor'> = {
      next: async (_, after, limit) => {
        const failure = this.storeFails.shift();
        if (failure) throw failure;
        return this.items.filter(({ position }) => position > after).slice(0, limit);
      },
      advance: async (_, progress) => void this.progress.push(progress),
      cursor: async () => this.progress.at(-1)?.cursor ?? 0,
    };
    const target: ForwardTarget = {
      recordsMax: 10,
      bytesMax: this.bytesMax,
      deliver: async (records) => {
        const failure = this.targetFails.shift();
        if (failure) throw failure;
        this.delivered.push([...records]);
        return { refused: records.filter(({ text }) => text.includes('refuse me')).length };
      },
    };
    this.#forwarder = Forwarder.start({
      settings: settings!,
      target,
      cursor: { name: 'siem', stream, cursor: 0, delivered: 0, refused: 0, missed: 0, deliveredAtUs: undefined },
      store,
      duties: OWN_DUTIES,
      exporter: { version: '0.1.0', observer: '' },
      nowUs: () => 1,
      changed: (problem) => this.problems.push(problem),
      failed: (error) => this.faults.push(error),
      random: () => 0,
      retryMsMin: 20,
    });
    return this.#forwarder;
  }

  alert(change: Alert = {}): void {
    this.items.push({ position: this.items.length + 1, atUs: 1, content: { kind: 'alert', alert: makeAlert(change) } });
  }

  reached(position: number): Promise<unknown> {
    const there = () => this.progress.at(-1)?.cursor === position;
    return until(there, { limitMs: 5_000, what: () => `position ${position}: ${JSON.stringify(this.progress)}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forwarder?.[Symbol.asyncDispose]();
  }
}

let rig = new Rig();
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
  rig = new Rig();
});

it('moves on only after a delivery, and says once that it fails and once that it goes again', async () => {
  rig.alert();
  rig.targetFails.push(new DeliveryError('unreachable', 'away'), new DeliveryError('unreachable', 'still away'));
  rig.storeFails.push(new StoreError('unavailable', 'no store'));
  rig.start();
  await rig.reached(1);
  expect(rig.progress).toEqual([{ cursor: 1, delivered: 1, refused: 0, missed: 0, atUs: 1 }]);
  await until(() => rig.problems.length === 2, { limitMs: 5_000, what: 'both to be told' });
  expect(rig.problems).toEqual(['no store', undefined]);
  expect(rig.faults).toEqual([]);
});

it('waits as long as a target asks, though woken', async () => {
  rig.alert();
  rig.targetFails.push(new DeliveryError('answer', 'answers 429', { retryAfterMs: 3_600_000 }));
  const forwarder = rig.start();
  await until(() => forwarder.problem === 'answers 429', { limitMs: 5_000, what: 'the answer' });
  forwarder.wake();
  rig.alert();
  forwarder.wake();
  await new Promise((resolve) => setImmediate(resolve));
  expect(rig.delivered).toEqual([]);
  await forwarder[Symbol.asyncDispose]();
});

it('passes over what is below the severity, missing, or refused, and counts each', async () => {
  rig.alert({ severity: 2 });
  rig.alert({ severity: 3 });
  rig.items.push({ position: 3, atUs: 1, content: undefined });
  rig.alert({ severity: 5, reason: 'refuse me' });
  rig.start(', severity_min: medium');
  await rig.reached(4);
  expect(rig.progress).toEqual([{ cursor: 4, delivered: 1, refused: 1, missed: 1, atUs: 1 }]);
  expect(rig.delivered.map((records) => records.map(({ severity }) => severity))).toEqual([[3, 5]]);
});

it('is not held up by an alert it cannot write', async () => {
  rig.items.push({ position: 1, atUs: 1, content: { kind: 'alert', alert: { values: { a: 1n as never } } } });
  rig.alert();
  rig.start();
  await until(() => rig.progress.at(-1)?.cursor === 2, { limitMs: 5_000, what: 'the one behind it' });
  expect(rig.progress).toMatchObject([{ cursor: 2, delivered: 1, refused: 1 }]);
  expect(rig.faults).toHaveLength(1);
});

it('delivers in parts that a target takes', async () => {
  rig.bytesMax = 3_000;
  for (let count = 0; count < 25; count++) rig.alert({ reason: 'x'.repeat(count === 5 ? 5_000 : 500) });
  rig.start();
  await until(() => rig.progress.at(-1)?.cursor === 25, { limitMs: 5_000, what: 'all of them' });
  expect(rig.delivered.flat()).toHaveLength(25);
  for (const records of rig.delivered) {
    const bytes = records.reduce((sum, { text }) => sum + text.length, 0);
    expect(records.length === 1 || bytes <= 3_000).toBe(true);
  }
});

it('counts entries of the audit log that are not there any more', async () => {
  const by = { kind: 'console', id: 'alice', from: '' } as const;
  const digest = new Uint8Array(32);
  const entry = { sequence: 5, atUs: 1, by, action: 'agent.revoked', subject: 'x', before: '', after: '', digest };
  rig.items.push({ position: 5, atUs: 1, content: { kind: 'audit', entry: { ...entry, previousDigest: digest } } });
  rig.start(', what: [audit], severity_min: high', 'audit');
  await rig.reached(5);
  expect(rig.progress).toMatchObject([{ delivered: 1, missed: 4 }]);
  expect(rig.delivered[0]![0]).toMatchObject({ key: 'audit:5', kind: 'audit' });
});
