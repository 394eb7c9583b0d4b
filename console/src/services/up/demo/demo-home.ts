// HOME/demo.json marks the home of a demonstration, from before anything else is in it. What is invented and what is real never
// share a home: the marker decides here, `demo: true` in the collector's configuration decides for agents.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleError } from '../../../model/console-error.ts';

const MARKER = 'demo.json';
/** Belongs to the `up` that runs. */
const RUN_FILE = 'up.json';
/** What names a deployment, database or broker of somebody else, which invented data must not reach. */
const REAL = [
  'THREATGUARD_DATABASE_URL',
  'THREATGUARD_NATS_URL',
  'THREATGUARD_NATS_CONSOLE_URL',
  'THREATGUARD_HTTP_LISTEN',
  'THREATGUARD_COLLECTOR',
  'THREATGUARD_LISTEN',
] as const;

/** Where a demonstration lives: beside other data of this user, away from any deployment. */
export function defaultDemoHome(env: Record<string, string | undefined>): string {
  return join(env.XDG_DATA_HOME || join(env.HOME || '.', '.local', 'share'), 'threatguard-demo');
}

/** Throws `refused` where a home holds the other kind. */
export function checkHomeKind(home: string, demo: boolean): void {
  const isDemo = existsSync(join(home, MARKER));
  if (demo && !isDemo && existsSync(join(home, 'collector'))) {
    const advice = 'leave out --home, or name another directory';
    throw new ConsoleError(
      'refused',
      `${home} holds a deployment of real hosts; a demonstration needs its own: ${advice}`,
    );
  }
  if (!demo && isDemo) {
    const advice = `add --demo, or give another --home; "rm -r ${home}" ends the demonstration`;
    throw new ConsoleError('refused', `${home} holds a demonstration, and never a real host: ${advice}`);
  }
}

/** Marks the home, emptied before where it is to begin anew. For whoever holds the run file of it. */
export function prepareDemoHome(home: string, fresh: boolean): void {
  const begun = existsSync(join(home, MARKER));
  if (fresh && begun) {
    // The marker last: what is half removed stays a demonstration.
    const rest = readdirSync(home).filter((name) => name !== RUN_FILE && name !== MARKER);
    for (const name of rest) rmSync(join(home, name), { recursive: true, force: true });
  }
  writeFileSync(join(home, MARKER), '{"demo":true}\n', { mode: 0o600 });
  mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
}

/** The environment without what would lead out of the demonstration. */
export function demoEnvironment(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !REAL.some((real) => real === name)));
}
