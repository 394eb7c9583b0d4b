import { createServer } from 'node:net';
import { ConsoleError } from '../../model/console-error.ts';

/** Ports tried above the wanted one before giving up. */
const PORTS_TRIED_MAX = 100;

export interface Address {
  host: string;
  port: number;
}

/** Reads HOST:PORT, `[::1]:7443` included. Throws `usage`. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new ConsoleError('usage', `"${text}" is not an address; write HOST:PORT, such as 127.0.0.1:7443`);
  }
  return { host: match[1] ?? match[2]!, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The wanted port where it is free, else the next free one above; any free one for port 0. */
export async function freePort(wanted: Address): Promise<number> {
  const first = wanted.port;
  for (let port = first; port < first + PORTS_TRIED_MAX && port <= 65_535; port++) {
    const found = await tryPort({ host: wanted.host, port });
    if (found !== undefined) return found;
  }
  throw new ConsoleError(
    'failure',
    `no free port at ${formatAddress(wanted)} or the ${PORTS_TRIED_MAX} after it; give --listen`,
  );
}

function tryPort(address: Address): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else
        reject(
          new ConsoleError('failure', `cannot listen at ${formatAddress(address)}: ${error.message}`, { cause: error }),
        );
    });
    server.listen(address.port, address.host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
