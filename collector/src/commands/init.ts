import { existsSync } from 'node:fs';
import { PROFILES, type ProfileName } from '@threatguard/proto';
import type { CollectorConfig } from '../config.ts';
import { homePaths } from '../fleet/home.ts';
import { type Command, homeOf, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector init --home DIR [--listen HOST:PORT] [--profile standard|cnsa2] [--demo]
      Makes keys, CA, configuration and a console identity under DIR. Safe to repeat: nothing is overwritten.
      The profile decides the algorithms of the whole fleet, once: standard (the default) is ML-KEM-768 with ML-DSA-65,
      cnsa2 is ML-KEM-1024 with ML-DSA-87. With --demo it is for demonstrations, and takes invented hosts only.
`,
  options: { listen: { type: 'string' }, profile: { type: 'string' }, demo: { type: 'boolean' } },
  async run(invocation) {
    const home = homeOf(invocation);
    const [{ initHome }, { parseListen }] = await Promise.all([import('../init.ts'), import('../listen-address.ts')]);
    const present = await presentConfig(home, invocation.environment);
    // Where it listens already; a new one only on this host, unless it is told otherwise.
    const listen = text(invocation, 'listen') ?? present?.listen ?? '127.0.0.1:7443';
    if (present && invocation.values.demo === true && !present.demo)
      throw new UsageError(`${home} is the home of a collector of real hosts; --demo needs another one`);
    const profile = text(invocation, 'profile') ?? present?.crypto.profile;
    if (profile !== undefined && !Object.hasOwn(PROFILES, profile))
      throw new UsageError(`--profile takes ${Object.keys(PROFILES).join(' or ')}, not "${profile}"`);
    if (!parseListen(listen)) throw new UsageError('--listen takes HOST:PORT, such as 0.0.0.0:7443');
    // systemd(1) sets the first for what it starts: a secret does not belong into its journal, nor into a log of ours.
    const { INVOCATION_ID, THREATGUARD_UNATTENDED } = invocation.environment;
    const unattended = INVOCATION_ID !== undefined || THREATGUARD_UNATTENDED === '1';
    const made = await initHome({
      home,
      listen,
      profile: profile as ProfileName | undefined,
      nowMs: Date.now(),
      unattended,
      demo: invocation.values.demo === true,
    });
    invocation.stdout.write(
      `CA fingerprint (SHA-256): ${made.caSha256}\nprofile: ${made.profile}\nconfiguration: ${made.configFile}\n` +
        `console: ${made.consoleDirectory}\n`,
    );
    if (made.firstAdminSecret) {
      const text = `first admin: ${made.firstAdminSecret}\n  (shown once; makes the first user of the HTTP service, POST /api/auth/first-admin)\n`;
      invocation.stdout.write(text);
    }
    return 0;
  },
};

async function presentConfig(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CollectorConfig | undefined> {
  if (!existsSync(homePaths(home).configFile)) return undefined;
  const { loadConfig } = await import('./load-config.ts');
  return loadConfig(home, environment);
}
