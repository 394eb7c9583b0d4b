// The bare cost of the parts that a latency is made of, measured in the same run on the same machine.
import { createPublicKey, generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { Client, Server, ServerCredentials } from '@grpc/grpc-js';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type HostEvent, TLS_POLICY } from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import { CertificateAuthority, selfSignCa } from '../../collector/src/fleet/certificate-authority.ts';
import { EVENT_COLUMNS } from '../../collector/src/store/event-columns.ts';
import { encodeEventRows } from '../../collector/src/store/event-rows.ts';
import { migrate } from '../../collector/src/store/migrate.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { startNats } from '../support/nats.ts';

async function timeEach(count: number, act: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let index = 0; index < count; index++) {
    const sinceMs = performance.now();
    await act();
    samples.push(performance.now() - sinceMs);
  }
  return samples;
}

/** An empty unary call over the product's own transport: TLS 1.3, X25519MLKEM768, ML-DSA-65 certificates on both sides. */
export async function bareGrpcRoundTrip(count: number): Promise<number[]> {
  const pem = (key: { export(options: object): string | Buffer }) =>
    String(key.export({ type: 'pkcs8', format: 'pem' }));
  const caKey = generateKeyPairSync('ml-dsa-65').privateKey;
  const ca = await selfSignCa(caKey, Date.now());
  const authority = new CertificateAuthority({ certificate: new X509Certificate(ca), privateKey: caKey });
  const issue = async (kind: 'collector' | 'agent') => {
    const { privateKey } = generateKeyPairSync('ml-dsa-65');
    const publicKey = createPublicKey(privateKey);
    const certificate = await authority.issue({ name: { kind, id: 'bench' }, publicKey, nowMs: Date.now() });
    return { key: pem(privateKey), cert: certificate.toString() };
  };
  const echo = {
    path: '/bench/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  } as const;
  const server = new Server();
  server.addService(
    { echo },
    { echo: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => answer(null, call.request) },
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer(
    {
      ...TLS_POLICY,
      ...(await issue('collector')),
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
    },
    (socket: TLSSocket) => injector.injectConnection(socket),
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { key, cert } = await issue('agent');
  const { port } = listener.address() as { port: number };
  const client = new Client(`127.0.0.1:${port}`, collectorCredentials({ ca, certificate: cert, key }), CHANNEL_OPTIONS);
  const call = () =>
    new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(echo.path, echo.requestSerialize, echo.responseDeserialize, Buffer.alloc(64), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  await call();
  const samples = await timeEach(count, call);
  client.close();
  server.forceShutdown();
  listener.close();
  return samples;
}

/** One event, copied and committed into the product's own schema on PGlite. */
export async function bareCopyCommit(count: number, directory: string): Promise<number[]> {
  await using database = openDatabase({ directory: join(directory, 'bare-store') });
  await migrate(database);
  let sequence = 0;
  return await timeEach(count, () => {
    sequence += 1;
    const event: HostEvent = {
      observedAtUs: Date.now() * 1000,
      class: 1,
      sensor: 'bench',
      user: { name: `user${sequence}` },
    };
    return database.copyIn('events', EVENT_COLUMNS, encodeEventRows([batchOf(event, sequence)]));
  });
}

const agentId = randomUUID();

function batchOf(event: HostEvent, sequence: number): EnrichedBatch {
  return {
    agentId,
    receivedAtUs: Date.now() * 1000,
    header: { streamId: new Uint8Array(16), sequence },
    events: [event],
    eventTimesUs: Float64Array.of(event.observedAtUs ?? 0),
  } as unknown as EnrichedBatch;
}

/** One message published to a file-backed JetStream stream and acknowledged. */
export async function bareNatsRoundTrip(count: number): Promise<number[]> {
  await using server = await startNats();
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'BENCH', subjects: ['bench'] });
  const stream = jetstream(connection);
  const message = Buffer.alloc(4096);
  const samples = await timeEach(count, () => stream.publish('bench', message));
  await connection.close();
  return samples;
}
