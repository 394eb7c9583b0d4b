import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleError } from '../model/console-error.ts';

/** What a console needs to speak to its collector: made by `threatguard-collector init` in HOME/console. PEM texts. */
export interface Deployment {
  home: string;
  /** HOST:PORT */
  collector: string;
  key: string;
  certificate: string;
  ca: string;
}

/** Where a deployment lives when nobody says otherwise. */
export function defaultHome(env: Record<string, string | undefined>, isRoot: boolean): string {
  if (env.THREATGUARD_HOME) return env.THREATGUARD_HOME;
  if (isRoot) return '/var/lib/threatguard';
  return join(env.XDG_STATE_HOME || join(env.HOME || '.', '.local', 'state'), 'threatguard');
}

/** Reads HOME/console. Throws `unreachable` where there is no deployment, `refused` where it may not be read. */
export function readDeployment(home: string): Deployment {
  const read = (name: string) => readPart(home, name);
  const settings: unknown = parseSettings(home, read('console.json'));
  const collector = (settings as { collector?: unknown } | null)?.collector;
  if (typeof collector !== 'string' || !/:\d{1,5}$/.test(collector)) {
    throw new ConsoleError('failure', `${join(home, 'console/console.json')}: "collector" must be HOST:PORT`);
  }
  return { home, collector, key: read('console.key'), certificate: read('console.crt'), ca: read('ca.crt') };
}

function readPart(home: string, name: string): string {
  const path = join(home, 'console', name);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new ConsoleError(
        'refused',
        `${path} may not be read by this user; run as the user who started the deployment, or give another --home`,
        { cause: error },
      );
    }
    throw new ConsoleError(
      'unreachable',
      `there is no deployment in ${home} (${path} is missing); start one with "npm start" or "threatguard up", ` +
        'or point --home or THREATGUARD_HOME at the state directory of one',
      { cause: error },
    );
  }
}

function parseSettings(home: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConsoleError('failure', `${join(home, 'console/console.json')} is not JSON`, { cause: error });
  }
}
