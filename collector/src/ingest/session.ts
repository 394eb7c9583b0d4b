// One stream of one agent: hello, welcome, then envelopes answered in order once they are committed or refused for good.
//
// States: 'new' -> (hello) 'open' -> 'ended'. Frames are taken one after another, so an agent's envelopes are processed in
// order; while UNACKNOWLEDGED_ENVELOPES_MAX are unanswered none is read, and gRPC flow control stops the agent.
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  type CertificateAnswer,
  type CertificateRequest,
  type CollectorFrame,
  type EpochConfirmation,
  type Heartbeat,
  type Hello,
  type KemKey,
  type RefusalCode,
  RefusalError,
  STREAM_ID_BYTES,
  type TrustAnchors,
  UNACKNOWLEDGED_ENVELOPES_MAX,
} from '@threatguard/proto';
import type { ReceivedEnvelope } from '../batch.ts';
import type { StreamChain } from './admission.ts';
import { ClockOffset } from './clock-offset.ts';
import type { InboundFrame } from './frames.ts';
import type { PeerIdentity } from './peers.ts';

type AgentCall = ServerDuplexStream<InboundFrame, CollectorFrame>;

/** What became of an envelope. `committed` settles when the answer may be given; it rejects only for a bug. */
export interface Receipt {
  sequence: number;
  refusal: { code: RefusalCode; message: string } | undefined;
  committed: Promise<unknown>;
}

/** A heartbeat, and how the clock of its host stands to ours by now. */
export interface Beat {
  heartbeat: Heartbeat;
  clockOffsetUs: number;
  /** By our clock. */
  sentAtUs: number;
}

/** What a session needs of the rest of the collector. */
export interface SessionParts {
  call: AgentCall;
  agent: { id: string; name: string };
  identity: PeerIdentity;
  /** What this agent is told to seal for; asked at the welcome. */
  kemKey: () => KemKey;
  trustAnchors: () => TrustAnchors;
  nowUs: () => number;
  /** Why the host that says hello is not the one of this agent; undefined where it is. */
  judgeHost: (hello: Hello) => Promise<string | undefined>;
  /** What the agent proved by this connection is kept. */
  presented: () => Promise<void>;
  certify: (request: CertificateRequest) => Promise<CertificateAnswer>;
  loadChain: () => Promise<StreamChain>;
  receive: (envelope: ReceivedEnvelope, sender: { identity: PeerIdentity; chain: StreamChain }) => Promise<Receipt>;
  refused: (refusal: { code: RefusalCode; message: string }) => Promise<unknown>;
  opened: (hello: Hello, clockOffsetUs: number) => void;
  /** Nothing for a frame that is no heartbeat. */
  heard: (beat?: Beat) => void;
  /** Rejects with RefusalError. */
  confirmed: (confirmation: EpochConfirmation) => Promise<void>;
  failed: (error: unknown) => void;
}

export class Session {
  readonly #parts: SessionParts;
  #state: 'new' | 'open' | 'ended' = 'new';
  #chain: StreamChain | undefined;
  readonly #clockOffset = new ClockOffset();
  #unanswered = 0;
  #answered: Promise<void> = Promise.resolve();
  #room: (() => void) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Serves the stream until either side ends it; never rejects. */
  async run(): Promise<void> {
    const { call } = this.#parts;
    try {
      for await (const frame of call.iterator({ destroyOnReturn: false }) as AsyncIterable<InboundFrame>) {
        if (this.#state === 'ended') break;
        await this.#take(frame);
      }
      await this.#answered;
      if (this.#state !== 'ended') call.end();
    } catch (error) {
      // A stream that was cancelled or ended by us reads as an error too; only what nobody asked for is reported.
      if (!call.cancelled && this.#state !== 'ended') {
        this.#parts.failed(error);
        this.end(status.UNAVAILABLE, 'the collector could not go on with this stream; connect again');
      }
    }
    this.#state = 'ended';
    this.#room?.();
  }

  /** Ends the stream with a gRPC status. Safe at any time, and twice. */
  end(code: status, details: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#room?.();
    this.#parts.call.emit('error', { code, details });
  }

  /** Says why before the stream ends. */
  refuseAndEnd(code: RefusalCode, message: string): void {
    if (this.#state === 'ended') return;
    const { call } = this.#parts;
    const end = () => this.end(status.PERMISSION_DENIED, code);
    // The end tears down what is not written yet, the status with it: so it waits for the refusal.
    if (call.cancelled || call.destroyed || !call.writable) end();
    else call.write({ refusal: { sequence: 0, code, message } }, end);
  }

  /** Tells the agent something it did not ask for; false before the welcome and after the end. */
  tell(frame: CollectorFrame): boolean {
    if (this.#state !== 'open') return false;
    this.#send(frame);
    return true;
  }

  /** Tells of a new epoch; an agent that is not welcomed yet hears of it then. */
  announce(kemKey: KemKey): void {
    if (this.#state === 'open') this.#send({ kemKey });
  }

  /** Resolves when nothing this session handed over is still on its way to the store. */
  drained(): Promise<void> {
    return this.#answered;
  }

  async #take(frame: InboundFrame): Promise<void> {
    switch (frame.kind) {
      case 'malformed':
        return this.#refuse('frame_malformed', 'not an agent frame');
      case 'hello':
        return this.#state === 'new'
          ? this.#welcome(frame.hello)
          : this.#refuse('protocol_violation', 'a second hello');
      case 'heartbeat':
        if (this.#state === 'new') return this.#refuse('protocol_violation', 'a heartbeat before the hello');
        return this.#hear(frame.heartbeat);
      case 'certificate_request':
        if (this.#state === 'new') return this.#refuse('protocol_violation', 'a certificate request before the hello');
        return this.#certify(frame.request);
      case 'confirmation':
        if (this.#state === 'new') return this.#refuse('protocol_violation', 'a confirmation before the hello');
        return this.#confirm(frame.confirmation);
      case 'envelope':
        if (!this.#chain) return this.#refuse('protocol_violation', 'an envelope before the hello');
        this.#parts.heard();
        return this.#receive(frame.bytes, this.#chain);
    }
  }

  async #welcome(hello: Hello): Promise<void> {
    const { nowUs, kemKey, trustAnchors, loadChain, opened } = this.#parts;
    const streamId = hello.streamId ?? new Uint8Array();
    if (streamId.length !== STREAM_ID_BYTES) {
      return this.#refuse('protocol_violation', `a stream id has ${STREAM_ID_BYTES} bytes`);
    }
    if (hello.sentAtUs) this.#clockOffset.came(hello.sentAtUs, nowUs());
    const cloned = await this.#parts.judgeHost(hello);
    if (cloned) {
      await this.#parts.refused({ code: 'agent_cloned', message: cloned });
      return this.refuseAndEnd('agent_cloned', cloned);
    }
    // An agent that gave up meanwhile must not take over from one that speaks.
    if (this.#parts.call.cancelled || this.#state !== 'new') return;
    await this.#parts.presented();
    this.#chain = await loadChain();
    if (this.#state !== 'new') return;
    this.#state = 'open';
    opened(hello, this.#clockOffset.us);
    const lastSequence = this.#chain.lastSequence(streamId);
    const lastHeaderDigest = this.#chain.lastHeaderDigest(streamId);
    const told = { kemKey: kemKey(), trustAnchors: trustAnchors() };
    this.#send({ welcome: { streamId, lastSequence, lastHeaderDigest, sentAtUs: nowUs(), ...told } });
  }

  /** One at a time, as every frame: who asks for many is slowed by his own envelopes behind them. */
  async #certify(request: CertificateRequest): Promise<void> {
    const certificateAnswer = await this.#parts.certify(request);
    if (this.#state === 'open') this.#send({ certificateAnswer });
  }

  #hear(heartbeat: Heartbeat): void {
    const { sentAtUs, welcomeOffsetUs } = heartbeat;
    const nowUs = this.#parts.nowUs();
    if (sentAtUs) this.#clockOffset.came(sentAtUs, nowUs);
    if (typeof welcomeOffsetUs === 'number') this.#clockOffset.went(welcomeOffsetUs);
    const clockOffsetUs = this.#clockOffset.us;
    this.#parts.heard({ heartbeat, clockOffsetUs, sentAtUs: sentAtUs ? sentAtUs + clockOffsetUs : nowUs });
  }

  /** Not answered where it is taken; one at a time, so that an agent cannot keep a thread busy with them. */
  async #confirm(confirmation: EpochConfirmation): Promise<void> {
    this.#parts.heard();
    try {
      await this.#parts.confirmed(confirmation);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      await this.#refuse(error.code, error.message);
    }
  }

  async #receive(bytes: Uint8Array, chain: StreamChain): Promise<void> {
    const { agent, identity, nowUs, receive } = this.#parts;
    await this.#untilRoom();
    if (this.#state === 'ended') return;
    const clockOffsetUs = this.#clockOffset.us;
    this.#answer(
      await receive(
        { agentId: agent.id, agentName: agent.name, bytes, receivedAtUs: nowUs(), clockOffsetUs },
        { identity, chain },
      ),
    );
  }

  async #refuse(code: RefusalCode, message: string): Promise<void> {
    await this.#untilRoom();
    const refusal = { code, message };
    this.#answer({ sequence: 0, refusal, committed: this.#parts.refused(refusal) });
  }

  /** Answers are given in the order of the envelopes, each once it is true. */
  #answer(receipt: Receipt): void {
    const { sequence, refusal } = receipt;
    this.#unanswered += 1;
    this.#answered = Promise.all([receipt.committed, this.#answered])
      .then(
        () => this.#send(refusal ? { refusal: { sequence, ...refusal } } : { acknowledgement: { sequence } }),
        (error) => this.#unstorable(sequence, error),
      )
      .finally(() => {
        this.#unanswered -= 1;
        this.#room?.();
      });
  }

  /** A batch the store will never take is refused, so that the agent counts it as lost instead of sending it for ever. */
  #unstorable(sequence: number, error: unknown): void {
    if (error instanceof RefusalError) {
      this.#send({ refusal: { sequence, code: error.code, message: error.message } });
      return;
    }
    this.#parts.failed(error);
    this.end(status.UNAVAILABLE, 'the collector is stopping, or could not store this; connect again');
  }

  async #untilRoom(): Promise<void> {
    while (this.#unanswered >= UNACKNOWLEDGED_ENVELOPES_MAX && this.#state !== 'ended') {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#room = resolve;
      await promise;
    }
  }

  #send(frame: CollectorFrame): void {
    const { call } = this.#parts;
    if (!call.cancelled && !call.destroyed && call.writable) call.write(frame);
  }
}
