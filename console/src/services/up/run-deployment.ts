import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CollectorClient, openCollector } from '../../client/collector-client.ts';
import { type Deployment, readDeployment } from '../../client/deployment.ts';
import { untilReached } from '../until-reached.ts';
import { Child, type ChildOptions } from './child.ts';
import { actAsAnalysts } from './demo/demo-acts.ts';
import { type DemoOptions, demoChild } from './demo/demo-child.ts';
import { importDemoFeed } from './demo/demo-feed.ts';
import { checkHomeKind, demoEnvironment, prepareDemoHome } from './demo/demo-home.ts';
import { findNatsServer } from './nats-program.ts';
import { type NatsDeployment, writeNatsConfig } from './nats-settings.ts';
import { formatAddress, freePort, parseAddress } from './ports.ts';
import { programArgs, runProgram } from './programs.ts';
import { type ChildName, RunFile } from './run-file.ts';

const LISTEN_DEFAULT = '127.0.0.1:7443';
/** The embedded database recovers within this after a hard stop. */
const COLLECTOR_READY_MS_MAX = 60_000;
const AGENT_READY_MS_MAX = 30_000;
const NATS_READY_MS_MAX = 15_000;
/** Agent and collector flush what they hold; each within this, or it is killed. */
const STOP_MS_MAX = 15_000;
const NATS_STOP_MS_MAX = 5000;
/** The token that enrols this host's agent is used at once. */
const TOKEN_VALID_SECONDS = 300;

export interface UpOptions {
  home: string;
  /** HOST:PORT; the port of the last start, else 7443, where absent. */
  listen: string | undefined;
  authLogs: readonly string[];
  /** Invented hosts instead of this one. */
  demo: DemoOptions | undefined;
  env: Record<string, string | undefined>;
  isRoot: boolean;
  pid: number;
  execPath: string;
  signal: AbortSignal;
  onNote(note: string): void;
}

type DeploymentChild = Omit<ChildOptions, 'onPid' | 'onNote' | 'logFile'> & { name: ChildName };

/** What runs now. Disposing stops it in order: agent, collector, NATS. */
export interface RunningDeployment extends AsyncDisposable {
  deployment: Deployment;
  client: CollectorClient;
  /** Rejects where a part of it cannot be kept running. */
  failed: Promise<never>;
}

/** Brings up a whole deployment on this host: what it lacks is made, what it has is kept. */
export async function runDeployment(given: UpOptions): Promise<RunningDeployment> {
  const options = given.demo ? { ...given, env: demoEnvironment(given.env) } : given;
  const { home, onNote, signal, demo } = options;
  checkHomeKind(home, demo !== undefined);
  await using stack = new AsyncDisposableStack();
  mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
  const runFile = stack.use(await RunFile.take(home, { pid: options.pid, onNote }));
  if (demo) prepareDemoHome(home, demo.fresh);
  const failures: Promise<never>[] = [];
  const start = async (child: DeploymentChild) => {
    const logFile = join(home, 'logs', `${child.name}.log`);
    const onPid = (pid: number | undefined) => runFile.noteChild(child.name, pid);
    const running = stack.use(new Child({ ...child, logFile, onPid, onNote }));
    failures.push(running.failed);
    await running.start(signal);
  };

  const nats = await prepareNats(options);
  if (nats) await start(natsChild(nats, options));
  const listen = await settleListen(options);
  await initialise(options, listen);
  const env = childEnvironment(options.env, { THREATGUARD_LISTEN: listen, ...natsEnvironment(nats?.config) });
  await start({
    name: 'collector',
    title: 'the collector',
    program: options.execPath,
    args: () => programArgs('collector', ['run', '--home', home]),
    env,
    isReady: saysReady,
    readyMsMax: COLLECTOR_READY_MS_MAX,
    stopMsMax: STOP_MS_MAX,
  });
  const deployment = readDeployment(home);
  const client = stack.use(openCollector(deployment));
  const left = new AbortController();
  stack.defer(() => left.abort());
  const patience = { signal: AbortSignal.any([signal, left.signal]), msMax: COLLECTOR_READY_MS_MAX };
  // The collector may be starting again; what cannot be kept running ends the wait for it.
  const ask = <Answer>(work: () => Promise<Answer>) => Promise.race([untilReached(work, patience), ...failures]);
  if (demo) {
    await ask(() => importDemoFeed(client, signal));
    const agentEnv = childEnvironment(options.env, {});
    const { collector } = deployment;
    await start(await ask(() => demoChild({ ...options, demo, collector, client, env: agentEnv })));
    await ask(() => actAsAnalysts({ client, signal, onNote }));
  } else {
    if (!existsSync(join(home, 'agent', 'identity', 'enrolment.json'))) {
      onNote('enrolling the agent of this host');
      await ask(() => enrolAgent(options, client));
    }
    await start(agentChild(options, deployment.collector));
  }
  const held = stack.move();
  return {
    deployment,
    client,
    failed: Promise.race(failures),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The agent of this host. */
function agentChild(options: UpOptions, collector: string): DeploymentChild {
  return {
    name: 'agent',
    title: 'the agent',
    program: options.execPath,
    args: () => programArgs('agent', agentArgs(options)),
    env: childEnvironment(options.env, { THREATGUARD_COLLECTOR: collector }),
    isReady: saysReady,
    readyMsMax: AGENT_READY_MS_MAX,
    stopMsMax: STOP_MS_MAX,
  };
}

function saysReady(line: string): boolean {
  return line.includes('"msg":"ready"');
}

function agentArgs({ home, authLogs }: UpOptions): string[] {
  const logs = authLogs.flatMap((file) => ['--auth-log', resolve(file)]);
  return ['run', '--home', join(home, 'agent'), ...logs];
}

async function prepareNats(options: UpOptions): Promise<{ program: string; config: NatsDeployment } | undefined> {
  // Whoever names a server of his own does not want ours.
  if (options.env.THREATGUARD_NATS_URL) return undefined;
  const program = await findNatsServer(options);
  return program ? { program, config: await writeNatsConfig(options.home) } : undefined;
}

function natsChild({ program, config }: { program: string; config: NatsDeployment }, options: UpOptions) {
  return {
    name: 'nats' as const,
    title: 'nats-server',
    program,
    args: () => ['--config', config.configFile],
    env: childEnvironment(options.env, {}),
    isReady: (line: string) => line.includes('Server is ready'),
    readyMsMax: NATS_READY_MS_MAX,
    stopMsMax: NATS_STOP_MS_MAX,
  };
}

function natsEnvironment(nats: NatsDeployment | undefined): Record<string, string> {
  return nats ? { THREATGUARD_NATS_URL: nats.collectorUrl, THREATGUARD_NATS_CONSOLE_URL: nats.consoleUrl } : {};
}

// Children are told their home by flag; ours in the environment would name another folder to the agent.
function childEnvironment(env: UpOptions['env'], extra: Record<string, string>): Record<string, string | undefined> {
  const { THREATGUARD_HOME: _, ...rest } = env;
  return { ...rest, ...extra };
}

/** Where the collector will listen: as asked, else where it did last time, else the default; the next free port up. */
async function settleListen({ home, listen, onNote }: UpOptions): Promise<string> {
  const wanted = parseAddress(listen ?? readRemembered(home) ?? LISTEN_DEFAULT);
  const port = await freePort(wanted);
  const address = formatAddress({ ...wanted, port });
  if (wanted.port !== 0 && port !== wanted.port)
    onNote(`port ${wanted.port} is taken; the collector listens at ${address}`);
  return address;
}

const listenFile = (home: string) => join(home, 'collector', 'listen.json');

function readRemembered(home: string): string | undefined {
  if (!existsSync(listenFile(home))) return undefined;
  return (JSON.parse(readFileSync(listenFile(home), 'utf8')) as { listen: string }).listen;
}

/** Makes keys and configuration where there are none, and points consoles to where the collector listens now. */
async function initialise(options: UpOptions, listen: string): Promise<void> {
  const { home } = options;
  if (!existsSync(join(home, 'console', 'console.json'))) {
    options.onNote(`making keys and a certificate authority in ${home}`);
    await runProgram({
      what: 'threatguard-collector init',
      execPath: options.execPath,
      args: programArgs('collector', ['init', '--home', home, '--listen', listen, ...(options.demo ? ['--demo'] : [])]),
      // What it prints goes into a log, where no secret belongs: users are made with "threatguard users add".
      env: childEnvironment(options.env, { THREATGUARD_UNATTENDED: '1' }),
      logFile: join(home, 'logs', 'collector.log'),
      signal: options.signal,
    });
  }
  const { host, port } = parseAddress(listen);
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const collector = formatAddress({ host: reachable, port });
  writeFileSync(listenFile(home), `${JSON.stringify({ listen })}\n`, { mode: 0o600 });
  writeFileSync(join(home, 'console', 'console.json'), `${JSON.stringify({ collector })}\n`, { mode: 0o600 });
}

async function enrolAgent(options: UpOptions, client: CollectorClient): Promise<void> {
  const made = await client.createToken({ uses: 1, validSeconds: TOKEN_VALID_SECONDS, label: 'threatguard up' });
  await runProgram({
    what: 'threatguard-agent enroll',
    execPath: options.execPath,
    args: programArgs('agent', ['enroll', '--collector', client.address, '--home', join(options.home, 'agent')]),
    // Not an argument: those are read by every user of the host.
    env: childEnvironment(options.env, { THREATGUARD_TOKEN: made.token ?? '' }),
    logFile: join(options.home, 'logs', 'agent.log'),
    signal: options.signal,
  });
}
