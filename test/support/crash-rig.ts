// A collector in a process of its own on a real PostgreSQL and a real nats-server, agents that send and resend, and what
// must hold in the end whatever was killed meanwhile.
import { rmSync } from 'node:fs';
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { ALERT_STREAM, ALERT_SUBJECTS, Alert, type HostEvent, SignedAlert } from '@threatguard/proto';
import { expect } from 'vitest';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { mixedEvent, refusedSudo } from '../bench/event-mix.ts';
import { caOf, consoleIdentityOf, enrolTestAgent } from './agent-identity.ts';
import { freePort } from './child-server.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from './collector.ts';
import { type NatsServer, startNats } from './nats.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { ResendingAgent } from './resending-agent.ts';
import { until } from './until.ts';

const AGENTS = 4;
const EVENTS_PER_BATCH = 20;
/** Batches with one event that raises an alert of its own. */
const FACT_EVERY = 5;
/** How long what was interrupted may take to be stored and published once everything runs again. */
const SETTLE_MS_MAX = 40_000;

/** Seconds of load and faults in one test; more in the long form. */
export const CRASH_SECONDS = Number(process.env.THREATGUARD_CRASH_SECONDS ?? 1);
/** Beyond those a test hangs; on a quiet machine it ends within twenty. */
export const HANGS_SECONDS = 600;
/** Where the random moments come from; printed, so that a run can be had again. */
export const CRASH_SEED = Number(process.env.THREATGUARD_CRASH_SEED ?? Date.now() % 1_000_000);

export class CrashRig implements AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly nats: NatsServer;
  readonly databaseUrl: string;
  readonly agents: ResendingAgent[] = [];
  collector!: CollectorProcess;
  /** Users of the events that each must raise one alert. */
  readonly facts: string[] = [];
  readonly #home: string;
  readonly #environment: Record<string, string>;
  readonly #stop = new AbortController();
  readonly #giveUp = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #sealed = 0;

  private constructor(parts: { postgres: PostgresServer; nats: NatsServer; home: string; port: number }) {
    this.postgres = parts.postgres;
    this.nats = parts.nats;
    this.#home = parts.home;
    this.databaseUrl = parts.postgres.createDatabase();
    this.#environment = {
      THREATGUARD_LISTEN: `127.0.0.1:${parts.port}`,
      THREATGUARD_DATABASE_URL: this.databaseUrl,
      THREATGUARD_NATS_URL: parts.nats.url,
    };
  }

  /** Everything up, agents enrolled and sending. A server that is given is the rig's from then on. */
  static async start(given: { postgres?: PostgresServer; nats?: NatsServer } = {}): Promise<CrashRig> {
    const postgres = given.postgres ?? (await startPostgres({ flushing: true }));
    const nats = given.nats ?? (await startNats());
    const [home, port] = await Promise.all([initTestHome(), freePort()]);
    const rig = new CrashRig({ postgres, nats, home, port });
    await rig.startCollector();
    using client = new ConsoleClient(rig.collector.address, consoleIdentityOf(home));
    for (let index = 0; index < AGENTS; index++) {
      const { token } = await client.createToken();
      const enrolled = { address: rig.collector.address, ca: caOf(home), token: token!, hostName: `crash-${index}` };
      rig.agents.push(new ResendingAgent(rig.collector.address, await enrolTestAgent(enrolled)));
    }
    rig.#running = Promise.all(
      rig.agents.map((agent) => agent.run(() => rig.#nextEvents(), rig.#stop.signal, rig.#giveUp.signal)),
    );
    return rig;
  }

  get acknowledged(): number {
    return this.agents.reduce((sum, agent) => sum + agent.acknowledged, 0);
  }

  async startCollector(): Promise<void> {
    this.collector = await CollectorProcess.start(this.#home, this.#environment);
  }

  /** What the collector says of its NATS in `status`. */
  async publishState(): Promise<string> {
    using client = new ConsoleClient(this.collector.address, consoleIdentityOf(this.#home));
    return (await client.status()).publishState ?? '';
  }

  /** Kills a process of PostgreSQL that serves the collector: one connection, from one moment to the next. */
  async killBackend(random: () => number): Promise<void> {
    await using database = openDatabase({ url: this.databaseUrl, directory: '' });
    const rows = await database.query(
      "select pid from pg_stat_activity where application_name = 'threatguard-collector' and pid <> pg_backend_pid()",
    );
    const chosen = rows[Math.floor(random() * rows.length)];
    if (chosen) process.kill(chosen.pid, 'SIGKILL');
  }

  /** Envelopes are acknowledged again: that much and the system goes on by itself. */
  async untilAcknowledging(): Promise<void> {
    const before = this.acknowledged;
    await until(() => this.acknowledged > before + AGENTS * 20, {
      limitMs: SETTLE_MS_MAX,
      what: () => `acknowledgements to go on after ${before}; the collector said ${this.#said()}`,
    });
  }

  /** Ends the load; resolves when all is acknowledged and published, and holds what is stored against what was sent. */
  async settleAndVerify(): Promise<void> {
    this.#stop.abort();
    let settled = false;
    void this.#running.then(() => {
      settled = true;
    });
    await until(() => settled, {
      limitMs: SETTLE_MS_MAX,
      what: () => `all ${this.agents.length} agents to be acknowledged; the collector said ${this.#said()}`,
    });
    expect(this.agents.flatMap((agent) => agent.refusals)).toEqual([]);

    await using database = openDatabase({ url: this.databaseUrl, directory: '' });
    for (const agent of this.agents) {
      const rows = await database.query(
        `select sequence, encode(header_digest, 'hex') as digest, event_count from envelopes
         where agent_id = $1 and not quarantined order by sequence`,
        [agent.identity.agentId],
      );
      expect(rows.map((row) => row.sequence)).toEqual(agent.digests.map((_, index) => index + 1));
      expect(rows.map((row) => row.digest)).toEqual(agent.digests);
    }
    const sent = this.agents.reduce((sum, agent) => sum + agent.events, 0);
    const envelopes = this.agents.reduce((sum, agent) => sum + agent.digests.length, 0);
    const [counted] = await database.query(
      `select (select count(*) from events) as events, (select count(*) from evidence) as evidence,
         (select count(*) from (select distinct stream_id, sequence, event_index from events) unique_events) as unique_events,
         (select sum(events) from stream_positions)::bigint as positions`,
    );
    expect(counted).toEqual({ events: sent, unique_events: sent, positions: sent, evidence: envelopes });

    await expectPublishedOnce({ database, natsUrl: this.nats.url, said: () => this.#said() });
    const raised = await database.query("select entity, count from alerts where entity like '%crash-user%'");
    expect(raised.map((row) => /crash-user-\d+/.exec(row.entity)?.[0]).toSorted()).toEqual(this.facts.toSorted());
    expect(raised.filter((row) => row.count !== 1)).toEqual([]);
  }

  #nextEvents(): HostEvent[] {
    const atUs = Date.now() * 1000;
    const first = this.#sealed * EVENTS_PER_BATCH;
    const events = Array.from({ length: EVENTS_PER_BATCH }, (_, index) => mixedEvent(first + index, atUs + index));
    if (this.#sealed++ % FACT_EVERY !== 0) return events;
    const user = `crash-user-${this.facts.length}`;
    this.facts.push(user);
    return [...events, refusedSudo(user, atUs + EVENTS_PER_BATCH)];
  }

  /** For the message of a failure: how the agents stand, and the last the collector logged. */
  #said(): string {
    const agents = this.agents.map(({ acknowledged, digests, reconnects, refusals }) => {
      return `${acknowledged} of ${digests.length}, ${reconnects} reconnects, ${refusals.length} refusals ${refusals[0] ?? ''}`;
    });
    const log = this.collector.log.slice(-5).map((line) => JSON.stringify(line));
    return [...agents, ...log].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#giveUp.abort();
    await this.#running;
    await this.collector?.stop('SIGKILL');
    await this.nats[Symbol.asyncDispose]();
    await this.postgres[Symbol.asyncDispose]();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** Makes the alert stream as the collector would, but small enough for a small disk. */
export async function makeSmallStream(url: string, mib: number): Promise<void> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: ALERT_STREAM,
    subjects: [ALERT_SUBJECTS],
    storage: StorageType.File,
    max_bytes: mib * 1024 * 1024,
    duplicate_window: nanos(24 * 3_600_000),
  });
  await connection.close();
}

/** Waits until the outbox is empty; then every revision of every alert stands in the stream exactly once. */
export async function expectPublishedOnce(parts: {
  database: Database;
  natsUrl: string;
  said: () => string;
}): Promise<void> {
  const { database, natsUrl, said } = parts;
  await until(async () => (await database.query('select 1 from outbox limit 1')).length === 0, {
    limitMs: SETTLE_MS_MAX,
    what: () => `an empty outbox; the collector said ${said()}`,
  });
  const history = await database.query('select alert_id, revision from alert_history');
  const published = await publishedRevisions(natsUrl);
  expect(published.toSorted()).toEqual(history.map((row) => `${row.alert_id}:${row.revision}`).toSorted());
}

/** Every message of the alert stream as `id:revision`. */
async function publishedRevisions(url: string): Promise<string[]> {
  const connection = await connect({ servers: url });
  try {
    const { messages } = (await (await jetstreamManager(connection)).streams.info(ALERT_STREAM)).state;
    if (messages === 0) return [];
    const consumer = await jetstream(connection).consumers.get(ALERT_STREAM);
    const found: string[] = [];
    for await (const message of await consumer.consume({ max_messages: 500 })) {
      const { id, revision } = Alert.decode(SignedAlert.decode(message.data).alert!);
      if (found.push(`${id}:${revision}`) === messages) break;
    }
    return found;
  } finally {
    await connection.close();
  }
}
