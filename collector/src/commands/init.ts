import { existsSync } from 'node:fs';
import { homePaths } from '../fleet/home.ts';
import { type Command, homeOf, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector init --home DIR [--listen HOST:PORT]
      Makes keys, CA, configuration and a console identity under DIR. Safe to repeat: nothing is overwritten.
`,
  options: { listen: { type: 'string' } },
  async run(invocation) {
    const home = homeOf(invocation);
    const [{ initHome }, { parseListen }] = await Promise.all([import('../init.ts'), import('../config.ts')]);
    const listen = text(invocation, 'listen') ?? (await listenIn(home, invocation.environment));
    if (!parseListen(listen)) throw new UsageError('--listen takes HOST:PORT, such as 0.0.0.0:7443');
    const made = await initHome({ home, listen, nowMs: Date.now() });
    invocation.stdout.write(
      `CA fingerprint (SHA-256): ${made.caSha256}\nconfiguration: ${made.configFile}\nconsole: ${made.consoleDirectory}\n`,
    );
    return 0;
  },
};

/** Where the collector of this home listens already; a new one only on this host, unless it is told otherwise. */
async function listenIn(home: string, environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (!existsSync(homePaths(home).configFile)) return '127.0.0.1:7443';
  const { loadConfig } = await import('./load-config.ts');
  return (await loadConfig(home, environment)).listen;
}
