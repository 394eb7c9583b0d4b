// One HTTP/1.1 connection that costs its side next to nothing: requests are bytes made beforehand, and of an answer only its
// status and its end are looked for. A client such as node:http has more to do for a request than the service that answers it.
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** The bytes of a request. */
export function requestBytes(parts: {
  method: string;
  url: URL;
  token: string | undefined;
  body: string | undefined;
}): Buffer {
  const { method, url, token, body } = parts;
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
}

export class RawConnection {
  readonly #socket: Socket;
  #answered: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  #received: Buffer = Buffer.alloc(0);
  /** Of the answer that is coming, in bytes; undefined until its head is there. */
  #length: number | undefined;
  #status = 0;
  #broken: Error | undefined;

  constructor(url: URL) {
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#socket.on('error', (error) => this.#break(error));
    this.#socket.on('close', () => this.#break(new Error('the connection was closed')));
  }

  /** One after the other. Resolves with the status when the whole answer is there; rejects where the connection breaks. */
  ask(request: Buffer): Promise<number> {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#socket.write(request);
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    if (this.#length === undefined && !this.#readHead()) return;
    if (this.#received.length < this.#length!) return;
    this.#received = this.#received.subarray(this.#length);
    this.#length = undefined;
    this.#answered?.resolve(this.#status);
  }

  #readHead(): boolean {
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return false;
    const head = this.#received.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    this.#status = Number(head.slice(9, 12));
    if (length === undefined && this.#status !== 204) {
      this.#break(new Error('an answer without a length'));
      return false;
    }
    this.#length = end + HEAD_END.length + Number(length ?? 0);
    return true;
  }

  #break(error: Error): void {
    this.#broken = error;
    this.#answered?.reject(error);
  }
}
