// Syslog over TCP and TLS. It has no acknowledgements, and a TCP that took bytes says nothing of who read them: what stands
// in the buffers of a receiver that dies is gone. So each delivery is a connection of its own, closed from our side, and
// confirmed by the receiver's own close after ours:
//
//   - a receiver that died with bytes unread answers with a reset;
//   - one that died before they came has said so (end or reset) within a round trip, which is why our close waits longer;
//   - one that reads to the end and closes has read all.
//
// Anything else comes again, with the same key.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type SyslogSettings, serverNameOf } from './settings.ts';
import { octetFrame, syslogMessage } from './syslog-message.ts';
import { DeliveryError, type ForwardRecord, type ForwardTarget } from './target.ts';
import { readTlsFiles } from './tls-files.ts';

/** How long a receiver may be silent: to connect, to take bytes, to close. */
const SILENT_MS_MAX = 20_000;
/** Between the last byte and our close: no less than this, nor than some round trips. */
const SETTLE_MS_MIN = 100;
const SETTLE_ROUND_TRIPS = 3;
/** One delivery: what comes again at most, when its confirmation is missing. */
const RECORDS_MAX = 500;
const BYTES_MAX = 4 * 1024 * 1024;

export class SyslogTarget implements ForwardTarget {
  readonly recordsMax = RECORDS_MAX;
  readonly bytesMax = BYTES_MAX;
  readonly #settings: SyslogSettings;
  readonly #hostname: string;
  readonly #silentMsMax: number;

  constructor(parts: { settings: SyslogSettings; hostname: string; silentMsMax?: number }) {
    this.#settings = parts.settings;
    this.#hostname = parts.settings.hostname ?? parts.hostname;
    this.#silentMsMax = parts.silentMsMax ?? SILENT_MS_MAX;
  }

  async deliver(records: readonly ForwardRecord[], signal: AbortSignal): Promise<{ refused: number }> {
    const settings = { ...this.#settings, hostname: this.#hostname };
    const frames = Buffer.concat(records.map((record) => octetFrame(syslogMessage(record, settings))));
    signal.throwIfAborted();
    const socket = await this.#connect();
    try {
      await sendWhole(socket, {
        frames,
        ready: this.#settings.tls ? 'secureConnect' : 'connect',
        signal,
        silentMsMax: this.#silentMsMax,
      });
    } finally {
      socket.destroy();
    }
    return { refused: 0 };
  }

  async #connect(): Promise<Socket> {
    const { address, tls } = this.#settings;
    const { hostname, port } = new URL(`tcp://${address}`);
    const host = hostname.replace(/^\[|\]$/g, '');
    if (!tls) return connectTcp({ host, port: Number(port) });
    const servername = serverNameOf(host, tls);
    const files = await readTlsFiles(tls);
    try {
      return connectTls({ host, port: Number(port), ...files, ...(servername && { servername }) });
    } catch (cause) {
      throw new DeliveryError('settings', `TLS cannot begin: ${(cause as Error).message}`, { cause });
    }
  }
}

/** Resolves once the other side has read everything and closed after us. */
function sendWhole(
  socket: Socket,
  { frames, ready, signal, silentMsMax }: { frames: Buffer; ready: string; signal: AbortSignal; silentMsMax: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const beganMs = performance.now();
  let settling: NodeJS.Timeout | undefined;
  let closing = false;
  const fail = (error: Error) => reject(error);
  const abort = () => fail(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  socket.setTimeout(silentMsMax, () =>
    fail(
      closing
        ? new DeliveryError('unconfirmed', 'took all but did not close after us: whether it was read is not known')
        : new DeliveryError('timed_out', `silent for ${silentMsMax / 1000} s`),
    ),
  );
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    const text = cause.message || cause.code || 'the connection broke';
    fail(new DeliveryError(closing ? 'unconfirmed' : 'unreachable', text, { cause }));
  });
  // What it says is not for us, but what is not read would turn our close into a reset.
  socket.resume();
  socket.on('end', () =>
    closing ? resolve() : fail(new DeliveryError('unconfirmed', 'closed the connection before we did')),
  );
  socket.on('close', () => fail(new DeliveryError('unconfirmed', 'the connection broke before it was confirmed')));
  socket.once(ready, () => {
    const roundTripMs = performance.now() - beganMs;
    socket.write(frames, () => {
      settling = setTimeout(
        () => {
          closing = true;
          socket.end();
        },
        Math.max(SETTLE_MS_MIN, roundTripMs * SETTLE_ROUND_TRIPS),
      );
    });
  });
  return promise.finally(() => {
    clearTimeout(settling);
    signal.removeEventListener('abort', abort);
  });
}
