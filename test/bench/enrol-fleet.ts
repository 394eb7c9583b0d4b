// Many agents enrolled for real, one join token, each with keys of its own.
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { enrol, parseAddress } from '../../agent/src/identity/enrol.ts';
import { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { type EventMaker, LoadAgent } from './load-agent.ts';

export interface FleetOrder {
  collector: string;
  token: string;
  /** Where the agents' homes are made. */
  directory: string;
  agents: number;
  /** Names begin with it. */
  prefix: string;
}

const AT_ONCE = 6;
const SAY_EVERY = 50;
/** The collector limits enrolments by address (100 at once, 10 a second); a fleet's hosts have many. */
const ADDRESSES = 64;

/** Enrols agents and opens their streams, with progress on stderr. */
export async function enrolFleet(order: FleetOrder, event: (agent: number) => EventMaker): Promise<LoadAgent[]> {
  await using relay = await startRelay(order.collector);
  const agents: LoadAgent[] = [];
  let next = 0;
  let done = 0;
  const enrolSome = async () => {
    for (let index = next++; index < order.agents; index = next++) {
      const home = join(order.directory, `${order.prefix}-${index}`);
      const name = `${order.prefix}-${index}`;
      await enrol({ home, collector: relay.address, token: order.token, name, machineId: name, force: false });
      const agent = new LoadAgent({ collector: order.collector, identity: readIdentity(home), event: event(index) });
      await agent.welcomed();
      agents[index] = agent;
      done += 1;
      if (done % SAY_EVERY === 0) console.error(`  ${done} of ${order.agents} agents enrolled and connected`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, enrolSome));
  return agents;
}

/** Passes connections on, each from another loopback address in turn. TLS goes through it from end to end. */
async function startRelay(collector: string): Promise<AsyncDisposable & { address: string }> {
  const to = parseAddress(collector);
  let connections = 0;
  const server = createServer((socket) => {
    const localAddress = `127.77.0.${1 + (connections++ % ADDRESSES)}`;
    const onward = connect({ ...to, localAddress });
    socket.pipe(onward).pipe(socket);
    // Either side's end is the other's, and who enrols hears of it.
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
