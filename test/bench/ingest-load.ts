// The load of bench:ingest, in a process of its own: agents that enrol for real, seal for real, and send as fast as the
// collector acknowledges. Arguments: one JSON object (LoadOrder). Result: one JSON line (LoadResult).
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  type AgentFrame,
  type CollectorFrame,
  envelopeIdentity,
  NO_PREVIOUS_DIGEST,
  STREAM_ID_BYTES,
  type StreamPosition,
  sealEnvelope,
  telemetryService,
  UNACKNOWLEDGED_ENVELOPES_MAX,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { mixedEvent } from './event-mix.ts';
import { percentile } from './report.ts';

export interface LoadOrder {
  collector: string;
  token: string;
  directory: string;
  agents: number;
  seconds: number;
  eventsPerBatch: number;
}

export interface LoadResult {
  events: number;
  envelopes: number;
  refused: number;
  seconds: number;
  ackP50Ms: number;
  ackP99Ms: number;
  /** XOR of the digests of all acknowledged headers, hex: what the store must hold, no more and no less. */
  digest: string;
  cpuSeconds: number;
  /** A quiet agent sending single events, to acknowledgement: alone, and while the others send what they can. */
  fastLaneAloneP99Ms: number;
  fastLaneP99Ms: number;
}

/** A host where something happens now and then. */
const SINGLE_EVERY_MS = 20;
/** How long it is measured by itself, before the others begin. */
const ALONE_MS = 3_000;

const order = JSON.parse(process.argv[2]!) as LoadOrder;

class LoadAgent {
  events = 0;
  envelopes = 0;
  refused = 0;
  readonly waitsMs: number[] = [];
  readonly digest = new Uint8Array(32);
  readonly #identity: ReturnType<typeof readIdentity>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<AgentFrame, CollectorFrame>;
  readonly #inFlight = new Map<number, { atMs: number; position: StreamPosition; count: number }>();
  #position: StreamPosition = { streamId: randomBytes(STREAM_ID_BYTES), sequence: 0, headerDigest: NO_PREVIOUS_DIGEST };
  #nextEvent = 0;
  #changed: () => void = () => undefined;
  readonly welcomed: Promise<void>;

  constructor(home: string) {
    const identity = readIdentity(home);
    this.#identity = identity;
    const { key, certificate, ca } = identity.pem;
    this.#client = new Client(order.collector, collectorCredentials({ ca, certificate, key }), {
      ...CHANNEL_OPTIONS,
      'grpc.use_local_subchannel_pool': 1,
    });
    const { path, requestSerialize, responseDeserialize } = telemetryService.stream;
    this.#call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.welcomed = promise;
    this.#call.on('error', reject);
    this.#call.on('data', (frame: CollectorFrame) => {
      if (frame.welcome) resolve();
      if (frame.acknowledgement) this.#acknowledged(frame.acknowledgement.sequence ?? 0);
      if (frame.refusal) {
        this.refused += 1;
        this.#inFlight.delete(frame.refusal.sequence ?? 0);
        console.error(`refused: ${frame.refusal.code} ${frame.refusal.message}`);
      }
      this.#changed();
    });
    this.#call.write({
      hello: { hostName: identity.name, sentAtUs: Date.now() * 1000, streamId: this.#position.streamId },
    });
  }

  /** Full batches, as many as are let in. */
  async send(untilMs: number): Promise<void> {
    while (performance.now() < untilMs) {
      while (this.#inFlight.size >= UNACKNOWLEDGED_ENVELOPES_MAX) await this.#change();
      await this.#sendBatch(order.eventsPerBatch);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    while (this.#inFlight.size > 0) await this.#change();
  }

  /** Single events at a steady pace, each in an envelope of its own; how long each waited. */
  async sendSingle(until: () => boolean): Promise<number[]> {
    const from = this.waitsMs.length;
    while (!until()) {
      if (this.#inFlight.size < UNACKNOWLEDGED_ENVELOPES_MAX) await this.#sendBatch(1);
      await new Promise<void>((resolve) => setTimeout(resolve, SINGLE_EVERY_MS));
    }
    while (this.#inFlight.size > 0) await this.#change();
    return this.waitsMs.slice(from);
  }

  close(): void {
    this.#call.end();
    this.#client.close();
  }

  async #sendBatch(count: number): Promise<void> {
    const identity = envelopeIdentity(this.#identity.agentId, this.#identity);
    const atUs = Date.now() * 1000;
    const events = Array.from({ length: count }, (_, index) => mixedEvent(this.#nextEvent++, atUs + index));
    const sealed = sealEnvelope({
      events,
      losses: [],
      identity,
      kemKey: this.#identity.kemKey,
      previous: this.#position,
      nowUs: atUs,
    });
    this.#position = sealed.position;
    this.#inFlight.set(sealed.position.sequence, { atMs: performance.now(), position: sealed.position, count });
    const more = this.#call.write({ envelope: sealed.bytes });
    if (!more) await new Promise<void>((resolve) => this.#call.once('drain', resolve));
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  /** This one and all before it. */
  #acknowledged(sequence: number): void {
    for (const [sent, { atMs, position, count }] of this.#inFlight) {
      if (sent > sequence) break;
      this.#inFlight.delete(sent);
      this.waitsMs.push(performance.now() - atMs);
      this.events += count;
      this.envelopes += 1;
      for (let byte = 0; byte < 32; byte++) this.digest[byte]! ^= position.headerDigest[byte]!;
    }
  }
}

const homes: string[] = [];
for (let index = 0; index <= order.agents; index++) {
  const home = join(order.directory, `agent-${index}`);
  await enrol({
    home,
    collector: order.collector,
    token: order.token,
    name: `bench-${index}`,
    machineId: `bench-${index}`,
    force: false,
  });
  homes.push(home);
}
const agents: LoadAgent[] = [];
for (const home of homes) {
  const agent = new LoadAgent(home);
  await agent.welcomed;
  agents.push(agent);
}
const quiet = agents.at(-1)!;
const busy = agents.slice(0, -1);
const aloneUntilMs = performance.now() + ALONE_MS;
const aloneMs = await quiet.sendSingle(() => performance.now() > aloneUntilMs);
const startedMs = performance.now();
const cpu = process.cpuUsage();
let loaded = true;
const beside = quiet.sendSingle(() => !loaded);
await Promise.all(busy.map((agent) => agent.send(startedMs + order.seconds * 1000)));
const tookMs = performance.now() - startedMs;
loaded = false;
const besideMs = await beside;
for (const agent of agents) agent.close();
const used = process.cpuUsage(cpu);
const digest = new Uint8Array(32);
for (const agent of agents) for (let byte = 0; byte < 32; byte++) digest[byte]! ^= agent.digest[byte]!;
const waits = busy.flatMap((agent) => agent.waitsMs);
const sum = (read: (agent: LoadAgent) => number) => agents.reduce((total, agent) => total + read(agent), 0);
const result: LoadResult = {
  events: sum((agent) => agent.events),
  envelopes: sum((agent) => agent.envelopes),
  refused: sum((agent) => agent.refused),
  seconds: tookMs / 1000,
  ackP50Ms: percentile(waits, 0.5),
  ackP99Ms: percentile(waits, 0.99),
  digest: Buffer.from(digest).toString('hex'),
  cpuSeconds: (used.user + used.system) / 1e6,
  fastLaneAloneP99Ms: percentile(aloneMs, 0.99),
  fastLaneP99Ms: percentile(besideMs, 0.99),
};
console.log(JSON.stringify(result));
