import { describe, expect, test } from 'vitest';
import type { DiagSocket } from '../../agent/src/sensors/network/diag-parse.ts';
import { type SocketChange, SocketTable } from '../../agent/src/sensors/network/socket-table.ts';

const PORTS = { low: 32768, high: 60999 };
const [ESTABLISHED, SYN_SENT, FIN_WAIT2, CLOSE, LISTEN] = [1, 2, 5, 7, 10];

let cookies = 0;

function socket(part: Partial<DiagSocket>): DiagSocket {
  return {
    cookie: ++cookies,
    state: ESTABLISHED,
    localAddress: '10.0.0.1',
    localPort: 40000,
    remoteAddress: '192.0.2.9',
    remotePort: 443,
    userId: 0,
    inode: 100 + cookies,
    ...part,
  };
}

/** One table and its clock; every snapshot is half a second after the one before. */
function watch(baseline: { tcp?: DiagSocket[]; udp?: DiagSocket[] } = {}) {
  const table = new SocketTable(PORTS);
  let nowMs = 1_000_000;
  const see = (tcp: DiagSocket[], udp: DiagSocket[] = [], complete = true): SocketChange[] => {
    nowMs += 500;
    return table.update({ tcp, udp, complete }, nowMs);
  };
  expect(see(baseline.tcp ?? [], baseline.udp ?? [])).toEqual([]);
  return { see, destroyed: (ended: DiagSocket) => table.destroyed(ended, nowMs) };
}

const kinds = (changes: SocketChange[]) => changes.map((change) => change.kind);
const ended = (of: DiagSocket, part: Partial<DiagSocket> = {}): DiagSocket => {
  return { ...of, inode: 0, state: CLOSE, bytesSent: 3, bytesReceived: 5, established: true, ...part };
};

describe('the table of sockets', () => {
  test('what was there at the start is never reported as new, only as closed', () => {
    const old = socket({});
    const { see, destroyed } = watch({ tcp: [old, socket({ state: LISTEN, localPort: 22 })], udp: [socket({})] });
    expect(see([old])).toEqual([]);
    expect(destroyed(ended(old))).toMatchObject({ kind: 'closed', durationUs: 0, seenOpen: true });
  });

  test('a connection is opened once and closed once, with its bytes and how long it lasted', () => {
    const { see, destroyed } = watch();
    const one = socket({});
    expect(see([one])).toMatchObject([{ kind: 'opened', inbound: false, socket: { inode: one.inode } }]);
    expect(see([one])).toEqual([]);
    expect(destroyed(ended(one))).toMatchObject({
      kind: 'closed',
      durationUs: 500_000,
      socket: { bytesSent: 3, bytesReceived: 5, inode: one.inode },
    });
    expect(destroyed(ended(one))).toBeUndefined();
    expect(see([one])).toEqual([]);
    expect([see([]), see([])]).toEqual([[], []]);
  });

  test('an attempt is no connection before the other end has answered', () => {
    const { see, destroyed } = watch();
    const [trying, refused] = [socket({ state: SYN_SENT }), socket({ state: SYN_SENT })];
    expect(see([trying, refused])).toEqual([]);
    expect(kinds(see([{ ...trying, state: ESTABLISHED }, refused]))).toEqual(['opened']);
    expect(destroyed(ended(refused, { bytesSent: 0, bytesReceived: 0, established: false }))).toBeUndefined();
  });

  test('a connection too short for any snapshot is still reported closed', () => {
    const { destroyed } = watch();
    expect(destroyed(ended(socket({})))).toMatchObject({ kind: 'closed', seenOpen: false, durationUs: 0 });
    expect(destroyed(ended(socket({}), { established: false }))).toBeUndefined();
    expect(destroyed(ended(socket({ remotePort: 0 })))).toBeUndefined();
  });

  test('where the kernel does not tell of the end, two snapshots without the socket do', () => {
    const { see } = watch();
    const one = socket({ bytesSent: 7 });
    see([one]);
    expect(see([])).toEqual([]);
    expect(see([])).toMatchObject([{ kind: 'closed', socket: { bytesSent: 7 } }]);
    expect(see([])).toEqual([]);
  });

  test('a snapshot that is not whole closes nothing', () => {
    const { see } = watch();
    const one = socket({});
    see([one]);
    expect([see([], [], false), see([], [], false), see([one])]).toEqual([[], [], []]);
  });

  test('what no process holds is not new: a connection not yet accepted, or one that lingers', () => {
    const { see } = watch();
    const waiting = socket({ inode: 0 });
    expect(see([waiting, socket({ inode: 0, state: FIN_WAIT2 })])).toEqual([]);
    expect(kinds(see([{ ...waiting, inode: 9 }]))).toEqual(['opened']);
  });

  test.each([
    ['to a port that is listened on', [socket({ state: LISTEN, localPort: 8080 })], { localPort: 8080 }, true],
    ['to a high port that is listened on', [socket({ state: LISTEN, localPort: 45000 })], { localPort: 45000 }, true],
    ['from a port of the kernel to a service', [], { localPort: 45000, remotePort: 443 }, false],
    ['to a service whose listener has gone', [], { localPort: 4444, remotePort: 50000 }, true],
    ['between two ports below the kernel’s', [], { localPort: 500, remotePort: 4500 }, false],
  ])('says which way a connection goes: %s', (_what, listeners, part, inbound) => {
    const { see } = watch({ tcp: listeners });
    expect(see([...listeners, socket(part)])).toMatchObject([{ kind: 'opened', inbound }]);
  });

  test('a listener that took one connection and went is remembered for it', () => {
    const { see } = watch();
    const listener = socket({ state: LISTEN, localPort: 50001 });
    expect(kinds(see([listener]))).toEqual(['listening']);
    expect(see([socket({ localPort: 50001, remotePort: 50002 })])).toMatchObject([{ kind: 'opened', inbound: true }]);
  });

  test('a UDP service is reported at once, a client’s port only when it stays', () => {
    const { see } = watch();
    const [service, client] = [socket({ state: CLOSE, localPort: 5353 }), socket({ state: CLOSE, localPort: 40000 })];
    expect(see([], [service, client])).toMatchObject([{ kind: 'listening', transport: 'udp', socket: service }]);
    const later = Array.from({ length: 12 }, () => see([], [service, client])).flat();
    expect(later).toMatchObject([{ kind: 'listening', transport: 'udp', socket: client }]);
  });
});
