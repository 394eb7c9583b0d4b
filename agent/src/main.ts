// The only file that reads argv and the environment, listens to signals, or exits.
import { type StdioOptions, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { AgentConfig } from './config.ts';
import { agentVersion, readHostMarks } from './host-facts.ts';
import { COMMAND_USAGE, DEFAULT_HOME, USAGE } from './usage.ts';

const EXIT_OK = 0;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
const EXIT_UNREACHABLE = 3;
const CONFIG_MS_MAX = 20_000;
const DEMO_SEED = 1;

/** Wrong arguments; the message says which and where to read on. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
  enroll: enrollCommand,
  run: runCommand,
  config: configCommand,
  parse: parseCommand,
  doctor: doctorCommand,
  keys: keysCommand,
  demo: demoCommand,
};

/** Gives the exit code. */
async function main(args: string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') return print(USAGE);
  if (name === '--version') return print(`${agentVersion()}\n`);
  const command = COMMANDS[name];
  if (!command)
    throw new UsageError(
      name ? `there is no command "${name}"` : 'which command: enroll, run, config, parse, doctor, keys or demo?',
    );
  if (rest.includes('--help') || rest.includes('-h')) return print(COMMAND_USAGE[name]!);
  return command(rest);
}

async function enrollCommand(args: string[]): Promise<number> {
  const { collector, token, home, name, force } = readOptions(args, {
    collector: { type: 'string' },
    token: { type: 'string' },
    home: { type: 'string' },
    name: { type: 'string' },
    force: { type: 'boolean' },
  });
  const secret = token ?? process.env.THREATGUARD_TOKEN;
  if (!collector) throw new UsageError('enroll needs --collector HOST:PORT');
  if (!secret) throw new UsageError('enroll needs --token TOKEN, from "threatguard agents token create"');
  await loadPassphrase();
  const { enrol } = await import('./identity/enrol.ts');
  const enrolment = await enrol({
    home: resolve(home ?? DEFAULT_HOME),
    collector,
    token: secret,
    name,
    ...readHostMarks(),
    force: force ?? false,
  });
  print(`enrolled as ${enrolment.name} (${enrolment.agentId})\n`);
  const byHand = `start it with: threatguard-agent run${home ? ` --home ${home}` : ''}\n`;
  if (home) return print(byHand);
  const { startService, UNIT } = await import('./service.ts');
  const start = startService();
  if (start.kind === 'none') return print(byHand);
  if (start.kind === 'started') return print(`started ${UNIT}; what it sees here: threatguard-agent doctor\n`);
  process.stderr.write(`threatguard-agent: ${UNIT} did not start (${start.reason}); see: journalctl -u ${UNIT}\n`);
  return EXIT_FAILURE;
}

async function runCommand(args: string[]): Promise<number> {
  const options = readOptions(args, { home: { type: 'string' }, 'auth-log': { type: 'string', multiple: true } });
  const home = resolve(options.home ?? DEFAULT_HOME);
  const config = readConfigApart(home);
  if (!config) return EXIT_FAILURE;
  const [{ createLog }, { run }, { serviceManager }] = await Promise.all([
    import('./log.ts'),
    import('./run.ts'),
    import('./service.ts'),
  ]);
  await loadPassphrase();
  using service = serviceManager(process.env, process.pid);
  // Programs the agent starts have nothing to tell the service manager.
  delete process.env.NOTIFY_SOCKET;
  config.sensors.auth.logs.push(...(options['auth-log'] ?? []).map((path) => resolve(path)));
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  await run({ home, config, log: createLog(config.log.level), stop: stop.signal, service });
  return EXIT_OK;
}

async function configCommand(args: string[]): Promise<number> {
  const { home, quiet } = readOptions(args, { home: { type: 'string' }, quiet: { type: 'boolean' } });
  const { readAgentConfig } = await import('./config.ts');
  const config = readAgentConfig(resolve(home ?? DEFAULT_HOME), process.env);
  return quiet ? EXIT_OK : print(`${JSON.stringify(config, null, 2)}\n`);
}

async function doctorCommand(args: string[]): Promise<number> {
  const { home, output } = readOptions(args, { home: { type: 'string' }, output: { type: 'string' } });
  if (output !== undefined && output !== 'table' && output !== 'json')
    throw new UsageError(`--output takes table or json, not "${output}"`);
  const directory = resolve(home ?? DEFAULT_HOME);
  const [{ readAgentConfig }, { examineHost }, { renderFindings }] = await Promise.all([
    import('./config.ts'),
    import('./doctor/examine-host.ts'),
    import('./doctor/render.ts'),
  ]);
  await loadPassphrase();
  const findings = await examineHost(directory, () => readAgentConfig(directory, process.env));
  print(output === 'json' ? `${JSON.stringify(findings, null, 2)}\n` : renderFindings(findings));
  return findings.some(({ state }) => state === 'degraded') ? EXIT_FAILURE : EXIT_OK;
}

async function keysCommand([wanted = '', ...args]: string[]): Promise<number> {
  if (wanted !== 'seal' && wanted !== 'unseal') throw new UsageError('keys takes seal or unseal');
  const { home } = readOptions(args, { home: { type: 'string' } });
  await loadPassphrase();
  const { rewriteAgentKeys } = await import('./identity/identity-files.ts');
  const state = wanted === 'seal' ? 'sealed' : 'open';
  const files = rewriteAgentKeys(resolve(home ?? DEFAULT_HOME), state);
  return print(files.map((file) => `${state}: ${file}\n`).join('') || `it was ${state} already\n`);
}

async function demoCommand(args: string[]): Promise<number> {
  const { home, collector, seed, until, once } = readOptions(args, {
    home: { type: 'string' },
    collector: { type: 'string' },
    seed: { type: 'string' },
    until: { type: 'string' },
    once: { type: 'boolean' },
  });
  if (!home || !collector) throw new UsageError('demo needs --home DIR and --collector HOST:PORT');
  const endMs = until === undefined ? Date.now() : Date.parse(until);
  if (!(endMs <= Date.now())) throw new UsageError(`--until takes a time that has passed, not "${until}"`);
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed takes a number, not "${seed}"`);
  const [{ createLog }, { runDemo }] = await Promise.all([import('./log.ts'), import('./demo/run-demo.ts')]);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  await runDemo({
    home: resolve(home),
    collector,
    token: process.env.THREATGUARD_TOKEN,
    seed: Number(seed ?? DEMO_SEED),
    endUs: endMs * 1000,
    once: once ?? false,
    log: createLog('info'),
    stop: stop.signal,
  });
  return EXIT_OK;
}

async function loadPassphrase(): Promise<void> {
  const file = process.env.THREATGUARD_KEY_PASSPHRASE_FILE;
  if (!file) return;
  const { setKeyPassphrase } = await import('@threatguard/proto');
  try {
    setKeyPassphrase(readFileSync(file));
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    if (name === 'SealedKeyError') throw error;
    throw new UsageError(`THREATGUARD_KEY_PASSPHRASE_FILE: ${file} cannot be read (${code ?? message})`);
  }
}

/**
 * The configuration, by the `config` command in a process of its own: YAML reader and validator would otherwise take
 * 17 MiB for as long as the agent runs. Undefined where it was refused; the command has said why.
 */
function readConfigApart(home: string): AgentConfig | undefined {
  const args = [...process.execArgv, process.argv[1]!, 'config', '--home', home];
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
  const { status, stdout, error } = spawnSync(process.execPath, args, {
    stdio,
    timeout: CONFIG_MS_MAX,
    encoding: 'utf8',
  });
  if (error) throw error;
  return status === 0 ? (JSON.parse(stdout) as AgentConfig) : undefined;
}

async function parseCommand(args: string[]): Promise<number> {
  const { sensor, year, timezone, unparsed } = readOptions(args, {
    sensor: { type: 'string' },
    year: { type: 'string' },
    timezone: { type: 'string' },
    unparsed: { type: 'boolean' },
  });
  if (!sensor) throw new UsageError('parse needs --sensor auth, audit, falco or tetragon');
  if (year && !/^\d{4}$/.test(year)) throw new UsageError(`--year takes four digits, not "${year}"`);
  const { runParse } = await import('./parse.ts');
  return runParse({
    sensor,
    ...(year && { year: Number(year) }),
    ...(timezone && { timezone }),
    unparsed: unparsed ?? false,
    input: process.stdin,
    output: process.stdout,
    error: process.stderr,
  });
}

function readOptions<Options extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(
  args: string[],
  options: Options,
) {
  try {
    return parseArgs({ args, options, strict: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT_OK;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_USAGE;
  return (error as { code?: unknown }).code === 'collector_unreachable' ? EXIT_UNREACHABLE : EXIT_FAILURE;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  const isUsage = error instanceof UsageError;
  // Errors of ours say what to do; of anything else the stack is what helps.
  const ours =
    isUsage ||
    ['EnrolError', 'IdentityError', 'HomeError', 'ConfigError', 'SealedKeyError', 'LiboqsError'].includes(
      (error as Error).name,
    );
  process.stderr.write(`threatguard-agent: ${ours ? (error as Error).message : (error as Error).stack}\n`);
  if (isUsage) process.stderr.write('try: threatguard-agent --help\n');
  process.exit(exitCodeOf(error));
}
