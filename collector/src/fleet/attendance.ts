// Keeps track of agents coming, talking and going, and says when one has gone silent or has its clock off.
import { CLOCK_OFFSET_MS_MAX, type Heartbeat, type Hello } from '@threatguard/proto';
import type { Duties } from '../duties.ts';
import type { AgentRecord } from '../store/fleet-record.ts';
import { cleanText } from './clean-text.ts';
import type { Fleet } from './fleet.ts';
import type { Presence } from './presence.ts';
import { SilenceWatch } from './silence-watch.ts';

const TEXT_CHARS_MAX = 128;
const CHECK_MS = 1_000;
/** Collectors learn from the store when agents spoke to others, and so find one silent up to half a minute apart. */
const SAID_SECONDS = 60;
/** `last seen` in the store may be this much behind; memory is exact. */
const TOUCH_US = 15_000_000;

export interface AttendanceParts {
  fleet: Fleet;
  presence: Presence;
  silentAfterUs: number;
  nowUs: () => number;
  silent: (agent: AgentRecord, lastHeardAtUs: number) => void;
  /** Each collector of the store sees who is silent; one says it. */
  duties: Pick<Duties, 'first'>;
  clockOff: (agentId: string, offsetUs: number) => void;
  failed: (error: unknown) => void;
}

export class Attendance implements Disposable {
  readonly #parts: AttendanceParts;
  readonly #watch: SilenceWatch;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: AttendanceParts) {
    this.#parts = parts;
    this.#watch = new SilenceWatch({ silentAfterUs: parts.silentAfterUs, startedAtUs: parts.nowUs() });
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  opened(agent: { id: string; address: string }, hello: Hello, clockOffsetUs: number): void {
    const atUs = this.#parts.nowUs();
    this.#parts.presence.connected(agent.id, {
      address: agent.address,
      lastHeardAtUs: atUs,
      clockOffsetUs: 0,
      sensors: hello.sensors ?? [],
      spooledEnvelopes: 0,
    });
    const text = (value: string | undefined) => cleanText(value, TEXT_CHARS_MAX);
    this.#touch(agent.id, {
      atUs,
      version: text(hello.agentVersion),
      os: text(hello.os),
      kernel: text(hello.kernel),
    });
    this.#clock(agent.id, clockOffsetUs);
  }

  /** A heartbeat, or nothing for any other frame: an agent that sends envelopes is not silent. */
  heard(agentId: string, beat?: { heartbeat: Heartbeat; clockOffsetUs: number }): void {
    const atUs = this.#parts.nowUs();
    if (beat) this.#clock(agentId, beat.clockOffsetUs);
    this.#parts.presence.heard(agentId, {
      atUs,
      sensors: beat?.heartbeat.sensors,
      spooledEnvelopes: beat?.heartbeat.spooledEnvelopes,
    });
    const stored = this.#parts.fleet.agent(agentId)?.lastSeenAtUs ?? 0;
    if (atUs - stored >= TOUCH_US) this.#touch(agentId, { atUs });
  }

  closed(agentId: string): void {
    this.#parts.presence.disconnected(agentId);
    this.#touch(agentId, { atUs: this.#parts.nowUs() });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { fleet, presence, nowUs } = this.#parts;
    const watched = fleet
      .agents()
      .filter((agent) => agent.revokedAtUs === undefined)
      .map((agent) => {
        const live = presence.get(agent.id);
        const lastSeenAtUs = Math.max(agent.lastSeenAtUs, live?.lastHeardAtUs ?? 0);
        return { id: agent.id, connected: live?.connected ?? false, lastSeenAtUs, agent };
      });
    for (const { agent, lastSeenAtUs } of this.#watch.check(watched, nowUs())) void this.#say(agent, lastSeenAtUs);
  }

  async #say(agent: AgentRecord, lastSeenAtUs: number): Promise<void> {
    const { duties, silent, failed } = this.#parts;
    // Twice rather than never.
    const isFirst = await duties.first(`silence of ${agent.id}`, SAID_SECONDS).catch((error) => {
      failed(error);
      return true;
    });
    if (isFirst) silent(agent, lastSeenAtUs);
  }

  /** Says a clock that is off once a connection. */
  #clock(agentId: string, offsetUs: number): void {
    const { presence, clockOff } = this.#parts;
    const isOff = (us: number) => Math.abs(us) > CLOCK_OFFSET_MS_MAX * 1000;
    const before = presence.get(agentId)?.clockOffsetUs ?? 0;
    presence.setClockOffset(agentId, offsetUs);
    if (isOff(offsetUs) && !isOff(before)) clockOff(agentId, offsetUs);
  }

  #touch(agentId: string, seen: Parameters<Fleet['touch']>[1]): void {
    // A time that was not stored is stored with the next frame; an agent is not turned away for it.
    this.#parts.fleet.touch(agentId, seen).catch(this.#parts.failed);
  }
}
