// The collector's command line: the one file that reads arguments and environment, listens for signals, and exits.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROFILES, type ProfileName, rewriteKeys, SealedKeyError, setKeyPassphrase } from '@threatguard/proto';
import { ConfigError } from '@threatguard/proto/config';
import { pino } from 'pino';
import { parseListen, readCollectorConfig } from './config.ts';
import { FleetCryptoError } from './fleet/chosen-crypto.ts';
import { homePaths } from './fleet/home.ts';
import { consoleAddress, initHome, issueConsoleIdentity, loadAuthority } from './init.ts';
import { startCollector } from './run.ts';
import { serviceManager } from './service.ts';
import { USAGE } from './usage.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const CONSOLE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Options {
  home: string;
  listen: string | undefined;
  profile: string | undefined;
  name: string | undefined;
  output: string | undefined;
}

const COMMANDS: Record<string, (options: Options) => Promise<void>> = {
  init: async ({ home, listen: given, profile }) => {
    if (profile !== undefined && !(profile in PROFILES))
      throw new UsageError(`--profile takes ${Object.keys(PROFILES).join(' or ')}, not "${profile}"`);
    const present = existsSync(homePaths(home).configFile) ? await loadConfig(home) : undefined;
    // Where it listens already; a new one only on this host, unless it is told otherwise.
    const listen = given ?? present?.listen ?? '127.0.0.1:7443';
    if (!parseListen(listen)) throw new UsageError('--listen takes HOST:PORT, such as 0.0.0.0:7443');
    const made = await initHome({
      home,
      listen,
      profile: (profile as ProfileName | undefined) ?? present?.crypto.profile,
      nowMs: Date.now(),
    });
    process.stdout.write(
      `CA fingerprint (SHA-256): ${made.caSha256}\nprofile: ${made.profile}\nconfiguration: ${made.configFile}\n` +
        `console: ${made.consoleDirectory}\n`,
    );
  },
  run: async ({ home }) => {
    const config = await loadConfig(home);
    const log = pino({ name: 'collector', level: config.log.level }, pino.destination({ dest: 2, sync: true }));
    const stopped = untilSignal('SIGTERM', 'SIGINT');
    using service = serviceManager(process.env);
    // For bench:ingest: where the time goes, said at the end.
    const timed = Boolean(process.env.THREATGUARD_STAGE_CLOCK);
    await using collector = await startCollector({ home, config, log, timed });
    log.info({ listen: collector.address, ca: collector.caSha256 }, 'ready');
    service.ready(`listening on ${collector.address}`);
    log.info({ signal: await stopped }, 'stopping');
    service.stopping();
    if (timed) log.info({ threads: collector.stages() }, 'stages');
  },
  'keys seal': async ({ home }) => sayRewritten(rewriteKeys(await keyFiles(home), 'sealed'), 'sealed'),
  'keys unseal': async ({ home }) => sayRewritten(rewriteKeys(await keyFiles(home), 'open'), 'open'),
  'console-certificate': async ({ home, name, output }) => {
    if (!name || !CONSOLE_NAME.test(name)) throw new UsageError('--name takes letters, digits, dots, dashes');
    if (!output) throw new UsageError('--output DIR says where the identity is made');
    const authority = await loadAuthority(home);
    const collector = consoleAddress((await loadConfig(home)).listen);
    await issueConsoleIdentity({ authority, directory: output, name, collector, nowMs: Date.now() });
    process.stdout.write(`console identity ${name} in ${output}\n`);
  },
};

async function loadConfig(home: string) {
  const file = homePaths(home).configFile;
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new ConfigError(`${file} does not exist; make it with: threatguard-collector init --home ${home}`);
  });
  return readCollectorConfig({ file, text, environment: process.env });
}

function sayRewritten(files: string[], state: 'sealed' | 'open'): void {
  process.stdout.write(
    files.length > 0 ? files.map((file) => `${state}: ${file}\n`).join('') : `all were ${state} already\n`,
  );
}

/** Every private key the collector has; the consoles' are read by programs without the passphrase. */
async function keyFiles(home: string): Promise<string[]> {
  const { collectorDirectory } = homePaths(home);
  const entries = await readdir(collectorDirectory, { recursive: true }).catch(() => {
    throw new ConfigError(`there is no fleet in ${home}; make one with: threatguard-collector init --home ${home}`);
  });
  return entries
    .filter((name) => name.endsWith('.key'))
    .sort()
    .map((name) => join(collectorDirectory, name));
}

async function readPassphrase(file: string | undefined): Promise<void> {
  if (!file) return;
  const content = await readFile(file).catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigError(`environment THREATGUARD_KEY_PASSPHRASE_FILE: ${file} cannot be read (${code})`);
  });
  setKeyPassphrase(content);
}

function untilSignal(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, resolve);
  });
}

function readArguments(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        home: { type: 'string' },
        listen: { type: 'string' },
        profile: { type: 'string' },
        name: { type: 'string' },
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments(process.argv.slice(2));
  if (values.help || positionals.length === 0) {
    process.stdout.write(USAGE);
    return;
  }
  const command = COMMANDS[positionals.join(' ')];
  if (!command) throw new UsageError(`unknown command: ${positionals.join(' ')}`);
  const home = values.home ?? process.env.THREATGUARD_HOME;
  if (!home) throw new UsageError('--home DIR, or THREATGUARD_HOME, says where the state is');
  await readPassphrase(process.env.THREATGUARD_KEY_PASSPHRASE_FILE);
  await command({ home, listen: values.listen, profile: values.profile, name: values.name, output: values.output });
}

try {
  await main();
  process.exit();
} catch (error) {
  // What another start would not change.
  const usage = [UsageError, ConfigError, FleetCryptoError, SealedKeyError].some((kind) => error instanceof kind);
  process.stderr.write(`threatguard-collector: ${(error as Error).message}\n`);
  if (error instanceof UsageError) process.stderr.write('threatguard-collector --help says what there is\n');
  process.exit(usage ? EXIT_USAGE : EXIT_FAILED);
}
