import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bindSocket, closeDescriptor, openSocket, sendTo } from '../../agent/src/kernel/libc.ts';
import { NETLINK_CONNECTOR, NETLINK_SOCK_DIAG, NetlinkSocket, NLMSG_DONE } from '../../agent/src/kernel/netlink.ts';
import { encodeDiagRequest, parseDiagDatagram } from '../../agent/src/sensors/network/diag-parse.ts';
import { encodeListen } from '../../agent/src/sensors/process/connector-parse.ts';
import { may } from '../support/rights.ts';
import { until } from '../support/until.ts';

const hears = may('net_admin');
const quiet = { onOverrun: () => undefined, onError: () => undefined };

/** struct sockaddr_nl of the port `pid`. */
function address(pid: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(16, 0);
  bytes.writeUInt32LE(pid, 4);
  return bytes;
}

/** Ports of all netlink sockets of a protocol (/proc/net/netlink). */
function ports(protocol: number): number[] {
  const rows = readFileSync('/proc/net/netlink', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/).map(Number))
    .flatMap(([, eth, pid]) => (eth === protocol ? [pid!] : []));
}

describe('a netlink socket', () => {
  test.skipIf(!hears)('hears the kernel, and ignores what another process sends it (needs CAP_NET_ADMIN)', async () => {
    const before = new Set(ports(NETLINK_SOCK_DIAG));
    using socket = disposable(new NetlinkSocket({ protocol: NETLINK_SOCK_DIAG }));
    const [port] = ports(NETLINK_SOCK_DIAG).filter((candidate) => !before.has(candidate));
    expect(port).toBeGreaterThan(0);

    const forger = openSocket(16, 3, NETLINK_SOCK_DIAG);
    bindSocket(forger, address(0));
    const forged = Buffer.alloc(16 + 72);
    forged.writeUInt32LE(forged.length, 0);
    forged.writeUInt16LE(20, 4);
    forged[16] = 2;
    forged.writeUInt16BE(31337, 20);
    expect(sendTo(forger, forged, address(port!))).toBe(forged.length);
    closeDescriptor(forger);

    const heard: number[] = [];
    const onDatagram = (datagram: Uint8Array) => {
      heard.push(...parseDiagDatagram(datagram).map((found) => found.localPort));
    };
    expect(socket.it.drain({ ...quiet, onDatagram })).toBe(true);
    expect(heard).toEqual([]);
    const listeners = encodeDiagRequest({ family: 2, protocol: 6, states: 0xfff, info: false });
    let datagrams = 0;
    socket.it.send({ type: 20, flags: 0x300, payload: listeners });
    socket.it.drain({ ...quiet, onDatagram: () => void datagrams++ });
    expect(datagrams).toBeGreaterThan(0);
  });

  test.skipIf(!hears)('says when the kernel had to drop what we were too slow for (needs CAP_NET_ADMIN)', async () => {
    const groups = { protocol: NETLINK_CONNECTOR, groups: 1, receiveBufferBytes: 4096 };
    using socket = disposable(new NetlinkSocket(groups));
    let overruns = 0;
    socket.it.send({ type: NLMSG_DONE, flags: 0, payload: encodeListen(true) });
    spawnSync('sh', ['-c', 'for i in $(seq 100); do (:); done']);
    socket.it.drain({ onDatagram: () => undefined, onOverrun: () => void overruns++ });
    socket.it.send({ type: NLMSG_DONE, flags: 0, payload: encodeListen(false) });
    expect(overruns).toBeGreaterThan(0);
  });

  test('a promise resolved by what arrives goes on at once, not at the next timer', async () => {
    using socket = disposable(new NetlinkSocket({ protocol: NETLINK_SOCK_DIAG }));
    const begin = performance.now();
    const timer = setTimeout(() => undefined, 20_000);
    await new Promise<void>((resolve) => {
      socket.it.watch({ ...quiet, onDatagram: () => resolve() });
      const payload = encodeDiagRequest({ family: 2, protocol: 6, states: 0xfff, info: false });
      socket.it.send({ type: 20, flags: 0x300, payload });
    });
    clearTimeout(timer);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test('closed twice, with a watch on it, calls nothing any more', async () => {
    const socket = new NetlinkSocket({ protocol: NETLINK_SOCK_DIAG });
    let calls = 0;
    socket.watch({ ...quiet, onDatagram: () => void calls++ });
    socket.send({
      type: 20,
      flags: 0x300,
      payload: encodeDiagRequest({ family: 2, protocol: 6, states: 1, info: false }),
    });
    socket.close();
    socket.close();
    let turns = 0;
    await until(() => ++turns > 3, { limitMs: 5000, what: 'turns of the event loop' });
    expect(calls).toBe(0);
  });
});

function disposable(it: NetlinkSocket): { it: NetlinkSocket } & Disposable {
  return { it, [Symbol.dispose]: () => it.close() };
}
