// Exec events from the kernel's audit, and word of changes that make it see less.
import type { HostEvent } from '@threatguard/proto';
import type { SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { createAncestry } from './ancestry.ts';
import { configEvent } from './audit-config.ts';
import { AuditError } from './audit-error.ts';
import { execEvent } from './audit-exec.ts';
import type { AuditRecord } from './audit-line.ts';
import { AUDIT_SENSOR } from './audit-process.ts';
import { AUDIT_KEY, encodeExecRules } from './audit-rules.ts';
import { type AuditReader, AuditSession } from './audit-session.ts';
import { readStdioSockets } from './proc-files.ts';
import type { ProcessSource } from './source.ts';

export interface AuditSourceOptions {
  /** Shared with the other sensors that read audit; without one the source has its own. */
  session?: AuditSession;
  /** Asked for by name: also where journald would store the records of every exec. */
  asked?: boolean;
}

export function createAuditSource({
  session = new AuditSession(),
  asked = true,
}: AuditSourceOptions = {}): ProcessSource {
  return new AuditSource(session, asked);
}

class AuditSource implements ProcessSource {
  readonly name = 'audit';
  readonly #session: AuditSession;
  readonly #asked: boolean;
  readonly #users = readUserNames();
  readonly #ancestry = createAncestry();
  #reader: AuditReader | undefined;
  #incomplete = 0;

  constructor(session: AuditSession, asked: boolean) {
    this.#session = session;
    this.#asked = asked;
  }

  async start(sink: SensorSink): Promise<void> {
    if (!this.#asked && (await this.#session.wouldFlood())) {
      const advice = 'mask systemd-journald-audit.socket, or set "source: audit" in agent.yaml';
      throw new AuditError('refused', `another process (journald) would store the records of every exec; ${advice}`);
    }
    const reader: AuditReader = {
      rules: encodeExecRules(process.arch, AUDIT_KEY),
      onRecords: (records) => {
        const event = this.#execEvent(records);
        if (event) sink.emit(event);
      },
      onConfig: (record) => {
        const event = configEvent(record);
        if (event) sink.emit({ ...event, user: this.#named(event.user) });
      },
      onLost: (count) => sink.lose(kernelLoss(AUDIT_SENSOR, count)),
    };
    await this.#session.attach(reader, 'always');
    this.#reader = reader;
  }

  async stop(): Promise<void> {
    if (this.#reader) await this.#session.detach(this.#reader);
    this.#reader = undefined;
  }

  detail(): string {
    const incomplete = this.#incomplete > 0 ? `${this.#incomplete} execs whose records did not all come` : '';
    return [this.#session.problem, incomplete].filter(Boolean).join('; ');
  }

  #execEvent(records: readonly AuditRecord[]): HostEvent | undefined {
    const event = execEvent(records);
    if (!event) return undefined;
    const { pid = 0, parentPid, executable, args } = event.process ?? {};
    if (pid === 0 || event.missing?.includes('process.args')) this.#incomplete++;
    const parent = parentPid ? this.#ancestry.recall(parentPid, 0) : undefined;
    if (pid) this.#ancestry.remember(pid, 0, { executable: executable ?? '', args: args ?? [] });
    const stdioSockets = pid ? readStdioSockets(pid) : undefined;
    const missing = event.missing?.filter((name) => !(parent && name === 'process.parent.executable')) ?? [];
    if (!stdioSockets) missing.push('threatguard.process.stdio_socket');
    const process = { ...event.process, parentExecutable: parent?.executable, parentArgs: parent?.args, stdioSockets };
    return { ...event, user: this.#named(event.user), process, missing };
  }

  #named(user: HostEvent['user']): HostEvent['user'] {
    return user?.id == null ? user : { ...user, name: this.#users.nameOf(user.id) };
  }
}

/** Records the kernel dropped, as the loss they are. */
export function kernelLoss(sensor: string, count: number) {
  const nowUs = Date.now() * 1000;
  return { sensor, reason: 'kernel_overrun', count, firstAtUs: nowUs, lastAtUs: nowUs };
}
