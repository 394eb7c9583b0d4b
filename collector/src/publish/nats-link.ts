import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos, TimeoutError } from '@nats-io/transport-node';
import { ALERT_STREAM, ALERT_SUBJECTS } from '@threatguard/proto';

const CONNECT_TIMEOUT_MS = 3_000;
/** How long a console may be away and still catch up. */
const STREAM_AGE_MS_MAX = 30 * 24 * 3_600_000;
/** About a hundred thousand signed alerts; the oldest go first. The server sets it aside on its disk. */
const STREAM_BYTES_MAX = 512 * 1024 * 1024;
/**
 * How long the server knows a message id. A publish whose answer was lost is repeated with the same id: within this
 * time after the first it is stored once, whatever happens to either end.
 */
const DUPLICATE_WINDOW_MS = 24 * 3_600_000;
/** A server that says nothing for two of these is taken for gone. */
const PING_INTERVAL_MS = 10_000;

export interface NatsLink {
  connection: NatsConnection;
  stream: JetStreamClient;
}

/** Connects and makes sure of the alert stream. One attempt: who calls decides when to try again. */
export async function linkToNats(url: string): Promise<NatsLink> {
  const { host, username, password } = new URL(url);
  const connection = await connect({
    servers: host,
    ...(username && password
      ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
      : username
        ? { token: decodeURIComponent(username) }
        : {}),
    name: 'threatguard-collector',
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    // What a collector says is for the others.
    noEcho: true,
    // The publisher reconnects itself: then nothing waits in a buffer that a crash would lose, all waits in the outbox.
    reconnect: false,
  });
  try {
    await makeStream(connection);
    return { connection, stream: jetstream(connection) };
  } catch (error) {
    await connection.close();
    return explainSilence(error);
  }
}

/**
 * Throws what a request to JetStream threw, a silence with its likely reason: nats-server 2.9 whose disk was full answers
 * no request to JetStream any more, also when there is room again, until it is started anew (measured with 2.9.10).
 */
export function explainSilence(error: unknown): never {
  if (!(error instanceof TimeoutError)) throw error;
  const message = 'connected, but JetStream does not answer; if its disk is full, make room and restart nats-server';
  throw new Error(message, { cause: error });
}

/** A stream that is there already keeps the limits its operator gave it. */
async function makeStream(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection);
  try {
    await manager.streams.info(ALERT_STREAM);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
    await manager.streams.add({
      name: ALERT_STREAM,
      subjects: [ALERT_SUBJECTS],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      max_age: nanos(STREAM_AGE_MS_MAX),
      max_bytes: STREAM_BYTES_MAX,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  }
}

/** The address without its password, for logs and status. */
export function publicUrl(url: string): string {
  return `nats://${new URL(url).host}`;
}
