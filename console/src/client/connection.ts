import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { certificatesService, type LoginGrant, loginService, RENEW_METADATA } from '@threatguard/proto';
import { channelOptionsFor, collectorCredentials } from '@threatguard/proto/client';
import { bringLogin, LoginBearer } from './bring-login.ts';
import type { Deployment } from './deployment.ts';
import type { LoginFile } from './login-file.ts';
import { saveRenewed } from './renew-identity.ts';
import { toConsoleError } from './rpc-error.ts';

/** A call that takes longer is given up: the collector is there but not serving. */
const CALL_MS_MAX = 10_000;

/** The collector's console service over mutual TLS. Every failure is a ConsoleError that says what to do. */
export class Connection implements Disposable {
  readonly address: string;
  readonly #client: Client;
  readonly #deployment: Deployment;
  readonly #note: (text: string) => void;
  /** Why the collector wants this console's certificate renewed, until that was tried. */
  #renewal: string | undefined;
  #renewing: Promise<void> | undefined;
  readonly #waiting = new Set<ClientUnaryCall>();

  /** `note` is told what a person should know and no answer says. Calls are those of `login` where somebody is logged in. */
  constructor(deployment: Deployment, note: (text: string) => void = () => undefined, login?: LoginFile) {
    this.address = deployment.collector;
    this.#deployment = deployment;
    this.#note = note;
    const credentials = collectorCredentials({
      ca: deployment.ca,
      certificate: deployment.certificate,
      key: deployment.key,
    });
    this.#client = new Client(deployment.collector, credentials, {
      ...channelOptionsFor(deployment),
      // A person waits: after a restart of the collector the next call must not.
      'grpc.max_reconnect_backoff_ms': 2000,
      ...(login && { interceptors: [bringLogin(new LoginBearer(login, (token) => this.#refreshLogin(token)))] }),
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  /** Ends the questions that wait for their answer: each fails at once. */
  interrupt(): void {
    for (const call of this.#waiting) call.cancel();
  }

  /** One question, one answer. */
  async call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    msMax = CALL_MS_MAX,
  ): Promise<Response> {
    const response = await this.#callOnce(method, request, msMax);
    if (this.#renewal) this.#renewing ??= this.#renew(this.#renewal);
    await this.#renewing;
    return response;
  }

  #refreshLogin(refreshToken: string): Promise<LoginGrant> {
    return this.#callOnce(loginService.refreshLogin, { refreshToken });
  }

  /** Once for each client: the next command goes with the new certificate. */
  async #renew(reason: string): Promise<void> {
    try {
      saveRenewed(this.#deployment, await this.#callOnce(certificatesService.renewConsole, {}));
    } catch (error) {
      this.#note(
        `the certificate of this console should be renewed (${reason}), and was not: ${(error as Error).message}`,
      );
    }
  }

  #callOnce<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    msMax = CALL_MS_MAX,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + msMax },
        (error, response) => {
          this.#waiting.delete(call);
          if (error) reject(toConsoleError(error, this.address));
          else resolve(response as Response);
        },
      );
      this.#waiting.add(call);
      call.on('metadata', (metadata: Metadata) => {
        this.#renewal ??= metadata.get(RENEW_METADATA)[0]?.toString();
      });
    });
  }

  /** One question, an answer in parts, as fast as they are taken, until the signal fires. */
  async *stream<Request, Part>(
    method: MethodDefinition<Request, Part>,
    request: Request,
    signal: AbortSignal,
  ): AsyncIterable<Part> {
    const stream = this.watch(method, request);
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      if (signal.aborted) cancel();
      yield* stream;
    } catch (error) {
      throw toConsoleError(error as ServiceError, this.address);
    } finally {
      signal.removeEventListener('abort', cancel);
      cancel();
    }
  }

  /** An answer in parts as gRPC gives it: open until the caller ends it. */
  watch<Request, Part>(method: MethodDefinition<Request, Part>, request: Request): ClientReadableStream<Part> {
    return this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    );
  }

  /** A conversation as gRPC gives it: open until the caller ends it. */
  open<Request, Response>(method: MethodDefinition<Request, Response>): ClientDuplexStream<Request, Response> {
    return this.#client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  }
}
