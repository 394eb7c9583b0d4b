// A collector that only speaks the wire: real gRPC over real post-quantum TLS with a CA of its own. It records what
// agents send and answers as told. For tests of the agent; the real collector is tested with its own.
import 'reflect-metadata';
import { generateKeyPairSync, KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import * as x509 from '@peculiar/x509';
import {
  type AgentFrame,
  type CollectorFrame,
  decodePayload,
  type EnrolRequest,
  type EnrolResponse,
  type EpochConfirmation,
  enrolmentService,
  formatJoinToken,
  type Heartbeat,
  type Hello,
  type HostEvent,
  type KemKey,
  keyId,
  openEnvelope,
  peerUri,
  type RefusalCode,
  signKemKey,
  TLS_POLICY,
  telemetryService,
  type VerifiedHeader,
  verifyEnvelope,
} from '@threatguard/proto';

x509.cryptoProvider.set(webcrypto as Crypto);
const ALGORITHM = { name: 'ML-DSA-65' };
const DAY_MS = 24 * 60 * 60 * 1000;

export const TOKEN_ID = 'abcdefgh1234';
export const TOKEN_SECRET = 'S'.repeat(43);

/** An envelope that was verified and opened, as the real collector would. */
export interface Received {
  header: VerifiedHeader;
  events: HostEvent[];
  bytes: Uint8Array;
  receivedAtMs: number;
}

type Answer = CollectorFrame | undefined;
type Authority = Awaited<ReturnType<typeof makeAuthority>>;
type Leaf = Awaited<ReturnType<Authority['issue']>>;

export class FakeCollector implements AsyncDisposable {
  readonly hellos: Hello[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly confirmations: EpochConfirmation[] = [];
  readonly received: Received[] = [];
  readonly enrolments: EnrolRequest[] = [];
  /** How to answer an envelope; acknowledged by default, unanswered where it gives undefined. */
  answer: (received: Received) => Answer = ({ header }) => ({ acknowledgement: { sequence: header.sequence } });
  /** How far its clock is ahead. */
  clockAheadUs = 0;
  /** What the welcome says it has, by stream id in hex. */
  readonly committed = new Map<string, number>();
  /** Makes an enrolment fail. */
  enrolmentError: Partial<ServiceError> | undefined;
  /** Alters the answer to an enrolment. */
  alterEnrolment: (answer: EnrolResponse) => EnrolResponse = (answer) => answer;
  epoch = 1;
  refusedBefore = 0;
  /** What the welcome says the last header of each stream was, instead of the one received. */
  lastDigest: Uint8Array | undefined;
  port = 0;
  readonly #ca: Authority;
  #kem = generateKeyPairSync('ml-kem-768');
  readonly #kemPrivateKeys = new Map([[1, this.#kem.privateKey]]);
  #call: ServerDuplexStream<AgentFrame, CollectorFrame> | undefined;
  readonly #leaf: Leaf;
  readonly #agentKeys = new Map<string, KeyObject>();
  #server: Server | undefined;
  #tls: TlsServer | undefined;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(ca: Authority, leaf: Leaf) {
    this.#ca = ca;
    this.#leaf = leaf;
  }

  static async start(): Promise<FakeCollector> {
    const ca = await makeAuthority();
    const keys = await makeKeys();
    const collector = new FakeCollector(ca, await ca.issue(keys.publicKey, { kind: 'collector', id: 'fake' }, keys));
    await collector.listen();
    return collector;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get token(): string {
    const caSha256 = keyId(new X509Certificate(this.#ca.pem).publicKey).toString('hex');
    return formatJoinToken({ id: TOKEN_ID, secret: TOKEN_SECRET, caSha256 });
  }

  get kemKey() {
    const certificate = new X509Certificate(this.#leaf.pem);
    const signer = { privateKey: this.#leaf.privateKey!, certificate };
    const { epoch, refusedBefore } = this;
    return signKemKey({ epoch, publicKey: this.#kem.publicKey, createdAtUs: 1, refusedBefore, signer });
  }

  /** A new key for an epoch, which is announced from now on; `refuse` takes nothing of older ones any more. */
  rotate(epoch: number, options: { refuse?: boolean } = {}): KemKey {
    this.epoch = epoch;
    if (options.refuse) this.refusedBefore = epoch;
    this.#kem = generateKeyPairSync('ml-kem-768');
    this.#kemPrivateKeys.set(epoch, this.#kem.privateKey);
    return this.kemKey;
  }

  /** Tells the agent on its live stream. */
  announce(): void {
    this.#call!.write({ kemKey: this.kemKey });
  }

  acknowledge(sequence: number): void {
    this.#call!.write({ acknowledgement: { sequence } });
  }

  refuse(sequence: number, code: RefusalCode): void {
    this.#call!.write({ refusal: { sequence, code, message: '' } });
  }

  /** Has this envelope, whatever the agent is told. */
  commit({ streamId, sequence }: VerifiedHeader): void {
    const stream = Buffer.from(streamId).toString('hex');
    this.committed.set(stream, Math.max(sequence, this.committed.get(stream) ?? 0));
  }

  /** As if these had never come. */
  forget(which: (header: VerifiedHeader) => boolean): void {
    this.received.splice(0, this.received.length, ...this.received.filter(({ header }) => !which(header)));
  }

  /** All events received, in order. */
  get events(): HostEvent[] {
    return this.received.flatMap(({ events }) => events);
  }

  /** Listens on its port again after `stop`. */
  async listen(): Promise<void> {
    const server = new Server();
    server.addService(telemetryService, {
      stream: (call: ServerDuplexStream<AgentFrame, CollectorFrame>) => this.#serve(call),
    });
    server.addService(enrolmentService, {
      enrol: (
        call: { request: EnrolRequest },
        done: (error: Partial<ServiceError> | null, answer?: EnrolResponse) => void,
      ) => {
        this.enrolments.push(call.request);
        if (this.enrolmentError) return done(this.enrolmentError);
        this.#enrol(call.request).then(
          (answer) => done(null, this.alterEnrolment(answer)),
          (error: Error) => done({ code: status.INTERNAL, details: error.message }),
        );
      },
    });
    // grpc-js has no setting for TLS version and groups, so the TLS server is ours and hands over its connections.
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const tls = createServer({
      ...TLS_POLICY,
      ca: this.#ca.pem,
      cert: this.#leaf.pem + this.#ca.pem,
      key: this.#leaf.keyPem,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    tls.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      injector.injectConnection(socket);
    });
    await new Promise<void>((resolve, reject) => {
      tls.once('error', reject);
      tls.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (tls.address() as AddressInfo).port;
    this.#server = server;
    this.#tls = tls;
  }

  /** Goes away, as when its process is killed. */
  stop(): void {
    this.#tls?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.forceShutdown();
    this.#tls = this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  #serve(call: ServerDuplexStream<AgentFrame, CollectorFrame>): void {
    call.on('error', () => call.end());
    call.on('end', () => call.end());
    this.#call = call;
    call.on('data', (frame: AgentFrame) => {
      if (frame.hello) {
        const streamId = frame.hello.streamId ?? new Uint8Array();
        this.hellos.push(frame.hello);
        const lastSequence = this.committed.get(Buffer.from(streamId).toString('hex')) ?? 0;
        const last = this.received.findLast(({ header }) => header.sequence === lastSequence);
        const lastHeaderDigest = this.lastDigest ?? last?.header.headerDigest ?? new Uint8Array();
        const sentAtUs = Date.now() * 1000 + this.clockAheadUs;
        call.write({ welcome: { streamId, lastSequence, lastHeaderDigest, kemKey: this.kemKey, sentAtUs } });
      } else if (frame.heartbeat) {
        this.heartbeats.push(frame.heartbeat);
      } else if (frame.epochConfirmation) {
        this.confirmations.push(frame.epochConfirmation);
      } else if (frame.envelope) {
        const received = this.#open(frame.envelope);
        const answer = this.answer(received);
        if (!answer) return;
        if (answer.acknowledgement) this.commit(received.header);
        call.write(answer);
      }
    });
  }

  #open(bytes: Uint8Array): Received {
    const errors: unknown[] = [];
    for (const [agentId, publicKey] of this.#agentKeys) {
      try {
        const verified = verifyEnvelope(bytes, { agentId, publicKey, signingKeyId: keyId(publicKey) });
        const payload = openEnvelope(verified, (epoch) => this.#kemPrivateKeys.get(epoch));
        const events = decodePayload(payload, verified.header);
        const received = { header: verified.header, events, bytes, receivedAtMs: performance.now() };
        this.received.push(received);
        return received;
      } catch (error) {
        errors.push(error);
      }
    }
    throw new AggregateError(errors, 'an envelope of no known agent');
  }

  async #enrol(request: EnrolRequest): Promise<EnrolResponse> {
    const csr = new x509.Pkcs10CertificateRequest(Buffer.from(request.certificateRequest ?? new Uint8Array()));
    if (!(await csr.verify())) throw new Error('the certificate request is not signed by its key');
    const agentId = `agent-${this.#agentKeys.size + 1}`;
    const publicKey = await csr.publicKey.export();
    const { pem } = await this.#ca.issue(publicKey, { kind: 'agent', id: agentId });
    const certificate = new X509Certificate(pem);
    this.#agentKeys.set(agentId, certificate.publicKey);
    return {
      agentId,
      certificate: certificate.raw,
      caCertificate: new X509Certificate(this.#ca.pem).raw,
      agentName: request.hostName,
      kemKey: this.kemKey,
    };
  }
}

async function makeKeys() {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function makeAuthority() {
  const keys = await makeKeys();
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=ThreatGuard test CA',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    pem: `${certificate.toString('pem')}\n`,
    async issue(publicKey: webcrypto.CryptoKey, name: Parameters<typeof peerUri>[0], own?: webcrypto.CryptoKeyPair) {
      const leaf = await x509.X509CertificateGenerator.create({
        subject: `CN=${name.id}`,
        issuer: certificate.subject,
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: peerUri(name) }])],
      });
      const privateKey = own && KeyObject.from(own.privateKey);
      const keyPem = privateKey?.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { pem: `${leaf.toString('pem')}\n`, privateKey, keyPem };
    },
  };
}
