// One agent per home: two would give the same sequence numbers to different envelopes. The lock is a listening socket in
// the home, so the kernel releases it with the process; only what a killed agent left in the directory is cleared away.
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

class HomeError extends Error {
  override readonly name = 'HomeError';
  readonly code = 'home_in_use';
}

/** Holds `home` until disposed. Throws HomeError where another agent has it. */
export async function lockHome(home: string): Promise<AsyncDisposable> {
  const path = join(home, 'agent.sock');
  let server = await listen(path);
  if (!server && !(await answers(path))) {
    rmSync(path, { force: true });
    server = await listen(path);
  }
  if (!server) throw new HomeError(`another agent runs with ${home}; stop it first, or use another --home`);
  const held = server;
  return {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => held.close(() => resolve())),
  };
}

/** Whether an agent runs with `home` now. */
export function isHomeHeld(home: string): Promise<boolean> {
  return answers(join(home, 'agent.sock'));
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy()).unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false)); // nobody listens: left by a process that was killed
  });
}
