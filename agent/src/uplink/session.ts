// One stream to the collector, for one stream of the spool:
//   hello -> welcome -> envelopes in order, at most UNACKNOWLEDGED_ENVELOPES_MAX unanswered -> until the stream ends.
//
// Invariant: `#next` is the spool number to send next; what lies between the spool's first and `#next` is in flight.
import type { ClientDuplexStream } from '@grpc/grpc-js';
import {
  type AgentFrame,
  type CollectorFrame,
  type Heartbeat,
  type Hello,
  type Refusal,
  UNACKNOWLEDGED_ENVELOPES_MAX,
  type Welcome,
} from '@threatguard/proto';
import type { Spool } from '../spool/spool.ts';

type CollectorCall = ClientDuplexStream<AgentFrame, CollectorFrame>;

/** A collector that took the connection and says nothing for this long is taken for dead. */
const WELCOME_MS_MAX = 10_000;
const HEARTBEAT_MS = 10_000;

export interface SessionParts {
  call: CollectorCall;
  spool: Spool;
  hello: () => Hello;
  heartbeat: () => Heartbeat;
  welcomed: (welcome: Welcome) => void;
  refused: (refusal: Refusal) => void;
  /** Any other frame; 'reconnect' ends this session so that the next one shows what changed. */
  told?: (frame: CollectorFrame, send: (frame: AgentFrame) => void) => 'done' | 'reconnect';
  /** Called as often as a heartbeat is sent. */
  beat?: (send: (frame: AgentFrame) => void) => void;
}

/** Why a session ended: the collector or network ended it, the next envelope belongs to another stream, or who we are has changed. */
export type SessionEnd = { kind: 'lost'; error: Error | undefined } | { kind: 'next_stream' } | { kind: 'renewed' };

export class Session {
  readonly #parts: SessionParts;
  readonly #streamId: Uint8Array;
  readonly #ended = Promise.withResolvers<SessionEnd>();
  #drained: PromiseWithResolvers<void> | undefined;
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout;
  #welcomed = false;
  #draining = false;
  #next: number;

  /** Says hello on `call` and goes on by itself; `ended` settles once. */
  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { call, spool, hello } = parts;
    this.#streamId = spool.oldestStreamId;
    this.#next = spool.first;
    this.#stopListening = spool.onAppend(() => this.#pump());
    this.#timer = setTimeout(() => {
      this.#end({ kind: 'lost', error: new Error(`no welcome within ${WELCOME_MS_MAX / 1000} s`) });
    }, WELCOME_MS_MAX);
    call.on('data', (frame: CollectorFrame) => this.#take(frame));
    call.on('error', (error: Error) => this.#end({ kind: 'lost', error }));
    call.on('end', () => this.#end({ kind: 'lost', error: undefined }));
    call.on('drain', () => {
      this.#draining = false;
      this.#pump();
    });
    call.write({ hello: { ...hello(), streamId: this.#streamId } });
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  /** Resolves when everything spooled is acknowledged, or the session has ended. */
  async drained(): Promise<void> {
    const { spool } = this.#parts;
    if (!this.#welcomed || spool.first === spool.end) return;
    this.#drained ??= Promise.withResolvers<void>();
    await this.#drained.promise;
  }

  /** Says now how the agent is; nothing where the collector has not welcomed it yet. */
  sendHeartbeat(): void {
    if (!this.#welcomed) return;
    this.#parts.call.write({ heartbeat: this.#parts.heartbeat() });
    this.#parts.beat?.((frame) => this.#write(frame));
  }

  /** Ends the stream; what is unacknowledged stays in the spool. */
  close(): void {
    this.#end({ kind: 'lost', error: undefined });
  }

  #take(frame: CollectorFrame): void {
    const { spool, welcomed, refused } = this.#parts;
    if (frame.welcome && !this.#welcomed) {
      this.#welcomed = true;
      clearTimeout(this.#timer);
      this.#timer = setInterval(() => this.sendHeartbeat(), HEARTBEAT_MS);
      this.#dropCommitted(frame.welcome.lastSequence ?? 0);
      welcomed(frame.welcome);
      // The hello may have been said before the sensors ran.
      this.sendHeartbeat();
    } else if (frame.acknowledgement) {
      spool.acknowledge(this.#streamId, frame.acknowledgement.sequence ?? 0);
    } else if (frame.refusal) {
      if (frame.refusal.sequence) spool.refuse(this.#streamId, frame.refusal.sequence);
      refused(frame.refusal);
    } else if (this.#parts.told?.(frame, (answer) => this.#write(answer)) === 'reconnect') {
      this.#end({ kind: 'renewed' });
      return;
    }
    if (this.#parts.spool.first === this.#parts.spool.end) this.#drained?.resolve();
    this.#pump();
  }

  /** Nothing where the session has ended meanwhile: the collector asks again. */
  #write(frame: AgentFrame): void {
    if (this.#welcomed) this.#parts.call.write(frame);
  }

  #dropCommitted(lastSequence: number): void {
    const { spool } = this.#parts;
    const { streamId, sequence } = spool.position;
    const isCurrent = Buffer.compare(streamId, this.#streamId) === 0;
    // The collector has more of this stream than we ever made: the spool is an older copy of itself. Which of its
    // envelopes were stored cannot be told by number, so all are sent, and new ones go under a new stream.
    if (isCurrent && lastSequence > sequence) spool.beginStream();
    else spool.acknowledge(this.#streamId, lastSequence);
  }

  #pump(): void {
    if (!this.#welcomed) return;
    const { spool, call } = this.#parts;
    this.#next = Math.max(this.#next, spool.first);
    while (!this.#draining && this.#next < spool.end && this.#next - spool.first < UNACKNOWLEDGED_ENVELOPES_MAX) {
      const envelope = spool.read(this.#next);
      if (envelope && Buffer.compare(envelope.streamId, this.#streamId) !== 0) break;
      // Reading may have dropped damaged envelopes before it, so the place is taken anew.
      this.#next = Math.max(this.#next + 1, spool.first);
      if (envelope) this.#draining = !call.write({ envelope: envelope.bytes });
    }
    const settled = spool.first === this.#next || spool.first === spool.end;
    if (settled && Buffer.compare(spool.oldestStreamId, this.#streamId) !== 0) this.#end({ kind: 'next_stream' });
  }

  #end(how: SessionEnd): void {
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#welcomed = false;
    this.#drained?.resolve();
    this.#ended.resolve(how);
    this.#parts.call.cancel();
  }
}
