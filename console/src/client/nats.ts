import { DeliverPolicy, jetstream, type OrderedConsumerOptions } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { ALERT_STREAM } from '@threatguard/proto';

/** A server that does not accept within this is treated as away. */
const CONNECT_MS_MAX = 2000;
/** Finds a dead connection within twice this. */
const PING_MS = 5000;
/** Messages the server may have on the way to us. */
const IN_FLIGHT_MAX = 256;

export interface NatsSource {
  url: string;
  /** user:password, read-only. */
  credentials: string;
  /** Deliver what was published since then; from now on where absent. */
  sinceMs: number | undefined;
  /** Called for each message at once, in order of publication. */
  onMessage(bytes: Uint8Array): void;
}

/** A subscription that lives; `ended` resolves with the reason when it no longer does. */
export interface NatsSubscription {
  ended: Promise<string>;
  close(): Promise<void>;
}

/** Subscribes to the alert stream. Rejects where the server or the stream is not to be had. */
export async function subscribeAlerts(source: NatsSource): Promise<NatsSubscription> {
  const { host } = new URL(source.url);
  const colon = source.credentials.indexOf(':');
  const connection = await connect({
    servers: host,
    ...(colon > 0 ? { user: source.credentials.slice(0, colon), pass: source.credentials.slice(colon + 1) } : {}),
    timeout: CONNECT_MS_MAX,
    pingInterval: PING_MS,
    maxPingOut: 2,
    // Reconnecting is the feed's business: it falls back to gRPC meanwhile and knows from when to catch up.
    reconnect: false,
  });
  try {
    return await consume(connection, source);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function consume(connection: NatsConnection, source: NatsSource): Promise<NatsSubscription> {
  const start: Partial<OrderedConsumerOptions> =
    source.sinceMs === undefined
      ? { deliver_policy: DeliverPolicy.New }
      : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(source.sinceMs).toISOString() };
  const consumer = await jetstream(connection).consumers.get(ALERT_STREAM, start);
  const messages = await consumer.consume({
    max_messages: IN_FLIGHT_MAX,
    callback: (message) => source.onMessage(message.data),
  });
  const ended = Promise.race([
    connection.closed().then((error) => (error ? error.message : 'the connection was closed')),
    messages.closed().then((error) => (error ? error.message : 'the subscription ended')),
  ]);
  return {
    ended,
    close: async () => {
      messages.stop();
      await connection.close();
    },
  };
}
