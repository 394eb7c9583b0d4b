// Those that are sent to: a syslog receiver over TCP or TLS and a webhook over HTTPS, which go away and come back.
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import type { TestCertificates } from './test-certificates.ts';

/** Messages of octet-counted frames; throws where the stream is none. */
export function unframe(bytes: Buffer): { messages: string[]; rest: Buffer } {
  const messages: string[] = [];
  let at = 0;
  for (;;) {
    const space = bytes.indexOf(' ', at);
    if (space < 0) break;
    const digits = bytes.toString('latin1', at, space);
    if (!/^[1-9][0-9]*$/.test(digits)) throw new Error(`not the length of a frame: ${digits.slice(0, 20)}`);
    const end = space + 1 + Number(digits);
    if (end > bytes.length) break;
    messages.push(bytes.toString('utf8', space + 1, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}

/** What a receiver does with a connection. */
export type Manner = 'reads' | 'reads_never' | 'keeps_open' | 'closes_at_once';

export class SyslogReceiver implements AsyncDisposable {
  readonly messages: string[] = [];
  /** Names in the certificates of those that came. */
  readonly clients: string[] = [];
  manner: Manner = 'reads';
  connections = 0;
  port = 0;
  readonly #certificates: TestCertificates | undefined;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(certificates: TestCertificates | undefined) {
    this.#certificates = certificates;
  }

  /** Over TLS that asks for a client certificate where certificates are given. */
  static async start(certificates?: TestCertificates): Promise<SyslogReceiver> {
    const receiver = new SyslogReceiver(certificates);
    await receiver.restart();
    return receiver;
  }

  /** Keys in the structured data of what came, in order. */
  get keys(): string[] {
    return this.messages.map((message) => /key="([^"]+)"/.exec(message)?.[1] ?? '');
  }

  async restart(): Promise<void> {
    const take = (socket: Socket) => this.#take(socket);
    const certificates = this.#certificates;
    this.#server = certificates
      ? createTls(
          {
            ca: readFileSync(certificates.ca),
            cert: readFileSync(certificates.server.certificate),
            key: readFileSync(certificates.server.key),
            requestCert: true,
            rejectUnauthorized: true,
          },
          take,
        )
      : createServer({ allowHalfOpen: true }, take);
    const server = this.#server;
    // A client without a certificate is refused there.
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  /** Gone from one moment to the next: what was not read is answered with a reset. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    if ('getPeerCertificate' in socket) {
      this.clients.push(
        (socket as { getPeerCertificate(): { subject?: { CN?: string } } }).getPeerCertificate().subject?.CN ?? '',
      );
    }
    if (this.manner === 'closes_at_once') return void socket.end();
    if (this.manner === 'reads_never') return void socket.pause();
    let waiting: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const { messages, rest } = unframe(Buffer.concat([waiting, chunk]));
      this.messages.push(...messages);
      waiting = rest;
    });
    socket.on('end', () => {
      if (this.manner === 'reads') socket.end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export interface WebhookRequest {
  headers: IncomingHttpHeaders;
  body: string;
  items: { key: string; kind: string; record: unknown }[];
}

export interface WebhookAnswer {
  status: number;
  headers?: Record<string, string>;
}

export class WebhookReceiver implements AsyncDisposable {
  readonly requests: WebhookRequest[] = [];
  /** What is answered; the connection is cut without one where there is none. */
  answer: (request: WebhookRequest) => WebhookAnswer | undefined = () => ({ status: 204 });
  port = 0;
  readonly #certificates: TestCertificates;
  #server: HttpsServer | undefined;

  private constructor(certificates: TestCertificates) {
    this.#certificates = certificates;
  }

  static async start(certificates: TestCertificates): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(certificates);
    await receiver.restart();
    return receiver;
  }

  /** Of everything that came, taken or not. */
  get keys(): string[] {
    return this.requests.flatMap(({ items }) => items.map(({ key }) => key));
  }

  async restart(): Promise<void> {
    const { server: files } = this.#certificates;
    const server = createHttps({ cert: readFileSync(files.certificate), key: readFileSync(files.key) });
    server.on('request', (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const request = { headers: incoming.headers, body, items: JSON.parse(body).items };
        this.requests.push(request);
        const answer = this.answer(request);
        if (answer) outgoing.writeHead(answer.status, answer.headers).end();
        else outgoing.destroy();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
