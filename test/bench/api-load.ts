// Clients of the HTTP service, in a process of their own: so many connections that ask one thing again and again, and followers
// of the live stream.
import { WebSocket } from 'ws';
import { serveOrders } from './bench-child.ts';
import { RawConnection, requestBytes } from './raw-connection.ts';
import { percentile, round } from './report.ts';

const WARM_MS = 500;

export interface Drive {
  url: string;
  method: string;
  /** One of these for each request, in turn: a token has an allowance of its own. */
  tokens: readonly string[];
  body: string | undefined;
  connections: number;
  seconds: number;
}

export interface Driven {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  requestsPerSecond: number;
  /** Answers that are no success, and connections that broke. */
  errors: number;
  /** Share of one processor that these clients used: near 1 the figures are theirs. */
  clientBusy: number;
}

export interface Follow {
  url: string;
  tokens: readonly string[];
  clients: number;
}

async function drive({ url, method, tokens, body, connections, seconds }: Drive): Promise<Driven> {
  const asked = new URL(url);
  const known = tokens.length > 0 ? tokens : [undefined];
  const requests = known.map((token) => requestBytes({ method, url: asked, token, body }));
  const samples: number[] = [];
  let errors = 0;
  let turn = 0;

  const untilMs = async (deadline: number) => {
    let connection = new RawConnection(asked);
    while (performance.now() < deadline) {
      const sinceMs = performance.now();
      try {
        const status = await connection.ask(requests[turn++ % requests.length]!);
        if (status < 300) samples.push(performance.now() - sinceMs);
        else errors++;
      } catch {
        errors++;
        connection.end();
        connection = new RawConnection(asked);
      }
    }
    connection.end();
  };

  // The first is for code to become warm.
  await Promise.all(Array.from({ length: connections }, () => untilMs(performance.now() + WARM_MS)));
  samples.length = 0;
  errors = 0;
  const sinceMs = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: connections }, () => untilMs(sinceMs + seconds * 1000)));
  const tookMs = performance.now() - sinceMs;
  const { user, system } = process.cpuUsage(cpu);
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => round(percentile(samples, share), 3));
  return {
    ...{ p50Ms: p50Ms!, p95Ms: p95Ms!, p99Ms: p99Ms! },
    requestsPerSecond: Math.round((samples.length / tookMs) * 1000),
    errors,
    clientBusy: (user + system) / 1000 / tookMs,
  };
}

let followers: WebSocket[] = [];
/** What is waited for: the first message that holds this, at each client. */
let expected: { words: Buffer; atMs: (number | undefined)[]; missing: number; all: PromiseWithResolvers<number[]> };

/** By the clock of this machine. */
function take(client: number, data: Buffer): void {
  const atMs = performance.timeOrigin + performance.now();
  if (expected.atMs[client] !== undefined || !data.includes(expected.words)) return;
  expected.atMs[client] = atMs;
  expected.missing--;
  if (expected.missing === 0) expected.all.resolve(expected.atMs as number[]);
}

const orders = {
  drive,

  /** Resolves when all are connected. */
  async follow({ url, tokens, clients }: Follow): Promise<void> {
    followers = Array.from({ length: clients }, (_, at) => {
      const headers = { authorization: `Bearer ${tokens[at % tokens.length]}` };
      return new WebSocket(url.replace(/^http/, 'ws'), { headers, perMessageDeflate: false });
    });
    await Promise.all(
      followers.map(
        (socket) =>
          new Promise<void>((resolve, reject) => {
            socket.once('error', reject);
            socket.once('unexpected-response', (_, { statusCode }) => reject(new Error(`refused with ${statusCode}`)));
            socket.once('message', () => resolve());
          }),
      ),
    );
    for (const [client, socket] of followers.entries()) socket.on('message', (data: Buffer) => take(client, data));
  },

  async expect(source: string): Promise<void> {
    const words = Buffer.from(`"source.ip":"${source}"`);
    expected = { words, atMs: [], missing: followers.length, all: Promise.withResolvers() };
  },

  /** When each client had the first message about the source that is expected. */
  async arrived(_: null): Promise<number[]> {
    return expected.all.promise;
  },

  async leave(): Promise<void> {
    for (const socket of followers) socket.terminate();
    followers = [];
  },
};

export type LoadOrders = typeof orders;

serveOrders(orders);
