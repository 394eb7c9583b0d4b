import { readDeployment } from '../client/deployment.ts';
import { ConsoleError } from '../model/console-error.ts';
import { certificateExpiry, type KnownContext } from '../model/context.ts';
import type { Context } from './contexts.ts';

/** Looks at the home of a context; one that cannot be read says why. */
export function lookAtContext(context: Context, current: string): KnownContext {
  const known = { ...context, current: context.name === current };
  try {
    const { collector, certificate } = readDeployment(context.home);
    return { ...known, collector, certificateExpiresAtMs: certificateExpiry(certificate), problem: '' };
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    const problem = error.code === 'unreachable' ? 'no deployment there' : error.message;
    return { ...known, collector: undefined, certificateExpiresAtMs: undefined, problem };
  }
}
