// Where what is a person's own belongs: the XDG Base Directory Specification.
import { join } from 'node:path';

type Environment = Record<string, string | undefined>;

export function configDirectory(env: Environment): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || '.', '.config'), 'threatguard');
}

export function stateDirectory(env: Environment): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || '.', '.local', 'state'), 'threatguard');
}
