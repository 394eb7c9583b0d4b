// Clients of the HTTP service, in a process of their own: so many connections that ask one thing again and again, and followers
// of the live stream.
import { Agent, request as ask } from 'node:http';
import { WebSocket } from 'ws';
import { serveOrders } from './bench-child.ts';
import { percentile, round } from './report.ts';

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
}

export interface Follow {
  url: string;
  tokens: readonly string[];
  clients: number;
}

async function drive({ url, method, tokens, body, connections, seconds }: Drive): Promise<Driven> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port, pathname, search } = new URL(url);
  const content =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const headers = tokens.map((token) => ({ ...content, authorization: `Bearer ${token}` }));
  const samples: number[] = [];
  let errors = 0;
  let asked = 0;

  const one = () =>
    new Promise<void>((resolve) => {
      const sinceMs = performance.now();
      const done = (failed: boolean) => {
        if (failed) errors++;
        else samples.push(performance.now() - sinceMs);
        resolve();
      };
      const options = { agent, hostname, port, method, path: pathname + search };
      const request = ask({ ...options, headers: headers[asked++ % headers.length] ?? content }, (response) => {
        response.resume();
        response.once('end', () => done(response.statusCode! >= 300));
        response.once('error', () => done(true));
      });
      request.once('error', () => done(true));
      request.end(body);
    });
  const untilMs = async (deadline: number) => {
    while (performance.now() < deadline) await one();
  };

  // The first second is for code to become warm, and for connections.
  const warm = performance.now() + Math.min(500, seconds * 250);
  await Promise.all(Array.from({ length: connections }, () => untilMs(warm)));
  samples.length = 0;
  errors = 0;
  const sinceMs = performance.now();
  await Promise.all(Array.from({ length: connections }, () => untilMs(sinceMs + seconds * 1000)));
  const took = (performance.now() - sinceMs) / 1000;
  agent.destroy();
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => round(percentile(samples, share), 3));
  return { p50Ms: p50Ms!, p95Ms: p95Ms!, p99Ms: p99Ms!, requestsPerSecond: Math.round(samples.length / took), errors };
}

let followers: WebSocket[] = [];
/** By the source an alert is about: when each client had it, by the clock of this machine. */
const arrivals = new Map<string, number[]>();

const orders = {
  drive,

  /** Resolves when all are connected. */
  async follow({ url, tokens, clients }: Follow): Promise<void> {
    arrivals.clear();
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
    for (const socket of followers) {
      socket.on('message', (data) => {
        const atMs = performance.timeOrigin + performance.now();
        const source = /"source\.ip":"([0-9.]+)"/.exec(String(data))?.[1];
        if (source) arrivals.set(source, [...(arrivals.get(source) ?? []), atMs]);
      });
    }
  },

  /** When each client had the first message about a source. */
  async arrived(source: string): Promise<number[]> {
    return arrivals.get(source) ?? [];
  },

  async leave(): Promise<void> {
    for (const socket of followers) socket.terminate();
    followers = [];
  },
};

export type LoadOrders = typeof orders;

serveOrders(orders);
