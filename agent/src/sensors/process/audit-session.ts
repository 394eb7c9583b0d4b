// The one connection to the kernel's audit, shared by the sensors that read it.
//
// How it reads, and what that puts into the kernel's log (measured on Linux 6.18):
//   - beside an audit daemon, the multicast group: the daemon keeps its place and its records. 0 lines.
//   - where none runs, the kernel prints every record it can hand to no daemon. With the multicast group alone that was 7
//     lines of 300 execs, as many as its rate limit lets through: 2 a second for ever on a busy host. So this registers
//     itself as the daemon: 0 lines of 100 execs. journald, where it reads the multicast group (its documentation;
//     systemd-journald-audit.socket), stores every record in either mode; that is why exec rules are not added there
//     unless asked for (`wouldFlood`).
// Settings are changed so that no process of the host ever waits for audit (backlog_wait_time 0) and the host never panics
// over it, and are put back at the end, or by the next agent after `kill -9` (SavedSettings).
//
// State: open exactly while there are readers. `#rules` are those the kernel has from us.
import { NETLINK_AUDIT, NETLINK_HEADER_BYTES, NetlinkSocket } from '../../kernel/netlink.ts';
import { AuditControl, type AuditStatus, encodeAuditSettings } from './audit-control.ts';
import { AuditError } from './audit-error.ts';
import { AuditJoiner, type JoinedRecords } from './audit-joiner.ts';
import { type AuditRecord, parseAuditMessage, plainText, readSerial } from './audit-line.ts';
import { AUDIT_NLGRP_READLOG, isRecordedElsewhere } from './audit-listeners.ts';
import { AUDIT_KEY, keyOfRule } from './audit-rules.ts';
import { SavedSettings } from './audit-saved.ts';
import { AUDIT_TYPES } from './audit-types.ts';
import { SerialGaps } from './serial-gaps.ts';

const LOCKED = 2;
const PANIC = 2;
const PRINTK = 1;
/**
 * Records the kernel may hold for its readers: 64, its default, are nine execs of seven records. This is five seconds of 1,000 execs a
 * second (8,192 lost a third of them where other work kept this process waiting), and 40 MiB of the kernel's memory at most, which
 * it takes only while we are behind.
 */
const BACKLOG_RECORDS_MIN = 32_768;
/** How often the kernel's count of lost records and its state are read. */
const STATUS_INTERVAL_MS = 1000;
/** How long an event may wait for its last record. */
const JOIN_MS_MAX = 2000;
/** A daemon that ended is given this long to start again before its place is taken: a restart must not find it occupied. */
const VACANT_MS_MIN = 15_000;

/** What a sensor wants of the kernel's audit. */
export interface AuditReader {
  /** Added for this reader and removed with it. One that is refused is counted in `refused`. */
  readonly rules: readonly Uint8Array[];
  onRecords(records: readonly AuditRecord[]): void;
  /** Less is audited than before, and not by our doing: told to the first reader that asks for it. */
  onConfig?(record: AuditRecord): void;
  /** Events that never came: told to the first reader that counts them, so that each is counted once. */
  onLost?(count: number): void;
  /** The same, told to each reader: what it remembers may no longer be so. */
  onGap?(): void;
}

/**
 * Where a sensor reads audit: `always`, switching it on; `on`, where it is on already; `chosen`, where somebody has decided
 * for rules or a daemon. The first rule of a host costs every system call of every process a third of a microsecond.
 */
export type AuditWhen = 'always' | 'on' | 'chosen';

export class AuditSession {
  readonly #saved: SavedSettings;
  readonly #readers = new Map<AuditReader, { refused: number }>();
  #joiner = new AuditJoiner<number>();
  #control: AuditControl | undefined;
  #records: NetlinkSocket | undefined;
  #registered = false;
  #vacantSinceMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Everything that changes the kernel's state runs one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Refused by the kernel before they had a number, as it counts them itself. */
  #refused = 0;
  #gaps = new SerialGaps();
  /** Rules that we have removed and the kernel has not spoken of yet. */
  #removed = 0;
  #problem = '';

  /** `stateFile` outlives a killed agent. */
  constructor(stateFile?: string) {
    this.#saved = new SavedSettings(stateFile);
  }

  /** What is wrong, in words; empty while everything is read. */
  get problem(): string {
    return this.#problem;
  }

  /**
   * Reads for `reader` from now on. Throws AuditError with code `off` where audit is not in the state that `when` asks for;
   * leftovers of a killed agent are cleared away in any case.
   */
  attach(reader: AuditReader, when: AuditWhen): Promise<{ refused: number }> {
    return this.#inTurn(async () => {
      if (this.#control) await this.#admit(this.#control, when);
      else await this.#open(when);
      const state = { refused: 0 };
      this.#readers.set(reader, state);
      for (const rule of reader.rules) await this.#control?.addRule(rule).catch(() => state.refused++);
      if (reader.rules.length > 0 && state.refused === reader.rules.length) {
        await this.#release(reader);
        throw new AuditError('refused', 'the kernel refuses the rules');
      }
      return state;
    });
  }

  /**
   * Whether the records of every exec would be stored by something that nobody chose for it: journald, where it reads the
   * multicast group and no daemon runs.
   */
  wouldFlood(): Promise<boolean> {
    return this.#inTurn(async () => {
      const control = this.#control ?? new AuditControl();
      try {
        const { pid } = await control.status();
        return (pid === 0 || pid === process.pid) && isRecordedElsewhere();
      } finally {
        if (control !== this.#control) control.close();
      }
    });
  }

  /** Safe twice. Nothing is handed to `reader` after it resolves, and its rules are gone. */
  detach(reader: AuditReader): Promise<void> {
    return this.#inTurn(() => this.#release(reader));
  }

  /** Takes what has arrived by now, for a reader that cannot wait for the event loop. */
  drain(): void {
    this.#records?.drain(this.#datagrams);
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(step, step);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #open(when: AuditWhen): Promise<void> {
    const control = new AuditControl();
    try {
      await this.#clear(control);
      const found = await control.status();
      if (found.enabled === LOCKED)
        throw new AuditError('locked', 'the audit configuration is locked until the next boot (auditctl -e 2)');
      if (when !== 'always' && found.enabled === 0)
        throw new AuditError('off', 'kernel audit is switched off; "sensors.audit: on" in agent.yaml switches it on');
      await this.#admit(control, when);
      this.#saved.begin();
      this.#control = control;
      this.#refused = found.lost;
      this.#gaps = new SerialGaps();
      await this.#openRecords(control, found);
      await this.#configure(control, found);
      this.#timer = setInterval(() => void this.#inTurn(() => this.#check()), STATUS_INTERVAL_MS);
    } catch (error) {
      if (this.#control) await this.#close();
      else control.close();
      throw error;
    }
  }

  async #admit(control: AuditControl, when: AuditWhen): Promise<void> {
    if (when !== 'chosen') return;
    const { pid } = await control.status();
    if ((pid === 0 || pid === process.pid) && (await control.listRules()).length === 0)
      throw new AuditError(
        'off',
        'kernel audit has no rules and no daemon here; "sensors.audit: on" in agent.yaml adds rules',
      );
  }

  /** What a killed agent left: its settings, and every rule of our key. */
  async #clear(control: AuditControl): Promise<void> {
    if (!this.#saved.leftOver || (await control.status()).enabled === LOCKED) return;
    await this.#saved.restore(control);
    for (const rule of await control.listRules()) if (keyOfRule(rule) === AUDIT_KEY) await control.removeRule(rule);
    this.#saved.end();
  }

  async #openRecords(control: AuditControl, found: AuditStatus): Promise<void> {
    if (found.pid !== 0) return this.#readMulticast();
    const socket = new NetlinkSocket({ protocol: NETLINK_AUDIT });
    socket.watch(this.#datagrams);
    socket.send(encodeAuditSettings({ pid: process.pid }));
    this.#records?.close();
    this.#records = socket;
    this.#registered = (await control.status()).pid === process.pid;
    // A daemon that was quicker keeps its place.
    if (!this.#registered) this.#readMulticast();
  }

  #readMulticast(): void {
    this.#records?.close();
    this.#records = new NetlinkSocket({ protocol: NETLINK_AUDIT, groups: AUDIT_NLGRP_READLOG });
    this.#records.watch(this.#datagrams);
    this.#registered = false;
  }

  async #configure(control: AuditControl, found: AuditStatus): Promise<void> {
    await this.#saved.change(control, 'backlogWaitTime', found.backlogWaitTime, 0);
    if (found.failure === PANIC) await this.#saved.change(control, 'failure', found.failure, PRINTK);
    if (found.backlogLimit !== 0 && found.backlogLimit < BACKLOG_RECORDS_MIN)
      await this.#saved.change(control, 'backlogLimit', found.backlogLimit, BACKLOG_RECORDS_MIN);
    await this.#saved.change(control, 'enabled', found.enabled, 1);
  }

  async #release(reader: AuditReader): Promise<void> {
    if (!this.#readers.delete(reader)) return;
    // The host gets its settings back first: to take a rule back takes the kernel some 13 ms, and there may be hundreds.
    const isLast = this.#readers.size === 0;
    if (isLast) await this.#restore();
    try {
      for (const rule of reader.rules) {
        this.#removed++;
        await this.#control?.removeRule(rule);
      }
    } catch (error) {
      this.#problem = `not every rule could be removed: ${(error as Error).message}`;
    }
    if (isLast) await this.#close();
  }

  /** Audit may have been locked or taken away meanwhile; what can be put back is. False where not everything was. */
  async #restore(): Promise<boolean> {
    try {
      if (this.#control) await this.#saved.restore(this.#control);
      return true;
    } catch (error) {
      this.#problem = `not everything could be put back: ${(error as Error).message}`;
      return false;
    }
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const restored = await this.#restore();
    try {
      if (this.#registered) this.#records?.send(encodeAuditSettings({ pid: 0 }));
    } catch (error) {
      this.#problem = `the daemon's place could not be given up: ${(error as Error).message}`;
    }
    if (restored) this.#saved.end();
    this.#records?.close();
    this.#control?.close();
    this.#records = undefined;
    this.#control = undefined;
    this.#registered = false;
    this.#joiner = new AuditJoiner();
  }

  readonly #datagrams = {
    onDatagram: (datagram: Uint8Array) => this.#read(datagram),
    onOverrun: () => undefined, // the numbers of what comes next say how many it were
    onError: (error: Error) => {
      this.#problem = error.message;
    },
  };

  /** One record to a datagram. Its length field is not to be trusted: some kernels leave the header out of it. */
  #read(datagram: Uint8Array): void {
    if (datagram.length < NETLINK_HEADER_BYTES) return;
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const type = bytes.readUInt16LE(4);
    // A daemon that starts asks whether we are alive. It is refused this once, then finds the place free.
    if (type === AUDIT_TYPES.REPLACE) this.#yield();
    const end = bytes.indexOf(0, NETLINK_HEADER_BYTES);
    const text = bytes.toString('utf8', NETLINK_HEADER_BYTES, end < 0 ? bytes.length : end);
    const serial = readSerial(text);
    if (serial !== undefined) this.#gaps.see(serial, Date.now());
    const record = parseAuditMessage(type, text);
    if (record) this.#handOn(this.#joiner.push(record, Date.now()));
  }

  #yield(): void {
    this.#records?.send(encodeAuditSettings({ pid: 0 }));
    this.#readMulticast();
  }

  #handOn(joined: JoinedRecords<number>[]): void {
    for (const { records } of joined) {
      const config = records.find(({ type }) => type === 'CONFIG_CHANGE');
      if (config) this.#handOnConfig(config);
      else for (const reader of this.#readers.keys()) reader.onRecords(records);
    }
  }

  /** That we gave the daemon's place up to one that asked for it, or took a rule of ours back, is no news. */
  #handOnConfig(record: AuditRecord): void {
    if (record.fields.get('old') === String(process.pid)) return;
    const ours = plainText(record, 'op') === 'remove_rule' && plainText(record, 'key') === AUDIT_KEY;
    if (ours && this.#removed > 0) this.#removed--;
    else [...this.#readers.keys()].find(({ onConfig }) => onConfig)?.onConfig?.(record);
  }

  /** Never rejects: what it cannot learn now it says in `problem` and learns later. */
  async #check(): Promise<void> {
    this.#handOn(this.#joiner.flush((sinceMs) => Date.now() - sinceMs > JOIN_MS_MAX));
    try {
      const status = await this.#control?.status();
      if (!status || !this.#control) return;
      this.#lose(Math.max(0, status.lost - this.#refused) + this.#gaps.take(Date.now() - JOIN_MS_MAX));
      this.#refused = status.lost;
      this.#problem = status.enabled === 0 ? 'kernel audit was switched off by someone else (auditctl -e 1)' : '';
      await this.#fillVacancy(this.#control, status);
    } catch (error) {
      this.#problem = (error as Error).message;
    }
  }

  async #fillVacancy(control: AuditControl, status: AuditStatus): Promise<void> {
    if (status.pid !== 0) {
      this.#vacantSinceMs = undefined;
      return;
    }
    this.#vacantSinceMs ??= performance.now();
    if (performance.now() - this.#vacantSinceMs >= VACANT_MS_MIN) await this.#openRecords(control, status);
  }

  #lose(count: number): void {
    if (count === 0) return;
    const readers = [...this.#readers.keys()];
    readers.find(({ onLost }) => onLost)?.onLost?.(count);
    for (const reader of readers) reader.onGap?.();
  }
}
