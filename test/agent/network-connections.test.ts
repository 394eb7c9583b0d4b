import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConnectionTable } from '../../agent/src/sensors/network/connection-table.ts';
import { decodeState, STATE, type StateRecord } from '../../agent/src/sensors/network/ebpf-state.ts';
import { createNetworkSensor } from '../../agent/src/sensors/network/sensor.ts';
import { TCP } from '../../agent/src/sensors/network/tcp-state.ts';
import { KIND, SOCKET } from '../../agent/src/sensors/process/ebpf-record.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';

const ENDS = {
  family: 'inet',
  localAddress: '192.0.2.1',
  localPort: 40000,
  remoteAddress: '192.0.2.2',
  remotePort: 443,
};
const SECOND = 1e9;

function state(before: number, now: number, more: Partial<StateRecord> = {}): StateRecord {
  return { ...ENDS, bootNs: 0, key: 1, cookie: 0, before, now, userId: 7, bytesSent: 0, bytesReceived: 0, ...more };
}
const established = (from: number, bootNs: number) => state(from, TCP.established, { bootNs });
const closed = (bootNs: number, more: Partial<StateRecord> = {}) =>
  state(TCP.established, TCP.close, { bootNs, bytesSent: 5, bytesReceived: 9, ...more });
const act = (taken: number, bootNs = 0) => ({ key: 1, state: taken, ends: ENDS, bootNs, owner: 'curl' });

describe('what changes of state say of connections', () => {
  const newTable = (baseline = new Map()) => new ConnectionTable<string>(baseline, () => true);

  test('one that goes out is opened as its peer answers, and closed with what it moved', () => {
    const table = newTable();
    expect(table.acted(act(TCP.synSent))).toEqual([]);
    expect(table.changed(established(TCP.synSent, 10))).toMatchObject([
      { kind: 'opened', inbound: false, owner: 'curl' },
    ]);
    expect(table.changed(closed(110))).toMatchObject([
      { kind: 'closed', inbound: false, owner: 'curl', durationNs: 100, bytesSent: 5, bytesReceived: 9 },
    ]);
    expect(table.changed(closed(120, { before: TCP.close }))).toEqual([]);
  });

  test('one that comes in is opened as a process takes it, at the time its peer was answered', () => {
    const table = newTable();
    expect(table.changed(established(TCP.synReceived, 10))).toEqual([]);
    expect(table.acted(act(TCP.established, 50))).toMatchObject([
      { kind: 'opened', inbound: true, bootNs: 10, owner: 'curl' },
    ]);
    expect(table.changed(closed(60))).toMatchObject([{ kind: 'closed', inbound: true, durationNs: 50 }]);
  });

  test('one that is over before it is taken is opened first all the same', () => {
    const table = newTable();
    table.changed(established(TCP.synReceived, 10));
    expect(table.changed(closed(20))).toEqual([]);
    const addressesGone = { ...act(TCP.established, 30), ends: { ...ENDS, localPort: 0 } };
    expect(table.acted(addressesGone)).toMatchObject([
      { kind: 'opened', ends: { localPort: 40000 } },
      { kind: 'closed', owner: 'curl', durationNs: 10 },
    ]);
    expect(table.expire(100 * SECOND)).toEqual([]);
  });

  test('one that nobody takes is closed after a while, once', () => {
    const table = newTable();
    table.changed(established(TCP.synReceived, 10));
    table.changed(closed(20));
    expect(table.expire(SECOND)).toEqual([]);
    expect(table.expire(6 * SECOND)).toMatchObject([{ kind: 'closed', inbound: true, owner: undefined }]);
    expect(table.expire(60 * SECOND)).toEqual([]);
  });

  test('an address of the kernel that is used again is another connection', () => {
    const table = newTable();
    table.changed(established(TCP.synReceived, 10));
    table.changed(closed(20));
    expect(table.changed(established(TCP.synReceived, 30))).toMatchObject([{ kind: 'closed', bootNs: 20 }]);
    expect(table.acted(act(TCP.established, 40))).toMatchObject([{ kind: 'opened', bootNs: 30 }]);
  });

  test.each([TCP.synSent, TCP.synReceived, TCP.listen, TCP.close])(
    'an end after state %i was no connection',
    (before) => {
      expect(newTable().changed(closed(10, { before }))).toEqual([]);
    },
  );

  test('one that was there before us has its process and no duration', () => {
    const table = newTable(new Map([[77, { inbound: false, owner: 'sshd' }]]));
    expect(table.changed(closed(10, { cookie: 77 }))).toMatchObject([
      { kind: 'closed', inbound: false, owner: 'sshd', durationNs: 0 },
    ]);
  });

  test('one of which nothing is known is still told', () => {
    expect(newTable().changed(closed(10))).toMatchObject([
      { kind: 'closed', inbound: true, owner: undefined, userId: 7 },
    ]);
  });

  test('however many there are, memory is bounded and each end is told', () => {
    const table = newTable();
    for (let key = 1; key <= 40_000; key++) table.acted({ ...act(TCP.synSent), key });
    expect(table.changed({ ...closed(10), key: 1 })).toMatchObject([{ owner: undefined }]);
    table.changed({ ...established(TCP.synSent, 5), key: 40_000 });
    expect(table.changed({ ...closed(10), key: 40_000 })).toMatchObject([{ owner: 'curl' }]);
  });
});

describe('a record of a change of state', () => {
  const bytes = () => {
    const record = Buffer.alloc(STATE.bytes);
    record.writeUInt32LE(KIND.socketState, STATE.kind);
    record.writeBigUInt64LE(0xffff_8881_2345_6780n, STATE.key);
    record.writeUInt16LE(2, STATE.ends + SOCKET.family);
    record.writeUInt16BE(443, STATE.ends + SOCKET.remotePort);
    record.writeUInt16BE(40000, STATE.sourcePort);
    record.writeBigUInt64LE(1000n, STATE.bytesSent);
    record.writeBigUInt64LE(300n, STATE.bytesSentAgain);
    record.writeBigUInt64LE(51n, STATE.bytesReceived);
    return record;
  };

  test('counts each byte once, and not the end of the other side', () => {
    expect(decodeState(bytes())).toMatchObject({
      bytesSent: 700,
      bytesReceived: 51,
      localPort: 40000,
      remotePort: 443,
    });
    const done = bytes();
    done.writeBigUInt64LE(2n, STATE.flags);
    expect(decodeState(done)?.bytesReceived).toBe(50);
  });

  test('tells neighbours in memory apart', () => {
    const next = bytes();
    next.writeBigUInt64LE(0xffff_8881_2345_6781n, STATE.key);
    expect(decodeState(next)?.key).not.toBe(decodeState(bytes())?.key);
  });

  test('is decoded or refused, whatever bytes it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (rest, ours) => {
        const record = Buffer.from(rest);
        if (ours && record.length >= 4) record.writeUInt32LE(KIND.socketState, 0);
        const decoded = decodeState(record);
        if (record.length < STATE.bytes) expect(decoded).toBeUndefined();
      }),
      { numRuns: 2000, seed: 5 },
    );
  });
});

describe('the network sensor', () => {
  function recordedSensor(source: string, refusal?: string) {
    const calls: string[] = [];
    const sensor: Sensor = {
      name: 'network',
      async start() {
        calls.push('start');
        if (refusal) throw new Error(refusal);
      },
      async stop() {
        calls.push('stop');
      },
      health: () => ({ sensor: 'network', source, state: 'running', detail: 'a note', events: 3 }),
    };
    return { calls, make: () => sensor };
  }

  test('takes eBPF where it loads, and then nothing else', async () => {
    const [ebpf, diag] = [recordedSensor('ebpf'), recordedSensor('sock_diag')];
    const sensor = createNetworkSensor({ intervalMs: 50 }, { ebpf: ebpf.make, diag: diag.make });
    await sensor.start(new RecordingSink());
    expect(sensor.health()).toMatchObject({ source: 'ebpf', state: 'running', detail: 'a note' });
    await sensor.stop();
    expect([ebpf.calls, diag.calls]).toEqual([['start', 'stop'], []]);
  });

  test('takes sock_diag where it does not, and says why in words', async () => {
    const [ebpf, diag] = [recordedSensor('ebpf', 'the verifier said no'), recordedSensor('sock_diag')];
    const sensor = createNetworkSensor({ intervalMs: 50 }, { ebpf: ebpf.make, diag: diag.make });
    await sensor.start(new RecordingSink());
    expect(sensor.health()).toMatchObject({
      source: 'sock_diag',
      state: 'degraded',
      detail: 'ebpf: the verifier said no; a note',
    });
  });

  test('fails where there is neither', async () => {
    const [ebpf, diag] = [recordedSensor('ebpf', 'a'), recordedSensor('sock_diag', 'b')];
    const sensor = createNetworkSensor({ intervalMs: 50 }, { ebpf: ebpf.make, diag: diag.make });
    await expect(sensor.start(new RecordingSink())).rejects.toThrow('b');
    expect(sensor.health().state).toBe('stopped');
  });
});
