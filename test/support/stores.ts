// Stores for tests on every engine that is to be had here, and batches as the pipeline would hand them over.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Alert, AlertState, Batch, type Detection, type HostEvent, type Loss, Severity } from '@threatguard/proto';
import type { AnalysedBatch } from '../../collector/src/batch.ts';
import type { Incident } from '../../collector/src/correlate/incident.ts';
import type { Entity } from '../../collector/src/correlate/risk.ts';
import type { CommitGroup } from '../../collector/src/store/commit-group.ts';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import type { AgentRecord } from '../../collector/src/store/fleet-record.ts';
import { openDatabase, type StoreLocation } from '../../collector/src/store/open.ts';
import type { Retention } from '../../collector/src/store/retention.ts';
import { barePglite, emptyPglite } from './pglite.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from './postgres.ts';

export interface EngineUnderTest extends AsyncDisposable {
  /** A new store that nothing was written to. */
  location(): StoreLocation;
  /** A new database without a schema. */
  bare(): StoreLocation;
}

/** Days, as collector.yaml has them by default. */
export const RETENTION: Retention = {
  events: 90,
  evidence: 365,
  losses: 365,
  alerts: 365,
  risk: 365,
  audit: 2_557,
  seriesMinute: 30,
};

/** Engines the contract tests run on; `available` says which are skipped here, by name. */
export const ENGINES = [
  { name: 'pglite', available: true, start: startPglite },
  { name: 'postgresql', available: postgresAvailable(), start: startServer },
  {
    name: 'timescaledb (needs THREATGUARD_TEST_TIMESCALE_URL)',
    available: process.env.THREATGUARD_TEST_TIMESCALE_URL !== undefined,
    start: () => startTimescale(process.env.THREATGUARD_TEST_TIMESCALE_URL!),
  },
] as const;

/** Whether `name` of ENGINES is TimescaleDB, where the series are counted by the database. */
export const isTimescale = (name: string) => name.startsWith('timescaledb');

/** An agent that enrolled and was not heard of yet. */
export function makeAgent(parts: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id: randomUUID(),
    name: 'web-1',
    machineId: 'm'.repeat(32),
    keyId: 'ab'.repeat(32),
    certificate: new Uint8Array(randomBytes(100)),
    certificateExpiresAtUs: START_US + 30,
    enrolledAtUs: START_US,
    revokedAtUs: undefined,
    lastSeenAtUs: 0,
    version: '',
    os: '',
    kernel: '',
    group: '',
    supersededBy: undefined,
    keyOrderedAtUs: undefined,
    presentedCa: undefined,
    labels: {},
    removedAtUs: undefined,
    ...parts,
  };
}

export async function startPglite(): Promise<EngineUnderTest> {
  const makeEmpty = await emptyPglite();
  const makeBare = await barePglite();
  const root = mkdtempSync(join(tmpdir(), 'threatguard-store-'));
  let made = 0;
  const place = (make: (directory: string) => void) => {
    const directory = join(root, String(made++));
    make(directory);
    return { directory };
  };
  return {
    location: () => place(makeEmpty),
    bare: () => place(makeBare),
    [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true }),
  };
}

async function startServer(): Promise<EngineUnderTest> {
  const server: PostgresServer = await startPostgres();
  return {
    location: () => ({ url: server.createDatabase(), directory: '' }),
    bare: () => ({ url: server.createDatabase(), directory: '' }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Databases made ahead: as many as one file of tests asks for. */
const TIMESCALE_DATABASES = 10;

/** New databases on the server of the URL, whose user may make them; dropped in the end. */
export async function startTimescale(url: string): Promise<EngineUnderTest> {
  const server = openDatabase({ url, directory: '' });
  const names = Array.from({ length: TIMESCALE_DATABASES }, () => `threatguard_test_${randomBytes(6).toString('hex')}`);
  // template0: images of TimescaleDB have the extension, and its workers, in template1.
  for (const name of names) {
    await server.query(`create database ${name} template template0`);
    // As for servers of our own: tests do not wait for the disk, and refreshes commit some thousand times.
    await server.query(`alter database ${name} set synchronous_commit = off`);
    // Tests read what the catalogue says of policies as text.
    await server.query(`alter database ${name} set intervalstyle = postgres`);
  }
  let given = 0;
  const next = () => {
    const place = new URL(url);
    place.pathname = `/${names[given++]}`;
    return { url: place.href, directory: '' };
  };
  return {
    location: next,
    bare: next,
    [Symbol.asyncDispose]: async () => {
      // On a busy machine that takes longer than a read may.
      await server.aside!(async (session) => {
        for (const name of names) await session.query(`drop database ${name} with (force)`);
      });
      await server[Symbol.asyncDispose]();
    },
  };
}

export const START_US = 1_790_000_000_000_000;

export function makeBatch(parts: {
  agentId: string;
  events: HostEvent[];
  streamId?: Uint8Array;
  sequence?: number;
  losses?: Loss[];
  detections?: Detection[];
  alerts?: Alert[];
  entities?: Entity[];
  incidents?: Incident[];
}): AnalysedBatch {
  const { events, losses = [] } = parts;
  const times = events.map((event) => event.observedAtUs ?? 0);
  const streamId = parts.streamId ?? randomBytes(16);
  const payload = Batch.encode({ events }).finish();
  return {
    agentId: parts.agentId,
    agentName: 'web-1',
    receivedAtUs: START_US + 5_000_000,
    clockOffsetUs: 0,
    header: {
      agentId: parts.agentId,
      streamId,
      sequence: parts.sequence ?? 1,
      previousHeaderDigest: new Uint8Array(32),
      headerDigest: randomBytes(32),
      signingKeyId: new Uint8Array(32),
      eventCount: events.length,
      firstEventAtUs: Math.min(...times),
      lastEventAtUs: Math.max(...times),
      sealedAtUs: START_US,
      losses,
      payloadDigest: new Uint8Array(32),
      batchBytes: payload.length,
      kemAlgorithm: 'ML-KEM-768',
      kemEpoch: 1,
      kemCiphertext: new Uint8Array(1088),
      nonce: new Uint8Array(12),
    },
    headerBytes: randomBytes(1500),
    signature: randomBytes(3309),
    payload,
    events,
    eventTimesUs: Float64Array.from(times),
    detections: parts.detections ?? [],
    alerts: parts.alerts ?? [],
    entities: parts.entities ?? [],
    incidents: parts.incidents ?? [],
  };
}

export function group({
  batches = [],
  ...rest
}: Partial<Omit<CommitGroup, 'batches'>> & { batches?: readonly AnalysedBatch[] }): CommitGroup {
  return {
    detections: [],
    alerts: [],
    entities: [],
    incidents: [],
    refusals: [],
    acts: [],
    pile: [],
    ...rest,
    batches: batches.map(toStorable),
  };
}

export function makeAlert(parts: Alert = {}): Alert {
  return {
    id: randomUUID().replaceAll('-', ''),
    ruleId: 'ssh-brute-force',
    title: 'SSH brute force',
    severity: Severity.HIGH,
    state: AlertState.OPEN,
    techniques: ['T1110.001'],
    tactics: ['credential-access'],
    reason: '10 failed logins from 192.0.2.1',
    values: { 'user.name': 'root', 'source.ip': '192.0.2.1' },
    agentId: randomUUID(),
    agentName: 'web-1',
    entity: 'source.ip=192.0.2.1',
    count: 1,
    firstAtUs: START_US,
    lastAtUs: START_US,
    raisedAtUs: START_US,
    updatedAtUs: START_US,
    events: [],
    revision: 1,
    observedRatio: 1,
    ...parts,
  };
}

export function makeIncident({ alerts, ...parts }: { alerts: string[] } & Partial<Omit<Incident, 'alerts'>>): Incident {
  const about = { ruleId: 'ssh-brute-force', title: 'SSH brute force', severity: 4, tactics: ['credential-access'] };
  return {
    id: randomUUID().replaceAll('-', ''),
    revision: 1,
    title: 'credential access: web-1',
    severity: 4,
    state: 'open',
    tactics: ['credential-access'],
    alerts: alerts.map((id) => ({ id, ...about, firstAtUs: START_US })),
    entities: [{ kind: 'host', name: 'web-1' }],
    firstAtUs: START_US,
    lastAtUs: START_US,
    raisedAtUs: START_US,
    updatedAtUs: START_US,
    ...parts,
  };
}

/** A mix of what hosts send most: execs, connections, failed and good logins. */
export function realisticEvents(count: number, startAtUs = START_US): HostEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const observedAtUs = startAtUs + index * 137;
    const pid = 1000 + (index % 30_000);
    if (index % 10 < 6) return execEvent(observedAtUs, pid);
    if (index % 10 < 9) return connectionEvent(observedAtUs, pid, index);
    return loginEvent(observedAtUs, pid, index);
  });
}

function execEvent(observedAtUs: number, pid: number): HostEvent {
  return {
    observedAtUs,
    class: 2,
    activity: 10,
    outcome: 1,
    sensor: 'process.ebpf',
    user: { name: 'www-data', id: 33 },
    process: {
      pid,
      parentPid: pid - 1,
      name: 'sh',
      executable: '/usr/bin/dash',
      args: ['sh', '-c', `/usr/local/bin/healthcheck --port ${pid} --timeout 5`],
      workingDirectory: '/var/www',
      parentName: 'nginx',
      parentExecutable: '/usr/sbin/nginx',
      parentArgs: ['nginx: worker process'],
      loginUid: 4294967295,
      sessionId: 4294967295,
      cgroup: '/system.slice/nginx.service',
    },
  };
}

function connectionEvent(observedAtUs: number, pid: number, index: number): HostEvent {
  return {
    observedAtUs,
    class: 3,
    activity: 20,
    outcome: 1,
    sensor: 'network.diag',
    process: { pid, name: 'nginx', executable: '/usr/sbin/nginx' },
    network: {
      transport: 'tcp',
      direction: 1,
      sourceAddress: `198.51.100.${index % 256}`,
      sourcePort: 1024 + (index % 60_000),
      destinationAddress: '10.0.0.5',
      destinationPort: 443,
    },
  };
}

function loginEvent(observedAtUs: number, pid: number, index: number): HostEvent {
  const original = `sshd[${pid}]: Failed password for root from 203.0.113.${index % 256} port 50273 ssh2`;
  return {
    observedAtUs,
    class: 1,
    activity: 1,
    outcome: 2,
    sensor: 'auth.journald',
    serviceName: 'sshd',
    user: { name: 'root' },
    process: { pid },
    authentication: { method: 'password', sourceAddress: `203.0.113.${index % 256}`, sourcePort: 50_273 },
    original,
  };
}
