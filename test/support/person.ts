// Events of people, and a collector on any engine to keep them.
import { rmSync } from 'node:fs';
import { Client, type ClientReadableStream, type MethodDefinition } from '@grpc/grpc-js';
import { complianceService, EventClass, type HostEvent } from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { consoleIdentityOf } from './agent-identity.ts';
import { initTestHome, TestCollector } from './collector.ts';
import type { EngineUnderTest } from './stores.ts';

/** A failed logon, with the line it was read from. */
export function logon(user: string, observedAtUs: number, source = '192.0.2.7'): HostEvent {
  return {
    observedAtUs,
    class: EventClass.AUTHENTICATION,
    activity: 1,
    outcome: 2,
    sensor: 'auth.journald',
    serviceName: 'sshd',
    user: { name: user, id: 1000 },
    process: { pid: 77, name: 'sshd', args: ['sshd:', user] },
    authentication: { method: 'password', sourceAddress: source, sourcePort: 50_273 },
    original: `sshd[77]: Failed password for ${user} from ${source} port 50273 ssh2`,
  };
}

/** A collector over an engine of ENGINES. */
export async function collectorOn(engine: EngineUnderTest): Promise<TestCollector & { remove: () => void }> {
  const home = await initTestHome();
  const { url } = engine.location();
  const collector = await TestCollector.start({ home, config: url ? `database:\n  url: ${url}\n` : '' });
  return Object.assign(collector, { remove: () => rmSync(home, { recursive: true, force: true }) });
}

type Streaming = 'exportAudit' | 'exportSubject' | 'eraseSubject';

/** Everything a streaming method of the Compliance service answers. */
export async function streamed<Name extends Streaming>(
  { address, home }: { address: string; home: string },
  name: Name,
  request: Parameters<(typeof complianceService)[Name]['requestSerialize']>[0],
): Promise<ReturnType<(typeof complianceService)[Name]['responseDeserialize']>[]> {
  const client = new Client(address, collectorCredentials(consoleIdentityOf(home)), CHANNEL_OPTIONS);
  const method = complianceService[name] as unknown as MethodDefinition<object, object>;
  const call: ClientReadableStream<object> = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
  );
  try {
    const messages: object[] = [];
    for await (const message of call) messages.push(message as object);
    return messages as ReturnType<(typeof complianceService)[Name]['responseDeserialize']>[];
  } finally {
    client.close();
  }
}
