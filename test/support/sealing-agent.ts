// An agent that seals and streams for real, and lets a test put any bytes on the wire.
import { type ClientDuplexStream, makeGenericClientConstructor, type StatusObject } from '@grpc/grpc-js';
import {
  AgentFrame,
  type CollectorFrame,
  type Hello,
  type HostEvent,
  type Loss,
  type SealedEnvelope,
  type StreamPosition,
  sealEnvelope,
  telemetryService,
  type Welcome,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import type { AgentIdentity } from './agent-identity.ts';
import { newStream } from './envelopes.ts';
import { until } from './until.ts';

// Frames are bytes here, so that a test can send what no encoder would make.
const rawService = {
  stream: {
    ...telemetryService.stream,
    requestSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
    requestDeserialize: (bytes: Buffer) => bytes,
  },
};

const ANSWER_MS_MAX = 15_000;

export class SealingAgent implements Disposable {
  readonly identity: AgentIdentity;
  /** Every frame the collector sent, in order. */
  readonly frames: CollectorFrame[] = [];
  /** The status the stream ended with; undefined while it is open. */
  ended: StatusObject | undefined;
  position: StreamPosition;
  readonly #client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
  readonly #call: ClientDuplexStream<Uint8Array, CollectorFrame>;
  #read = 0;

  /** Opens a stream; says nothing yet. */
  constructor(parts: { address: string; identity: AgentIdentity; position?: StreamPosition }) {
    this.identity = parts.identity;
    this.position = parts.position ?? newStream();
    const Client = makeGenericClientConstructor(rawService, 'Telemetry');
    this.#client = new Client(parts.address, collectorCredentials(parts.identity), {
      ...CHANNEL_OPTIONS,
      'grpc.max_send_message_length': -1,
    });
    this.#call = this.#client.stream!() as unknown as ClientDuplexStream<Uint8Array, CollectorFrame>;
    this.#call.on('data', (frame: CollectorFrame) => this.frames.push(frame));
    this.#call.on('status', (status: StatusObject) => {
      this.ended = status;
    });
    // The status says the same, for those who ask.
    this.#call.on('error', () => undefined);
  }

  /** Opens a stream and is welcomed. */
  static async connect(parts: {
    address: string;
    identity: AgentIdentity;
    position?: StreamPosition;
    hello?: Hello;
  }): Promise<SealingAgent> {
    const agent = new SealingAgent(parts);
    await agent.hello(parts.hello);
    return agent;
  }

  /** Says hello, and after the welcome a heartbeat, as agents do; the clock of the host is that of `sentAtUs`. */
  async hello(parts: Hello = {}): Promise<Welcome> {
    const sentAtUs = parts.sentAtUs ?? Date.now() * 1000;
    const behindUs = Date.now() * 1000 - sentAtUs;
    this.sendFrame({
      hello: {
        agentVersion: '0.1.0',
        hostName: this.identity.name,
        sentAtUs,
        streamId: this.position.streamId,
        os: 'Debian GNU/Linux 12',
        kernel: '6.18.0',
        ...parts,
      },
    });
    const { welcome } = await this.answer();
    if (!welcome) throw new Error('the collector did not say welcome');
    const nowUs = Date.now() * 1000 - behindUs;
    this.sendFrame({ heartbeat: { sentAtUs: nowUs, welcomeOffsetUs: welcome.sentAtUs! - nowUs } });
    return welcome;
  }

  /** Seals events as the next envelope of the stream, without sending it. */
  seal(events: readonly HostEvent[], losses: readonly Loss[] = []): SealedEnvelope {
    const { envelope: identity, kemKey } = this.identity;
    const sealed = sealEnvelope({
      events,
      losses,
      identity,
      kemKey,
      previous: this.position,
      nowUs: Date.now() * 1000,
    });
    this.position = sealed.position;
    return sealed;
  }

  /** Seals and sends events; resolves with the collector's answer. */
  async send(events: readonly HostEvent[], losses: readonly Loss[] = []): Promise<CollectorFrame> {
    return this.sendEnvelope(this.seal(events, losses).bytes);
  }

  /** Sends an envelope as it stands; resolves with the next answer. */
  sendEnvelope(envelope: Uint8Array): Promise<CollectorFrame> {
    this.sendFrame({ envelope });
    return this.answer();
  }

  sendFrame(frame: AgentFrame): void {
    this.sendBytes(AgentFrame.encode(frame).finish());
  }

  /** Sends a gRPC message that need not be a frame. */
  sendBytes(message: Uint8Array): boolean {
    return this.#call.write(message);
  }

  /** The next frame not read yet. Throws when the stream ended before. */
  answer(): Promise<CollectorFrame> {
    const index = this.#read++;
    return until(
      () => {
        const frame = this.frames[index];
        if (!frame && this.ended) throw new Error(`the stream ended: ${this.ended.code} ${this.ended.details}`);
        return frame;
      },
      { limitMs: ANSWER_MS_MAX, what: 'an answer of the collector' },
    );
  }

  /** The status the stream ends with. */
  untilEnded(): Promise<StatusObject> {
    return until(() => this.ended, { limitMs: ANSWER_MS_MAX, what: 'the stream to end' });
  }

  /** Says goodbye as an agent that stops does. */
  close(): void {
    this.#call.end();
  }

  /** Goes away without a word. */
  [Symbol.dispose](): void {
    this.#call.cancel();
    this.#client.close();
  }
}
