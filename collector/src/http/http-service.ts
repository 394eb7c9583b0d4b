// The HTTP service as a part of the collector: it listens, tries again where it cannot, and stops when what was asked is
// answered. A port that somebody else has is no reason not to take what agents send.
import type { Server as HttpsServer } from 'node:https';
import type { Logger } from 'pino';
import type { HttpApp } from './app.ts';
import { GOODBYE_MS_MAX, LISTEN_RETRY_MS } from './limits.ts';

export interface TlsMaterial {
  key: string;
  cert: string;
  ecdhCurve: string;
}

export interface HttpServiceParts {
  host: string;
  port: number;
  /** Undefined for plain HTTP. */
  tls: TlsMaterial | undefined;
  /** A new one for each try: one that could not listen is thrown away. */
  makeApp: () => Promise<HttpApp>;
  /** Nothing more is to be sent here. */
  leaving: () => void;
  log: Logger;
}

export class HttpService implements AsyncDisposable {
  readonly #parts: HttpServiceParts;
  #app: HttpApp | undefined;
  #problem: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #tls: TlsMaterial | undefined;
  #stopping: Promise<void> | undefined;
  #trying: Promise<void> = Promise.resolve();

  private constructor(parts: HttpServiceParts) {
    this.#parts = parts;
    this.#tls = parts.tls;
  }

  /** Resolves after the first try to listen, whether it succeeded or not. */
  static async start(parts: HttpServiceParts): Promise<HttpService> {
    const service = new HttpService(parts);
    await service.#listen();
    return service;
  }

  /** Where it listens, `http://HOST:PORT`; undefined while it does not. */
  get url(): string | undefined {
    const bound = this.#app?.server.address();
    if (!bound || typeof bound === 'string') return undefined;
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
    return `${this.#tls ? 'https' : 'http'}://${host}:${bound.port}`;
  }

  /** Why it does not listen, for status; undefined while it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Shows another certificate from the next handshake on. */
  useTls(tls: TlsMaterial): void {
    if (!this.#tls) return;
    this.#tls = tls;
    (this.#app?.server as unknown as HttpsServer | undefined)?.setSecureContext(tls);
  }

  async #listen(): Promise<void> {
    const { host, port, log } = this.#parts;
    const app = await this.#parts.makeApp();
    try {
      await app.listen({ host, port });
      this.#app = app;
      this.#problem = undefined;
      if (this.#tls) (app.server as unknown as HttpsServer).setSecureContext(this.#tls);
      log.info({ url: this.url }, 'the HTTP service listens');
    } catch (error) {
      await app.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw error;
      const why = { EADDRINUSE: 'is taken', EADDRNOTAVAIL: 'is no address of this host', EACCES: 'may not be used' }[
        code
      ];
      const problem = `no HTTP service: ${host}:${port} ${why}; set http.listen in collector.yaml, or http: off`;
      if (this.#problem === undefined) log.error({ code }, problem);
      this.#problem = problem;
      this.#retry = setTimeout(() => {
        this.#trying = this.#listen().catch((reason) => log.error({ err: reason }, 'no HTTP service'));
      }, LISTEN_RETRY_MS);
    }
  }

  /** Answers what was asked, within GOODBYE_MS_MAX, and closes what is left. Safe twice. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#parts.leaving();
    clearTimeout(this.#retry);
    await this.#trying;
    clearTimeout(this.#retry);
    const app = this.#app;
    if (!app) return;
    const timer = setTimeout(() => app.server.closeAllConnections(), GOODBYE_MS_MAX);
    await app.close();
    clearTimeout(timer);
  }
}
