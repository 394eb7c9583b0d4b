// How the kernel's audit is asked and told things: struct audit_status and struct audit_rule_data (linux/audit.h).
import { SystemCallError } from '../../kernel/libc.ts';
import {
  NETLINK_AUDIT,
  NetlinkSocket,
  NLM_F_ACK,
  NLMSG_ERROR,
  parseNetlinkErrno,
  parseNetlinkMessages,
} from '../../kernel/netlink.ts';

const AUDIT_GET = 1000;
const AUDIT_SET = 1001;
const AUDIT_ADD_RULE = 1011;
const AUDIT_DEL_RULE = 1012;
/** The kernel answers at once, or within the time one of its threads needs to start. */
const ANSWER_MS_MAX = 2000;
const EEXIST = 17;
const ENOENT = 2;

/** Audit can't be used here. The message says why and what would fix it. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  readonly code: 'refused' | 'no_answer' | 'locked' | 'architecture';

  constructor(code: AuditError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Offset of each setting in struct audit_status, and its bit in the mask that says which ones to set. */
const SETTINGS = {
  enabled: { offset: 4, bit: 1 },
  failure: { offset: 8, bit: 2 },
  pid: { offset: 12, bit: 4 },
  backlogLimit: { offset: 20, bit: 0x10 },
  backlogWaitTime: { offset: 36, bit: 0x20 },
} as const;
const STATUS_LOST_OFFSET = 24;
const STATUS_BYTES = 44;

export type AuditSettings = Record<keyof typeof SETTINGS, number>;
export interface AuditStatus extends AuditSettings {
  /** Records dropped since boot. */
  lost: number;
}

/** What the kernel says of its audit; a short answer of an old kernel leaves the rest 0. */
export function parseAuditStatus(payload: Uint8Array): AuditStatus {
  const bytes = new Uint8Array(STATUS_BYTES);
  bytes.set(payload.subarray(0, STATUS_BYTES));
  const view = new DataView(bytes.buffer);
  const read = (offset: number) => view.getUint32(offset, true);
  return {
    enabled: read(SETTINGS.enabled.offset),
    failure: read(SETTINGS.failure.offset),
    pid: read(SETTINGS.pid.offset),
    backlogLimit: read(SETTINGS.backlogLimit.offset),
    backlogWaitTime: read(SETTINGS.backlogWaitTime.offset),
    lost: read(STATUS_LOST_OFFSET),
  };
}

/** A message that changes these settings and no other. */
export function encodeAuditSettings(settings: Partial<AuditSettings>): {
  type: number;
  flags: number;
  payload: Uint8Array;
} {
  const payload = new Uint8Array(STATUS_BYTES);
  const view = new DataView(payload.buffer);
  let mask = 0;
  for (const [name, value] of Object.entries(settings)) {
    const setting = SETTINGS[name as keyof AuditSettings];
    view.setUint32(setting.offset, value, true);
    mask |= setting.bit;
  }
  view.setUint32(0, mask, true);
  return { type: AUDIT_SET, flags: NLM_F_ACK, payload };
}

/** AUDIT_ARCH_* with the numbers of execve and execveat, of each architecture a host's processes may have. */
const EXEC_CALLS: Partial<Record<NodeJS.Architecture, { arch: number; calls: number[] }[]>> = {
  x64: [
    { arch: 0xc000003e, calls: [59, 322] },
    { arch: 0x40000003, calls: [11, 358] },
  ],
  arm64: [
    { arch: 0xc00000b7, calls: [221, 281] },
    { arch: 0x40000028, calls: [11, 387] },
  ],
};

/** `-a always,exit -F arch=... -S execve,execveat -F success=1 -k KEY`, for 64-bit and 32-bit processes. */
export function encodeExecRules(architecture: NodeJS.Architecture, key: string): Uint8Array[] {
  const rows = EXEC_CALLS[architecture];
  if (!rows) throw new AuditError('architecture', `audit rules for ${architecture} processors are not known`);
  return rows.map((row) => encodeExecRule(row.arch, row.calls, key));
}

function encodeExecRule(arch: number, calls: number[], key: string): Uint8Array {
  const [EXIT, ALWAYS, ARCH, SUCCESS, KEY, EQUAL] = [4, 2, 11, 104, 210, 0x4000_0000];
  const text = Buffer.from(key);
  const fields = [
    [ARCH, arch],
    [SUCCESS, 1],
    [KEY, text.length],
  ] as const;
  // flags, action, field_count, mask[64], fields[64], values[64], fieldflags[64], buflen, buf
  const words = new Uint32Array(3 + 4 * 64 + 1);
  words.set([EXIT, ALWAYS, fields.length]);
  for (const call of calls) words[3 + (call >>> 5)]! |= 1 << (call & 31);
  for (const [index, [field, value]] of fields.entries()) {
    words[67 + index] = field;
    words[131 + index] = value;
    words[195 + index] = EQUAL;
  }
  words[259] = text.length;
  return Buffer.concat([Buffer.from(words.buffer), text]);
}

interface Waiting {
  resolve(payload: Uint8Array): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** Questions and orders to the kernel's audit, on a socket of their own, so that no flood of records is before them. */
export class AuditControl {
  readonly #socket = new NetlinkSocket({ protocol: NETLINK_AUDIT });
  readonly #waiting = new Map<number, Waiting>();

  constructor() {
    this.#socket.watch({
      onDatagram: (datagram) => this.#answer(datagram),
      onOverrun: () => this.#fail(new AuditError('no_answer', 'answers of the kernel audit were lost')),
      onError: (error) => this.#fail(error),
    });
  }

  async status(): Promise<AuditStatus> {
    return parseAuditStatus(await this.#ask({ type: AUDIT_GET, flags: 0, payload: new Uint8Array() }));
  }

  async set(settings: Partial<AuditSettings>): Promise<void> {
    await this.#ask(encodeAuditSettings(settings));
  }

  /** One that is there already is as good as added. */
  async addRule(rule: Uint8Array): Promise<void> {
    await this.#ask({ type: AUDIT_ADD_RULE, flags: NLM_F_ACK, payload: rule }, EEXIST);
  }

  /** One that is gone already is as good as removed. */
  async removeRule(rule: Uint8Array): Promise<void> {
    await this.#ask({ type: AUDIT_DEL_RULE, flags: NLM_F_ACK, payload: rule }, ENOENT);
  }

  /** Safe twice. What still waits is refused. */
  close(): void {
    this.#socket.close();
    this.#fail(new AuditError('no_answer', 'the audit connection was closed'));
  }

  #ask(message: { type: number; flags: number; payload: Uint8Array }, harmless = 0): Promise<Uint8Array> {
    return new Promise<Uint8Array>((resolve, reject) => {
      const sequence = this.#socket.send(message);
      const timer = setTimeout(() => {
        this.#waiting.delete(sequence);
        reject(new AuditError('no_answer', `the kernel audit did not answer within ${ANSWER_MS_MAX} ms`));
      }, ANSWER_MS_MAX);
      this.#waiting.set(sequence, { resolve, reject, timer });
    }).catch((error: unknown) => {
      if (error instanceof SystemCallError && error.errno === harmless) return new Uint8Array();
      if (!(error instanceof SystemCallError)) throw error;
      const advice =
        'it needs root (CAP_AUDIT_CONTROL) in the first user and process namespace, and audit=0 not at boot';
      throw new AuditError('refused', `${error.message}; ${advice}`, { cause: error });
    });
  }

  #answer(datagram: Uint8Array): void {
    for (const { type, sequence, payload } of parseNetlinkMessages(datagram)) {
      const waiting = this.#waiting.get(sequence);
      if (!waiting || (type !== NLMSG_ERROR && type !== AUDIT_GET)) continue;
      this.#waiting.delete(sequence);
      clearTimeout(waiting.timer);
      const errno = type === NLMSG_ERROR ? parseNetlinkErrno(payload) : 0;
      if (errno > 0) waiting.reject(new SystemCallError('audit', errno));
      else waiting.resolve(payload.slice());
    }
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.#waiting.clear();
  }
}
