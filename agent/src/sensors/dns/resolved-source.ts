// The connection to systemd-resolved's monitor: varlink, that is JSON objects ended by NUL over a Unix socket.
import { connect, type Socket } from 'node:net';

export const RESOLVED_MONITOR = '/run/systemd/resolve/io.systemd.Resolve.Monitor';

const SUBSCRIBE = { method: 'io.systemd.Resolve.Monitor.SubscribeQueryResults', parameters: {}, more: true };
/** One result with all its records; longer than any DNS message in JSON. */
const MESSAGE_CHARACTERS_MAX = 1024 * 1024;
/** resolved restarts with the network. */
const RETRY_MS = 5000;

export class ResolvedSource {
  readonly #path: string;
  readonly #onResult: (parameters: unknown) => void;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #problem = 'not connected to systemd-resolved yet';

  constructor(path: string, onResult: (parameters: unknown) => void) {
    this.#path = path;
    this.#onResult = onResult;
  }

  /** In words; empty while results come. */
  get problem(): string {
    return this.#problem;
  }

  /** Connects, and again whenever the connection ends. */
  start(): void {
    if (this.#stopped) return;
    let text = '';
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`${JSON.stringify(SUBSCRIBE)}\0`));
    socket.on('data', (chunk: string) => {
      const messages = (text + chunk).split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) this.#take(message, socket);
      if (text.length > MESSAGE_CHARACTERS_MAX) socket.destroy(new Error('a message of systemd-resolved has no end'));
    });
    socket.on('error', (error) => {
      this.#problem = `systemd-resolved: ${error.message}`;
    });
    socket.once('close', () => {
      this.#problem ||= 'systemd-resolved ended the connection';
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), RETRY_MS);
    });
  }

  /** Safe twice; no result is handed on afterwards. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #take(message: string, socket: Socket): void {
    if (this.#stopped) return;
    let reply: { error?: unknown; parameters?: unknown } | null;
    try {
      reply = JSON.parse(message) as typeof reply;
    } catch {
      socket.destroy(new Error('a message that is no JSON'));
      return;
    }
    if (typeof reply?.error === 'string') {
      socket.destroy(new Error(`it refuses its monitor: ${reply.error.slice(0, 100)}`));
      return;
    }
    this.#problem = '';
    this.#onResult(reply?.parameters);
  }
}
