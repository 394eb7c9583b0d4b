// Connections and listeners of this host, by polling sock_diag, with the kernel's word of each TCP socket's end.
import { Activity, EventClass, type HostEvent, Outcome, type SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { DiagSource } from './diag-source.ts';
import { describeChange, readPortRange } from './network-event.ts';
import { SocketOwners } from './socket-owner.ts';
import { type SocketChange, SocketTable } from './socket-table.ts';

const SENSOR = 'network.diag';
const OWNER_FIELDS = ['process.pid', 'process.name', 'process.executable', 'process.args'];

interface DiagOptions {
  intervalMs: number;
  /** So many times slower while the agent has to save. */
  pace?: (() => number) | undefined;
  /** Without it only UDP services are seen: where eBPF tells of all TCP there is. */
  tcp: boolean;
}

/** Polls every `intervalMs`, or so many times slower as `pace` says. `start` rejects where the kernel offers no sock_diag. */
export function createDiagSensor(options: DiagOptions): Sensor {
  return new DiagSensor(options);
}

class DiagSensor implements Sensor {
  readonly name = 'network';
  readonly #options: DiagOptions;
  readonly #table = new SocketTable(readPortRange());
  readonly #owners = new SocketOwners();
  readonly #users = readUserNames();
  #source: DiagSource | undefined;
  #sink: SensorSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> = Promise.resolve();
  #events = 0;
  /** Ends that are told while a poll looks for owners: reported after what that poll found. */
  #held: SocketChange[] | undefined;
  #incomplete = false;
  #deaf = false;
  #problem = '';

  constructor(options: DiagOptions) {
    this.#options = options;
  }

  async start(sink: SensorSink): Promise<void> {
    this.#source = new DiagSource();
    this.#sink = sink;
    if (this.#options.tcp) this.#watchEnds(this.#source);
    try {
      await this.#poll();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#schedule();
  }

  #watchEnds(source: DiagSource): void {
    source.watchDestroyed({
      onDestroyed: (socket) => {
        const change = this.#table.destroyed(socket, Date.now());
        if (change && this.#held) this.#held.push(change);
        else if (change) this.#emit(change);
      },
      onOverrun: () => this.#lose(),
      onError: () => {
        this.#deaf = true;
      },
    });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#sink = undefined;
    this.#source?.close();
    this.#source = undefined;
    await this.#tick;
  }

  health(): SensorHealth {
    const what = this.#options.tcp ? 'sockets' : 'UDP services';
    const notes = [`${what} in the network namespaces of containers are not seen`];
    const problems: string[] = [];
    if (this.#owners.refused) problems.push('the processes of other users are not visible: run as root');
    if (this.#source && this.#options.tcp && (this.#deaf || !this.#source.hearsDestroy)) {
      problems.push('connections shorter than the interval are not seen');
    }
    if (this.#incomplete) problems.push('not every socket is seen: more than one snapshot may hold');
    if (this.#problem) problems.push(`the last poll failed: ${this.#problem}`);
    const state = !this.#source ? 'stopped' : problems.length > 0 ? 'degraded' : 'running';
    const detail = [...problems, ...notes].join('; ');
    return { sensor: 'network', source: 'sock_diag', state, detail, events: this.#events };
  }

  /** The next poll begins an interval after this one has ended, so that a slow one never queues up. */
  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        this.#tick = this.#poll().then(
          () => this.#polled(''),
          // Out of descriptors, say; the next poll may not be.
          (error: Error) => this.#polled(error.message),
        );
      },
      this.#options.intervalMs * (this.#options.pace?.() ?? 1),
    );
  }

  #polled(problem: string): void {
    this.#problem = problem;
    if (this.#source) this.#schedule();
  }

  async #poll(): Promise<void> {
    if (!this.#source) return;
    const snapshot = this.#source.snapshot(this.#options);
    this.#incomplete = !snapshot.complete;
    const changes = this.#table.update(snapshot, Date.now());
    const begun = changes.filter((change) => change.kind !== 'closed').map((change) => change.socket.inode);
    this.#held = [];
    try {
      await this.#owners.find(begun, Date.now());
    } finally {
      for (const change of [...changes, ...this.#held]) this.#emit(change);
      this.#held = undefined;
    }
  }

  #emit(change: SocketChange): void {
    if (!this.#sink) return;
    this.#events++;
    this.#sink.emit(this.#toEvent(change));
  }

  #toEvent(change: SocketChange): HostEvent {
    const { socket } = change;
    const facts = this.#owners.get(socket.inode);
    const missing = [...(facts ? facts.missing : OWNER_FIELDS)];
    // The kernel's notice of an end names no user: 0 there means unknown.
    const unseen = change.kind === 'closed' && !change.seenOpen && socket.inode === 0;
    const userId = facts?.userId ?? (unseen ? undefined : socket.userId);
    if (userId === undefined) missing.push('user.id');
    if (change.kind === 'closed' && change.durationUs === 0) missing.push('event.duration');
    return {
      observedAtUs: Date.now() * 1000,
      class: EventClass.NETWORK,
      activity: ACTIVITIES[change.kind],
      outcome: Outcome.SUCCESS,
      sensor: SENSOR,
      user: userId === undefined ? undefined : { id: userId, name: this.#users.nameOf(userId) },
      process: facts?.process,
      network: describeChange(change),
      missing,
    };
  }

  #lose(): void {
    const nowUs = Date.now() * 1000;
    // The kernel says that notices were dropped, not how many: at least one.
    this.#sink?.lose({ sensor: SENSOR, reason: 'kernel_overrun', count: 1, firstAtUs: nowUs, lastAtUs: nowUs });
  }
}

const ACTIVITIES = {
  opened: Activity.CONNECTION_OPENED,
  closed: Activity.CONNECTION_CLOSED,
  listening: Activity.LISTENING,
} as const;
