// Where Falco's http_output posts its alerts: one JSON object a request. On the loopback address only.
//
// Whoever may open a socket on this host may post here unless a token is set; every limit below holds for all of them together.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ADDRESS = '127.0.0.1';
/** An alert with a long command line and all its fields. */
const BODY_BYTES_MAX = 256 * 1024;
const REQUESTS_PER_SECOND_MAX = 1000;
const CONNECTIONS_MAX = 32;
const REQUEST_MS_MAX = 5000;

export interface HttpListenerOptions {
  /** 0 takes any free port. */
  port: number;
  /** Then it must stand behind the slash of the URL, or in an Authorization header as a bearer token. */
  token?: string;
  onLine: (line: string) => void;
  /** A request that was refused for its rate or size: an alert that is lost. */
  onRefused: (reason: 'queue_shed' | 'line_oversized') => void;
}

export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server;
  #second = { start: 0, requests: 0 };

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    this.#server = createServer(
      { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX, maxHeaderSize: 8192 },
      (request, response) => this.#serve(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** The port it listens on. Rejects where the port is taken. */
  async start(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(this.#options.port, ADDRESS, resolve);
    await promise;
    return (this.#server.address() as AddressInfo).port;
  }

  /** Safe twice; no line is handed on after it resolves. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      if (refusal === 429) this.#options.onRefused('queue_shed');
      // Its body is read and dropped: a connection closed with bytes unread would be reset, and the answer lost.
      request.resume();
      end(response, refusal);
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
      else if (!response.headersSent) {
        this.#options.onRefused('line_oversized');
        end(response, 413);
        chunks.length = 0;
      }
    });
    request.on('end', () => {
      if (response.headersSent) return;
      this.#options.onLine(
        Buffer.concat(chunks)
          .toString('utf8')
          .replace(/[\r\n]+/g, ' ')
          .trim(),
      );
      end(response, 200);
    });
    request.on('error', () => response.destroy()); // it went away half way through: nothing was said
  }

  /** A status for what is not taken. A browser on this host sends an Origin: no page may write our telemetry. */
  #refusal(request: IncomingMessage): number | undefined {
    if (request.method !== 'POST') return 405;
    if (request.headers.origin !== undefined) return 403;
    if (!this.#isAllowed(request)) return 401;
    const nowMs = performance.now();
    if (nowMs - this.#second.start >= 1000) this.#second = { start: nowMs, requests: 0 };
    this.#second.requests++;
    return this.#second.requests > REQUESTS_PER_SECOND_MAX ? 429 : undefined;
  }

  #isAllowed({ url = '', headers }: IncomingMessage): boolean {
    const { token } = this.#options;
    if (!token) return true;
    const given = [url.slice(1), (headers.authorization ?? '').replace(/^Bearer /i, '')];
    return given.some((each) => timingSafeEqual(digest(each), digest(token)));
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0, ...(status === 413 && { connection: 'close' }) }).end();
}
