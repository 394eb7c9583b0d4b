import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CollectorClient } from '../client/collector-client.ts';
import { type Deployment, defaultHome } from '../client/deployment.ts';
import type { LoginFile } from '../client/login-file.ts';
import { ConsoleError, isUnreachable } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import { Contexts, LOCAL_CONTEXT } from '../services/contexts.ts';
import { defaultDemoHome } from '../services/up/demo/demo-home.ts';
import { configDirectory, stateDirectory } from '../services/xdg.ts';
import type { Invocation } from './invocation.ts';

export interface PlaceFlags {
  home?: string | undefined;
  context?: string | undefined;
}

/** A deployment: its home, and the context it was chosen by, absent where a directory was named. */
export interface Place {
  home: string;
  context?: string;
}

export function contextsOf({ env, isRoot }: Pick<Invocation, 'env' | 'isRoot'>): Contexts {
  return new Contexts({ configDirectory: configDirectory(env), localHome: defaultHome(env, isRoot) });
}

/** Which deployment is meant: by flag, else by the environment, else by choice. Throws `usage` for a context there is not. */
export function placeOf(invocation: Pick<Invocation, 'env' | 'isRoot'>, flags: PlaceFlags): Place {
  const { env } = invocation;
  if (flags.home !== undefined) return { home: resolve(flags.home) };
  const contexts = contextsOf(invocation);
  const named = flags.context ?? (env.THREATGUARD_CONTEXT || (env.THREATGUARD_HOME ? LOCAL_CONTEXT : undefined));
  const { name: context, home } = named === undefined ? contexts.current() : contexts.find(named);
  return { home, context };
}

export interface Connected {
  client: CollectorClient;
  deployment: Deployment;
  /** Of whoever is logged in there. */
  login: LoginFile;
}

/** Where no deployment is, a demonstration on this host may be what was meant: it has a home of its own. */
function orDemo<T>(read: () => T, demoHome: string): T {
  try {
    return read();
  } catch (error) {
    const isThere = existsSync(join(demoHome, 'console', 'console.json'));
    if (!isUnreachable(error) || !isThere) throw error;
    const hint = `; the demonstration of this host is at --home ${demoHome}`;
    throw new ConsoleError('unreachable', error.message + hint, { cause: error });
  }
}

/** A client of the deployment's collector. gRPC is loaded here, so that help and wrong use answer without it. */
export async function connectTo(invocation: Invocation, flags: PlaceFlags): Promise<Connected> {
  const [{ readDeployment }, { openCollector }, { LoginFile }] = await Promise.all([
    import('../client/deployment.ts'),
    import('../client/collector-client.ts'),
    import('../client/login-file.ts'),
  ]);
  const { connections, stderr, env } = invocation;
  const deployment = orDemo(() => readDeployment(placeOf(invocation, flags).home), defaultDemoHome(env));
  const login = new LoginFile(stateDirectory(env), deployment);
  if (connections) return { client: connections.open(deployment, login), deployment, login };
  const note = (text: string) => stderr.write(`${printable(text)}\n`);
  return { client: openCollector(deployment, note, login), deployment, login };
}
