// TCP connections and listeners as the kernel changes their state, each with the process that acted, however short.
import { Activity, EventClass, type HostEvent, Outcome, type Process, type SensorHealth } from '@threatguard/proto';
import { BpfError } from '../../kernel/bpf.ts';
import { KernelPrograms } from '../../kernel/bpf-programs.ts';
import { clockUs } from '../../kernel/libc.ts';
import { createAncestry } from '../process/ancestry.ts';
import { ACTOR_ARGS_BYTES_MAX } from '../process/ebpf-calls.ts';
import { type ActorRecord, decodeRecord } from '../process/ebpf-decode.ts';
import { describeKernel } from '../process/ebpf-kernel.ts';
import { scratchBytes } from '../process/ebpf-pieces.ts';
import { describeProcess, wallUs } from '../process/exec-event.ts';
import { drainPaced } from '../process/paced-drain.ts';
import type { Sensor, SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { type Baseline, type ConnectionChange, ConnectionTable } from './connection-table.ts';
import { createDiagSensor } from './diag-sensor.ts';
import { DiagSource } from './diag-source.ts';
import { assembleAcceptProgram, assembleSocketProgram, assembleStateProgram } from './ebpf-program.ts';
import { decodeState } from './ebpf-state.ts';
import { describeConnection, describeTraffic, readPortRange } from './network-event.ts';
import { SocketOwners } from './socket-owner.ts';
import { TCP } from './tcp-state.ts';

const SENSOR = 'network.ebpf';
const OWNER_FIELDS = ['process.pid', 'process.name', 'process.executable', 'process.args'];
/** About 1,500 connections opened and closed: what comes while the event loop is held up. All of it counts as resident. */
const RING_BYTES = 1024 * 1024;
const RECORDS_PER_TURN = 256;
const LAST_TURNS_MAX = 64;
/** While nothing happens in the ring, what was held or dropped is said this often. */
const LOOK_EVERY_MS = 1000;
/** Processes whose description is shared by their connections. */
const OWNERS_MAX = 1024;

interface Owner {
  process: Process;
  userId: number | undefined;
  missing: string[];
}

/** `start` rejects with BpfError or BtfError where the kernel or our rights do not allow it. */
export function createEbpfSensor(options: {
  intervalMs: number;
  pace?: (() => number) | undefined;
  ringBytes?: number;
}): Sensor {
  const users = readUserNames();
  const ancestry = createAncestry();
  const services = createDiagSensor({ intervalMs: options.intervalMs, pace: options.pace, tcp: false });
  const owners = new Map<string, Owner>();
  const ports = readPortRange();
  const listeners = new Set<number>();
  let missing: string[] = [];
  let kernel: KernelPrograms | undefined;
  let table: ConnectionTable<Owner> | undefined;
  let watch: { close(): void } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drain: () => number = () => 0;
  let events = 0;

  function load(programs: KernelPrograms): void {
    const { layout, calls, missing: lacking } = describeKernel();
    if (!calls) throw new BpfError('unsupported', `the system calls of ${process.arch} are not known`);
    missing = lacking;
    const maps = () => ({
      ringFd: programs.ringFd,
      lossFd: programs.lossFd,
      scratchFd: programs.createScratch(scratchBytes(ACTOR_ARGS_BYTES_MAX)),
    });
    programs.run('tg_socket', assembleSocketProgram(layout, maps()), 'inet_sock_set_state');
    programs.run('tg_state', assembleStateProgram(layout, programs), 'inet_sock_set_state');
    programs.run('tg_accept', assembleAcceptProgram(layout, calls, maps()), 'sys_exit');
  }

  /** What is there now: no news, but when it ends its process is known. */
  async function readBaseline(): Promise<Map<number, Baseline<Owner>>> {
    const holders = new SocketOwners();
    const { tcp } = readSockets();
    for (const { state, localPort } of tcp) if (state === TCP.listen) listeners.add(localPort);
    const connections = tcp.filter(({ state }) => state !== TCP.listen);
    await holders.find(
      connections.map(({ inode }) => inode),
      Date.now(),
    );
    return new Map(
      connections.map((socket) => {
        const facts = holders.get(socket.inode);
        const owner = facts && { process: facts.process, userId: facts.userId, missing: facts.missing };
        return [socket.cookie, { inbound: isInbound(socket), owner }];
      }),
    );
  }

  function isInbound({ localPort, remotePort }: { localPort: number; remotePort: number }): boolean {
    const given = (port: number) => port >= ports.low && port <= ports.high;
    return listeners.has(localPort) || (!given(localPort) && given(remotePort));
  }

  function take(bytes: Buffer, sink: SensorSink, bootOffsetUs: number): void {
    const state = decodeState(bytes);
    const record = state ? undefined : decodeRecord(bytes);
    let changes: ConnectionChange<Owner>[] = [];
    if (state) changes = table?.changed(state) ?? [];
    else if (record?.kind === 'socket') {
      const { key, state: taken, ...ends } = record.socket;
      const owner = ownerOf(record, bootOffsetUs);
      changes = table?.acted({ key, state: taken, ends, bootNs: record.bootNs, owner }) ?? [];
    } else {
      const atUs = Math.round(clockUs('realtime'));
      sink.lose({ sensor: SENSOR, reason: 'kernel_overrun', count: 1, firstAtUs: atUs, lastAtUs: atUs });
    }
    emit(changes, sink, bootOffsetUs);
  }

  function emit(changes: ConnectionChange<Owner>[], sink: SensorSink, bootOffsetUs: number): void {
    for (const change of changes) {
      events++;
      sink.emit(toEvent(change, bootOffsetUs));
    }
  }

  /** A server with ten thousand connections is described once. */
  function ownerOf(record: ActorRecord, bootOffsetUs: number): Owner {
    const key = [record.pid, record.startBootNs, record.userId, record.executable, ...record.args].join('\0');
    const known = owners.get(key);
    if (known) return known;
    const context = { sensor: SENSOR, bootOffsetUs, userName: users.nameOf, missing };
    const owner = {
      ...describeProcess(record, { ...context, parent: ancestry.parentOf(record) }),
      userId: record.userId,
    };
    owners.set(key, owner);
    if (owners.size > OWNERS_MAX) owners.delete(owners.keys().next().value!);
    return owner;
  }

  function toEvent(change: ConnectionChange<Owner>, bootOffsetUs: number): HostEvent {
    const { owner } = change;
    const userId = owner?.userId ?? (change.kind === 'listening' ? undefined : change.userId);
    const unknown = [...(owner?.missing ?? OWNER_FIELDS)];
    if (userId === undefined) unknown.push('user.id');
    if (change.kind === 'closed' && change.durationNs === 0) unknown.push('event.duration');
    return {
      observedAtUs: wallUs(change.bootNs, { bootOffsetUs }),
      class: EventClass.NETWORK,
      activity: ACTIVITIES[change.kind],
      outcome: Outcome.SUCCESS,
      sensor: SENSOR,
      user: userId === undefined ? undefined : { id: userId, name: users.nameOf(userId) },
      process: owner?.process,
      network: describe(change),
      missing: unknown,
    };
  }

  function describe(change: ConnectionChange<Owner>): HostEvent['network'] {
    if (change.kind === 'listening') {
      const sourcePort = change.ends.localPort || findListener(change.owner?.userId);
      listeners.add(sourcePort);
      return { transport: 'tcp', sourceAddress: change.ends.localAddress, sourcePort };
    }
    const network = describeConnection('tcp', change.ends, change.inbound);
    if (change.kind === 'opened') return network;
    return { ...network, ...describeTraffic(change, change.inbound, Math.round(change.durationNs / 1000)) };
  }

  /** A socket that was never bound gets its port only after it has begun to listen: the one that is new. */
  function findListener(userId: number | undefined): number {
    const listening = readSockets().tcp.filter((socket) => socket.state === TCP.listen && socket.userId === userId);
    return listening.find(({ localPort }) => !listeners.has(localPort))?.localPort ?? 0;
  }

  return {
    name: 'network',
    async start(sink) {
      const programs = new KernelPrograms(options.ringBytes ?? RING_BYTES);
      try {
        load(programs);
        // First the programs, then the snapshot: what begins between the two is in the ring.
        table = new ConnectionTable(await readBaseline(), isInbound);
        await services.start(sink);
      } catch (error) {
        programs.close();
        throw error;
      }
      kernel = programs;
      drain = () => {
        const bootUs = clockUs('boottime');
        const bootOffsetUs = clockUs('realtime') - bootUs;
        const records = programs.drain((bytes) => take(bytes, sink, bootOffsetUs), RECORDS_PER_TURN);
        emit(table?.expire(bootUs * 1000) ?? [], sink, bootOffsetUs);
        const loss = programs.takeLosses(bootOffsetUs);
        if (loss) sink.lose({ sensor: SENSOR, reason: 'kernel_overrun', ...loss });
        return records;
      };
      watch = drainPaced(programs.ringFd, drain);
      timer = setInterval(drain, LOOK_EVERY_MS);
    },
    async stop() {
      for (let turn = 0; turn < LAST_TURNS_MAX && drain() > 0; turn++);
      drain = () => 0;
      clearInterval(timer);
      watch?.close();
      kernel?.close();
      watch = kernel = undefined;
      await services.stop();
    },
    health(): SensorHealth {
      const udp = services.health();
      const lacking = missing.length === 0 ? '' : `this kernel does not show ${missing.join(', ')}`;
      const state = !kernel ? 'stopped' : udp.state !== 'running' || lacking !== '' ? 'degraded' : 'running';
      const notes = 'single UDP datagrams are not seen';
      const detail = [lacking, udp.detail, notes].filter((part) => part !== '').join('; ');
      return { sensor: 'network', source: 'ebpf', state, detail, events: events + (udp.events ?? 0) };
    },
  };
}

function readSockets() {
  const source = new DiagSource();
  try {
    return source.snapshot();
  } finally {
    source.close();
  }
}

const ACTIVITIES = {
  opened: Activity.CONNECTION_OPENED,
  closed: Activity.CONNECTION_CLOSED,
  listening: Activity.LISTENING,
} as const;
