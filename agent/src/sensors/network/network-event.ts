// Connections and listeners as an event says them, whatever saw them.
import { readFileSync } from 'node:fs';
import { Direction, type Network } from '@threatguard/proto';
import type { PortRange, SocketChange } from './socket-table.ts';

const DEFAULT_PORTS: PortRange = { low: 32768, high: 60999 };

interface Ends {
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
}

/** A connection with who opened it as its source. */
export function describeConnection(transport: string, ends: Ends, inbound: boolean): Network {
  const local = { address: ends.localAddress, port: ends.localPort };
  const remote = { address: ends.remoteAddress, port: ends.remotePort };
  const [source, destination] = inbound ? [remote, local] : [local, remote];
  return {
    transport,
    direction: inbound ? Direction.INBOUND : Direction.OUTBOUND,
    sourceAddress: source.address,
    sourcePort: source.port,
    destinationAddress: destination.address,
    destinationPort: destination.port,
  };
}

/** What it moved and how long it was: bytes sent are the source's, received are those it got back. */
export function describeTraffic(
  local: { bytesSent?: number; bytesReceived?: number },
  inbound: boolean,
  durationUs: number,
): Network {
  const { bytesSent, bytesReceived } = local;
  return inbound
    ? { bytesSent: bytesReceived, bytesReceived: bytesSent, durationUs }
    : { bytesSent, bytesReceived, durationUs };
}

/** A change that sock_diag showed. */
export function describeChange(change: SocketChange): Network {
  const { socket, transport } = change;
  if (change.kind === 'listening') {
    return { transport, sourceAddress: socket.localAddress, sourcePort: socket.localPort };
  }
  const network = describeConnection(transport, socket, change.inbound);
  if (change.kind === 'opened') return network;
  return { ...network, ...describeTraffic(socket, change.inbound, change.durationUs) };
}

/** The ports the kernel gives out by itself on this host. */
export function readPortRange(): PortRange {
  try {
    const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
    return low && high ? { low, high } : DEFAULT_PORTS;
  } catch {
    return DEFAULT_PORTS;
  }
}
