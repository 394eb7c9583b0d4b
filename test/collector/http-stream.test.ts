// The live stream at its size: a thousand clients over real sockets, slow ones among them, and alerts of other collectors.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '../../collector/src/access/caller.ts';
import {
  AlertStream,
  CLIENTS_MAX,
  type StreamSocket,
  WAITING_BYTES_MAX,
} from '../../collector/src/http/stream/alert-stream.ts';
import type { FleetItem } from '../../collector/src/publish/fleet-feed.ts';
import { ApiUser } from '../support/api-user.ts';
import { TestCollector } from '../support/collector.ts';
import { bruteForce } from '../support/envelopes.ts';
import { type NatsServer, natsAvailable, startNats } from '../support/nats.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { makeAlert } from '../support/stores.ts';
import { until } from '../support/until.ts';

interface Message {
  type: string;
  reason?: string;
  alert?: { id: string; revision: number; values: Record<string, string> };
}

/** What a client got, and how it ended. */
class Follower {
  readonly messages: Message[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;

  constructor(url: string, token?: string) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.socket = new WebSocket(url.replace('http', 'ws'), { headers });
    this.socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.socket.on('error', () => undefined);
  }

  get ids(): string[] {
    return this.messages.flatMap(({ alert }) => alert?.id ?? []);
  }

  /** The sources alerts were about, each as often as it came in its first revision. */
  sources(): string[] {
    return this.messages.flatMap(({ alert }) => alert?.values['source.ip'] ?? []);
  }

  has(type: string): boolean {
    return this.messages.some((message) => message.type === type);
  }
}

const LARGE_CHARS = 40_000;
const large = () => makeAlert({ agentName: 'large', reason: 'x'.repeat(LARGE_CHARS) });

const CALLER: Caller = {
  kind: 'user',
  id: 's',
  userId: 'u',
  name: 'n',
  scopes: new Set(),
  expiresAtUs: Number.MAX_VALUE,
};

describe('many clients', () => {
  let server: Server;
  let stream: AlertStream;
  let url: string;
  let publish: (item: FleetItem) => void;
  const sockets: StreamSocket[] = [];

  beforeAll(async () => {
    const feed = {
      subscribe: (listener: (item: FleetItem) => void) => {
        publish = listener;
        return () => undefined;
      },
    };
    stream = new AlertStream({ feed, holds: () => true });
    server = createServer();
    const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
    webSockets.on('connection', (socket, request) => {
      const { searchParams } = new URL(request.url!, 'http://x');
      const filter = { agent: searchParams.get('agent')!, severityMin: Number(searchParams.get('severity')) };
      sockets.push(socket as unknown as StreamSocket);
      stream.add(socket as unknown as StreamSocket, { filter, caller: CALLER });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(async () => {
    stream?.[Symbol.dispose]();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  });

  it('each get every alert of their filter and no other, while slow ones are cut', async () => {
    const paths = ['/?agent=web-1', '/?agent=web-1&severity=5'];
    const quick = Array.from({ length: CLIENTS_MAX - 10 }, (_, at) => new Follower(url + paths[at % 2]));
    const slow = Array.from({ length: 10 }, () => new Follower(`${url}/?agent=large`));
    await until(() => [...quick, ...slow].every((each) => each.has('ready')), { limitMs: 20_000, what: 'all clients' });
    expect(stream.isFull).toBe(true);
    // Ten of a thousand read nothing; what waits for them may not grow, and holds up nobody.
    for (const { socket } of slow) socket.pause();
    let waitingMost = 0;
    const all: string[] = [];
    const high: string[] = [];
    for (let at = 0; at < 60; at++) {
      const alert = makeAlert({ agentName: 'web-1', severity: at % 6 === 0 ? 5 : 3 });
      all.push(alert.id!);
      if (at % 6 === 0) high.push(alert.id!);
      for (let each = 0; each < 6; each++) publish({ kind: 'alert', alert: large() });
      publish({ kind: 'alert', alert });
      waitingMost = Math.max(waitingMost, ...sockets.map(({ bufferedAmount }) => bufferedAmount));
      await until(() => quick[0]!.ids.length > at, { limitMs: 10_000, what: `alert ${at}`, everyMs: 1 });
    }
    const expected = (at: number) => (at % 2 ? high : all);
    await until(() => quick.every(({ ids }, at) => ids.length === expected(at).length), {
      limitMs: 20_000,
      what: 'every alert at every client',
    });
    for (const [at, { ids }] of quick.entries()) expect(ids).toEqual(expected(at));
    expect(waitingMost).toBeGreaterThan(WAITING_BYTES_MAX);
    expect(waitingMost).toBeLessThan(WAITING_BYTES_MAX + 2 * LARGE_CHARS);
    expect(stream.clients).toBe(quick.length);
    for (const { socket } of [...quick, ...slow]) socket.terminate();
    await until(() => stream.clients === 0, { limitMs: 10_000, what: 'all to be gone' });
  });

  it('who is cut and reads on learns how much he had', async () => {
    const slow = new Follower(`${url}/?agent=large`);
    await until(() => slow.has('ready'), { limitMs: 10_000, what: 'the client' });
    slow.socket.pause();
    const before = stream.clients;
    while (stream.clients === before) {
      publish({ kind: 'alert', alert: large() });
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.socket.resume();
    await until(() => slow.closed, { limitMs: 10_000, what: 'the close frame' });
    expect(slow.closed).toEqual({
      code: 1013,
      reason: `too slow: alerts after the ${slow.ids.length}th were missed; list them and connect again`,
    });
  });
});

describe.skipIf(!natsAvailable() || !postgresAvailable())(
  'two collectors of one store (needs nats-server, postgres)',
  () => {
    let postgres: PostgresServer;
    let nats: NatsServer;
    let first: TestCollector;
    let second: TestCollector;
    let home: string;
    let agent: SealingAgent;
    let here: Follower;
    let there: Follower;

    beforeAll(async () => {
      [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
      const config = `http:\n  listen: 127.0.0.1:0\ndatabase:\n  url: ${postgres.createDatabase()}\nnats:\n  url: ${nats.url}\n`;
      first = await TestCollector.start({ config });
      const { accessToken } = await ApiUser.first(first);
      // Collectors of one fleet have the same keys.
      home = mkdtempSync(join(tmpdir(), 'threatguard-second-'));
      cpSync(first.home, home, { recursive: true });
      second = await TestCollector.start({ config, home });
      const other = await ApiUser.logIn(second.httpUrl, 'root-admin');
      agent = await SealingAgent.connect({ address: first.address, identity: await first.enrol('web-1') });
      here = new Follower(`${first.httpUrl}/api/stream`, accessToken);
      there = new Follower(`${second.httpUrl}/api/stream`, other.accessToken);
      for (const each of [here, there]) {
        await until(() => each.has('ready'), { limitMs: 20_000, what: 'the stream' });
      }
    });
    afterAll(async () => {
      for (const each of [here, there]) each?.socket.terminate();
      agent?.[Symbol.dispose]();
      await second?.[Symbol.asyncDispose]();
      await first?.[Symbol.asyncDispose]();
      await nats?.[Symbol.asyncDispose]();
      await postgres?.[Symbol.asyncDispose]();
      if (home) rmSync(home, { recursive: true, force: true });
    });

    const attack = (source: string) => agent.send(bruteForce(source));
    const arrives = (follower: Follower, source: string) =>
      until(() => follower.sources().includes(source), { limitMs: 20_000, what: `the alert about ${source}` });

    it('an alert of one reaches the clients of the other, no revision twice', async () => {
      await attack('192.0.2.1');
      await Promise.all([arrives(here, '192.0.2.1'), arrives(there, '192.0.2.1')]);
      // What comes later has passed whatever would have come twice.
      await attack('192.0.2.2');
      await Promise.all([arrives(here, '192.0.2.2'), arrives(there, '192.0.2.2')]);
      for (const { messages } of [here, there]) {
        const revisions = messages.flatMap(({ alert }) => (alert ? [`${alert.id}:${alert.revision}`] : []));
        expect(new Set(revisions).size).toBe(revisions.length);
      }
    });

    it('what somebody else writes to NATS is told to nobody', async () => {
      const before = there.messages.length;
      const connection = await connect({ servers: nats.url });
      for (const id of ['7zzzzzzzzzzzzzzzzzzzzzzzzz:1', "'; drop table alerts; --", '%', '']) {
        const named = headers();
        if (id) named.set('Nats-Msg-Id', id);
        connection.publish('threatguard.alerts.critical.fleet', Buffer.from('{"type":"alert"}'), { headers: named });
      }
      await connection.flush();
      await connection.close();
      await attack('192.0.2.3');
      await arrives(there, '192.0.2.3');
      const since = there.messages.slice(before);
      expect(since.every(({ alert }) => alert?.values['source.ip'] === '192.0.2.3')).toBe(true);
    });

    it('clients are told when NATS is away, have their own alerts meanwhile, and the others when it is back', async () => {
      await nats.stop();
      await until(() => there.has('partial') && here.has('partial'), { limitMs: 20_000, what: 'the loss to be told' });
      expect(there.messages.at(-1)!.reason).toMatch(/^alerts of other collectors come late: NATS does not answer/);
      await attack('192.0.2.4');
      await arrives(here, '192.0.2.4');
      expect(there.sources()).not.toContain('192.0.2.4');
      await nats.restart();
      await arrives(there, '192.0.2.4');
      await until(() => there.has('whole'), { limitMs: 20_000, what: 'the return to be told' });
      for (const { messages } of [here, there]) {
        const revisions = messages.flatMap(({ alert }) => (alert ? [`${alert.id}:${alert.revision}`] : []));
        expect(new Set(revisions).size).toBe(revisions.length);
      }
    });
  },
);
