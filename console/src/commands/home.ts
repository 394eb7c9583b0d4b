import { resolve } from 'node:path';
import { defaultHome } from '../client/deployment.ts';
import type { Invocation } from './invocation.ts';

/** State directory of the deployment that is meant. */
export function homeOf(
  flags: { home?: string | undefined },
  { env, isRoot }: Pick<Invocation, 'env' | 'isRoot'>,
): string {
  return resolve(flags.home ?? defaultHome(env, isRoot));
}
