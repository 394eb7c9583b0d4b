// The dashboard without what parses commands: oclif and a hundred commands take longer to load than all the dashboard needs.
// Arguments it does not understand in full are not its business: oclif explains, suggests and refuses.
import { parseArgs } from 'node:util';
import type { Invocation } from './invocation.ts';
import { connectTo, placeOf } from './place.ts';
import { needTerminal } from './terminal.ts';

const OPTIONS = {
  home: { type: 'string' },
  context: { type: 'string' },
  readonly: { type: 'boolean' },
  ascii: { type: 'boolean' },
  utc: { type: 'boolean' },
} as const;

/** False where it is another command, or wrong use. Throws what the dashboard throws. */
export async function runQuickDashboard(invocation: Invocation): Promise<boolean> {
  const asked = readAsked(invocation.argv);
  if (!asked) return false;
  needTerminal(invocation);
  const connected = await connectTo(invocation, asked);
  using _ = connected.client;
  const { startDashboard } = await import('./start-dashboard.ts');
  await startDashboard({ ...asked, context: placeOf(invocation, asked).context }, connected, invocation);
  return true;
}

function readAsked([command, ...args]: readonly string[]) {
  if (command !== 'dashboard') return undefined;
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    if (positionals.length > 1) return undefined;
    const { home, context, readonly = false, ascii = false, utc = false } = values;
    return { home, context, readonly, ascii, utc, view: positionals[0] ?? '' };
  } catch {
    // Not understood: see above.
    return undefined;
  }
}
