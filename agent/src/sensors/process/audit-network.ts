// Connections made and taken, from SOCKADDR: struct sockaddr_in and sockaddr_in6 in hex.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { callKind } from './audit-calls.ts';
import { type AuditRecord, plainText } from './audit-line.ts';
import { AUDIT_SENSOR, readCaller, readTitle } from './audit-process.ts';

const AF_INET = 2;
const AF_INET6 = 10;
/** A connect(2) that does not block is under way: EINPROGRESS. */
const UNDER_WAY = '-115';

/** The connection these records tell of; undefined where they tell of none over IP. */
export function connectionEvent(records: readonly AuditRecord[]): HostEvent | undefined {
  const call = records.find((record) => record.type === 'SYSCALL');
  const socket = records.find((record) => record.type === 'SOCKADDR');
  const kind = call && callKind(call);
  if (!call || !socket || (kind !== 'connect' && kind !== 'accept')) return undefined;
  const peer = parseSocketAddress(plainText(socket, 'saddr'));
  if (!peer) return undefined;
  const { user, process, missing = [] } = readCaller(call);
  const outbound = kind === 'connect';
  return {
    observedAtUs: call.atUs,
    class: EventClass.NETWORK,
    activity: Activity.CONNECTION_OPENED,
    outcome: outcomeOf(call),
    sensor: AUDIT_SENSOR,
    user,
    process: { ...process, ...readTitle(records) },
    network: outbound
      ? { direction: Direction.OUTBOUND, destinationAddress: peer.address, destinationPort: peer.port }
      : { direction: Direction.INBOUND, sourceAddress: peer.address, sourcePort: peer.port },
    missing: [...missing, ...(outbound ? ['source.ip', 'source.port'] : ['destination.ip', 'destination.port'])],
  };
}

function outcomeOf(call: AuditRecord): Outcome {
  if (call.fields.get('success') === 'yes') return Outcome.SUCCESS;
  return call.fields.get('exit') === UNDER_WAY ? Outcome.OUTCOME_UNSPECIFIED : Outcome.FAILURE;
}

/** The family is in the byte order of the host, which is little-endian wherever the agent runs; the port is not. */
export function parseSocketAddress(hex: string): { address: string; port: number } | undefined {
  if (!/^(?:[0-9A-Fa-f]{2}){8,128}$/.test(hex)) return undefined;
  const bytes = Buffer.from(hex, 'hex');
  const family = bytes.readUInt16LE(0);
  const port = bytes.readUInt16BE(2);
  if (family === AF_INET) return { address: bytes.subarray(4, 8).join('.'), port };
  if (family !== AF_INET6 || bytes.length < 24) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(8 + index * 2).toString(16));
  const text = groups.join(':');
  if (text.startsWith('0:0:0:0:0:ffff:')) return { address: bytes.subarray(20, 24).join('.'), port };
  return { address: new URL(`http://[${text}]`).hostname.slice(1, -1), port };
}
