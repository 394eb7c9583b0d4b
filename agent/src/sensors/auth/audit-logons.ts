// Logons, privileges and accounts from the kernel's audit, as far as no log tells them (see audit-facts.ts for the order of
// preference). State: `#held` are facts that wait for a log to tell them, `#told` those that a log has told lately, both
// oldest first, at most FACTS_MAX each.
import { EventClass, type HostEvent, type Loss } from '@threatguard/proto';
import { configEvent } from '../process/audit-config.ts';
import type { AuditRecord } from '../process/audit-line.ts';
import type { AuditReader, AuditSession, AuditWhen } from '../process/audit-session.ts';
import { kernelLoss } from '../process/audit-source.ts';
import { userEvent } from '../process/audit-user.ts';
import { readUserNames } from '../user-names.ts';
import { seenInFiles } from './accounts.ts';
import { isPam, isSameFact, standingOf } from './audit-facts.ts';

export interface AuditLogonsOptions {
  session: AuditSession;
  /** Whether a log of this host is read right now, so that it is worth waiting for. */
  logIsRead(): boolean;
  /** Switch audit on also where a log is read. */
  always: boolean;
  accountsFromFiles: boolean;
  emit(event: HostEvent): void;
  lose(loss: Loss): void;
}

const SENSOR = 'auth.audit';
/** PAM speaks before it makes a wrong password wait up to 3 s, sshd's log after; syslog and journal take their time too. */
const LOG_MS_MAX = 5000;
/** Until then PAM has spoken for a daemon that uses it. */
const PAM_MS_MAX = 1500;
const FACTS_MAX = 4096;
/** Audit may be switched on later. */
const RETRY_MS = 30_000;

interface Timed {
  event: HostEvent;
  /** When it is told, or forgotten. */
  dueMs: number;
  second: boolean;
}

export class AuditLogons {
  readonly #options: AuditLogonsOptions;
  readonly #users = readUserNames();
  /** Services that have shown to use PAM: what they write besides repeats it. */
  readonly #pamServices = new Set<string>();
  #held: Timed[] = [];
  #told: Timed[] = [];
  #reader: AuditReader | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #problem = '';

  constructor(options: AuditLogonsOptions) {
    this.#options = options;
  }

  get reading(): boolean {
    return this.#reader !== undefined;
  }

  /** Why audit is not read, or what is wrong with it; empty where all is well. */
  get problem(): string {
    return this.#problem || (this.#reader ? this.#options.session.problem : '');
  }

  /** Never rejects: where audit cannot be read now it tries again later. */
  async start(): Promise<void> {
    const { session, logIsRead, always } = this.#options;
    const reader: AuditReader = {
      rules: [],
      onRecords: ([record]) => record && this.#take(record),
      onConfig: (record) => this.#emit(configEvent(record)),
      onLost: (count) => this.#options.lose(kernelLoss(SENSOR, count)),
    };
    const when: AuditWhen = always || !logIsRead() ? 'always' : 'on';
    try {
      await session.attach(reader, when);
      this.#reader = reader;
      this.#problem = '';
    } catch (error) {
      this.#problem = `kernel audit: ${(error as Error).message}`;
      this.#retry = setTimeout(() => void this.start(), RETRY_MS).unref();
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#retry);
    if (this.#reader) await this.#options.session.detach(this.#reader);
    this.#reader = undefined;
    clearTimeout(this.#timer);
    for (const { event } of this.#held.splice(0)) this.#emit(event);
  }

  /** A log has told this: audit does not tell it again. */
  told(event: HostEvent): void {
    if (!this.#reader) return;
    this.#held = this.#held.filter((held) => !isSameFact(held.event, event));
    this.#told.push({ event, dueMs: performance.now() + LOG_MS_MAX, second: false });
    if (this.#told.length > FACTS_MAX) this.#told.shift();
  }

  #take(record: AuditRecord): void {
    const event = userEvent(record);
    if (isPam(record) && event) this.#learnPam(event.serviceName ?? '');
    if (!event || (event.class === EventClass.ACCOUNT && this.#options.accountsFromFiles && seenInFiles(event))) return;
    const standing = standingOf(record, event);
    const second = standing === 'second';
    if (standing === 'none' || (second && this.#pamServices.has(event.serviceName ?? ''))) return;
    this.#forget(performance.now());
    if ([...this.#told, ...this.#repeatable(event)].some((known) => isSameFact(known.event, event))) return;
    const waitMs = this.#options.logIsRead() && event.class !== EventClass.HOST ? LOG_MS_MAX : second ? PAM_MS_MAX : 0;
    this.#hold({ event: { ...event, sensor: SENSOR }, dueMs: performance.now() + waitMs, second });
  }

  /** The shadow suite tells one change of an account several times, of passwd, shadow and group. */
  #repeatable({ class: kind }: HostEvent): Timed[] {
    return kind === EventClass.ACCOUNT ? this.#held : [];
  }

  #learnPam(service: string): void {
    if (this.#pamServices.size < FACTS_MAX) this.#pamServices.add(service);
    this.#held = this.#held.filter((held) => !(held.second && held.event.serviceName === service));
  }

  #hold(fact: Timed): void {
    this.#held.push(fact);
    if (this.#held.length > FACTS_MAX) this.#emit(this.#held.shift()?.event);
    this.#tellDue();
  }

  #tellDue(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const due = this.#held.filter(({ dueMs }) => dueMs <= nowMs);
    this.#held = this.#held.filter(({ dueMs }) => dueMs > nowMs);
    for (const { event } of due) this.#emit(event);
    const nextMs = Math.min(...this.#held.map(({ dueMs }) => dueMs));
    if (this.#held.length > 0) this.#timer = setTimeout(() => this.#tellDue(), Math.max(1, nextMs - nowMs));
  }

  #forget(nowMs: number): void {
    while (this.#told[0] && this.#told[0].dueMs <= nowMs) this.#told.shift();
  }

  /** Audit names a user by number where a daemon knew no more. */
  #emit(event: HostEvent | undefined): void {
    if (!event) return;
    const named = (user: HostEvent['user']) =>
      user?.id == null || user.name ? user : { ...user, name: this.#users.nameOf(user.id) };
    const missing = [...(event.missing ?? [])];
    if (event.authentication?.sourceAddress && !event.authentication.sourcePort) missing.push('source.port');
    this.#options.emit({ ...event, user: named(event.user), targetUser: named(event.targetUser), missing });
  }
}
