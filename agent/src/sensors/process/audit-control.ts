// How the kernel's audit is asked and told things: struct audit_status (linux/audit.h).
import { SystemCallError } from '../../kernel/libc.ts';
import {
  NETLINK_AUDIT,
  NetlinkSocket,
  NLM_F_ACK,
  NLMSG_DONE,
  NLMSG_ERROR,
  parseNetlinkErrno,
  parseNetlinkMessages,
} from '../../kernel/netlink.ts';
import { AuditError } from './audit-error.ts';

const AUDIT_GET = 1000;
const AUDIT_SET = 1001;
const AUDIT_ADD_RULE = 1011;
const AUDIT_DEL_RULE = 1012;
const AUDIT_LIST_RULES = 1013;
/** Rules read of a list; a host with every published set of rules has a few hundred. */
const RULES_MAX = 65_536;
/** The kernel answers at once, or within the time one of its threads needs to start. */
const ANSWER_MS_MAX = 2000;
const EEXIST = 17;
const ENOENT = 2;

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

interface Waiting {
  /** Rules that have come so far, of a list. */
  rules: Uint8Array[];
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

  /** Every rule there is, in the form in which it is removed. */
  async listRules(): Promise<Uint8Array[]> {
    const rules: Uint8Array[] = [];
    await this.#ask({ type: AUDIT_LIST_RULES, flags: 0, payload: new Uint8Array() }, 0, rules);
    return rules;
  }

  /** Safe twice. What still waits is refused. */
  close(): void {
    this.#socket.close();
    this.#fail(new AuditError('no_answer', 'the audit connection was closed'));
  }

  #ask(
    message: { type: number; flags: number; payload: Uint8Array },
    harmless = 0,
    rules: Uint8Array[] = [],
  ): Promise<Uint8Array> {
    return new Promise<Uint8Array>((resolve, reject) => {
      const sequence = this.#socket.send(message);
      const timer = setTimeout(() => {
        this.#waiting.delete(sequence);
        reject(new AuditError('no_answer', `the kernel audit did not answer within ${ANSWER_MS_MAX} ms`));
      }, ANSWER_MS_MAX);
      this.#waiting.set(sequence, { rules, resolve, reject, timer });
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
      if (waiting && type === AUDIT_LIST_RULES && waiting.rules.length < RULES_MAX) waiting.rules.push(payload.slice());
      if (!waiting || ![NLMSG_ERROR, NLMSG_DONE, AUDIT_GET].includes(type)) continue;
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
