// Exec events from the kernel's audit, and word of changes that make it see less.
//
// Where an audit daemon runs, records are read from the multicast group and the daemon keeps its place. Where none does,
// the kernel would print records to its log, so this registers itself as the daemon. Settings are changed so that no
// process of the host ever waits for audit and the host never panics over it, and are put back on stop, except those that
// someone else has changed meanwhile.
import type { HostEvent } from '@threatguard/proto';
import type { DatagramReader } from '../../kernel/netlink.ts';
import { NETLINK_AUDIT, NETLINK_HEADER_BYTES, NetlinkSocket } from '../../kernel/netlink.ts';
import type { SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { createAncestry } from './ancestry.ts';
import { configEvent } from './audit-config.ts';
import {
  AuditControl,
  AuditError,
  type AuditSettings,
  type AuditStatus,
  encodeAuditSettings,
  encodeExecRules,
} from './audit-control.ts';
import { AUDIT_SENSOR, execEvent } from './audit-exec.ts';
import { AUDIT_TYPES, type AuditRecord, parseAuditMessage } from './audit-line.ts';
import { AuditJoiner, type JoinedRecords } from './audit-records.ts';
import { readStdioSockets } from './proc-files.ts';
import type { ProcessSource } from './source.ts';

/** Every rule of ours carries it; no rule without it is touched. */
const AUDIT_KEY = 'threatguard';
const AUDIT_NLGRP_READLOG = 1;
const LOCKED = 2;
const PANIC = 2;
const PRINTK = 1;
/** Records the kernel may hold for its readers: 64, its default, are a dozen execs. */
const BACKLOG_RECORDS_MIN = 8192;
/** How often the kernel's count of lost records and its state are read. */
const STATUS_INTERVAL_MS = 1000;
/** How long an event may wait for its last record. */
const JOIN_MS_MAX = 2000;

export function createAuditSource(): ProcessSource {
  return new AuditSource();
}

class AuditSource implements ProcessSource {
  readonly name = 'audit';
  readonly #joiner = new AuditJoiner<number>();
  readonly #users = readUserNames();
  readonly #ancestry = createAncestry();
  readonly #undo: (() => Promise<void>)[] = [];
  #control: AuditControl | undefined;
  #records: NetlinkSocket | undefined;
  #sink: SensorSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #lost = 0;
  #detail = '';

  async start(sink: SensorSink): Promise<void> {
    this.#control = new AuditControl();
    try {
      const found = await this.#control.status();
      if (found.enabled === LOCKED) {
        throw new AuditError('locked', 'the audit configuration is locked until the next boot (auditctl -e 2)');
      }
      this.#lost = found.lost;
      await this.#openRecords(this.#control, found);
      await this.#configure(this.#control, found);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#sink = sink;
    this.#timer = setInterval(() => {
      this.#checking = this.#check();
    }, STATUS_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#checking;
    this.#sink = undefined;
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) {
      // Audit may have been locked or taken away meanwhile; the rest is put back all the same.
      await undo().catch((error: Error) => {
        this.#detail = `not everything could be put back: ${error.message}`;
      });
    }
    this.#records?.close();
    this.#records = undefined;
    this.#control?.close();
    this.#control = undefined;
  }

  detail(): string {
    return this.#detail;
  }

  async #openRecords(control: AuditControl, found: AuditStatus): Promise<void> {
    if (found.pid !== 0) return this.#readMulticast();
    const socket = new NetlinkSocket({ protocol: NETLINK_AUDIT });
    this.#records = socket;
    socket.watch(this.#reader());
    socket.send(encodeAuditSettings({ pid: process.pid }));
    // A daemon that was quicker keeps its place.
    if ((await control.status()).pid !== process.pid) {
      socket.close();
      return this.#readMulticast();
    }
    this.#undo.push(async () => this.#release());
  }

  #readMulticast(): void {
    this.#records = new NetlinkSocket({ protocol: NETLINK_AUDIT, groups: AUDIT_NLGRP_READLOG });
    this.#records.watch(this.#reader());
  }

  /** Gives the daemon's place up; harmless where another has it by now. */
  #release(): void {
    this.#records?.send(encodeAuditSettings({ pid: 0 }));
  }

  async #configure(control: AuditControl, found: AuditStatus): Promise<void> {
    await this.#change(control, found, 'backlogWaitTime', 0);
    if (found.failure === PANIC) await this.#change(control, found, 'failure', PRINTK);
    if (found.backlogLimit !== 0) {
      await this.#change(control, found, 'backlogLimit', Math.max(found.backlogLimit, BACKLOG_RECORDS_MIN));
    }
    await this.#change(control, found, 'enabled', 1);
    for (const rule of encodeExecRules(process.arch, AUDIT_KEY)) {
      await control.addRule(rule);
      this.#undo.push(() => control.removeRule(rule));
    }
  }

  async #change(control: AuditControl, found: AuditStatus, name: keyof AuditSettings, value: number): Promise<void> {
    if (found[name] === value) return;
    await control.set({ [name]: value });
    this.#undo.push(async () => {
      if ((await control.status())[name] === value) await control.set({ [name]: found[name] });
    });
  }

  #reader(): DatagramReader & { onError(error: Error): void } {
    return {
      onDatagram: (datagram) => this.#read(datagram),
      onOverrun: () => this.#lose(1),
      onError: (error) => {
        this.#detail = error.message;
      },
    };
  }

  /** One record to a datagram. Its length field is not to be trusted: some kernels leave the header out of it. */
  #read(datagram: Uint8Array): void {
    if (datagram.length < NETLINK_HEADER_BYTES) return;
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const type = bytes.readUInt16LE(4);
    // A daemon that starts asks whether we are alive. It is refused this once, then finds the place free.
    if (type === AUDIT_TYPES.REPLACE) this.#yield();
    const end = bytes.indexOf(0, NETLINK_HEADER_BYTES);
    const record = parseAuditMessage(type, bytes.toString('utf8', NETLINK_HEADER_BYTES, end < 0 ? bytes.length : end));
    if (record) this.#emit(this.#joiner.push(record, Date.now()));
  }

  #yield(): void {
    this.#release();
    this.#records?.close();
    this.#readMulticast();
  }

  #emit(joined: JoinedRecords<number>[]): void {
    for (const { records } of joined) {
      const event = this.#execEvent(records) ?? this.#configEvent(records);
      if (event) this.#sink?.emit(event);
    }
  }

  #execEvent(records: AuditRecord[]): HostEvent | undefined {
    const event = execEvent(records);
    if (!event?.process?.pid) return undefined;
    const { pid, parentPid, executable, args } = event.process;
    const parent = parentPid ? this.#ancestry.recall(parentPid, 0) : undefined;
    this.#ancestry.remember(pid, 0, { executable: executable ?? '', args: args ?? [] });
    const stdioSockets = readStdioSockets(pid);
    const missing = event.missing?.filter((name) => !(parent && name === 'process.parent.executable')) ?? [];
    if (!stdioSockets) missing.push('threatguard.process.stdio_socket');
    const process = { ...event.process, parentExecutable: parent?.executable, parentArgs: parent?.args, stdioSockets };
    return { ...event, user: this.#named(event.user), process, missing };
  }

  /** That we gave the daemon's place up to one that asked for it is no news. */
  #configEvent([record]: AuditRecord[]): HostEvent | undefined {
    if (record?.type !== 'CONFIG_CHANGE' || record.fields.get('old') === String(process.pid)) return undefined;
    const event = configEvent(record);
    return event && { ...event, user: this.#named(event.user) };
  }

  #named(user: HostEvent['user']): HostEvent['user'] {
    return user?.id == null ? user : { ...user, name: this.#users.nameOf(user.id) };
  }

  /** Never rejects: what it cannot learn now it says in `detail` and learns later. */
  async #check(): Promise<void> {
    this.#emit(this.#joiner.flush((sinceMs) => Date.now() - sinceMs > JOIN_MS_MAX));
    try {
      const status = await this.#control?.status();
      if (!status) return;
      if (status.lost > this.#lost) this.#lose(status.lost - this.#lost);
      this.#lost = status.lost;
      this.#detail = status.enabled === 0 ? 'kernel audit was switched off by someone else (auditctl -e 1)' : '';
    } catch (error) {
      this.#detail = (error as Error).message;
    }
  }

  #lose(count: number): void {
    const nowUs = Date.now() * 1000;
    this.#sink?.lose({ sensor: AUDIT_SENSOR, reason: 'kernel_overrun', count, firstAtUs: nowUs, lastAtUs: nowUs });
  }
}
