// The dashboard without what parses commands: oclif and ninety commands take longer to load than all the dashboard needs.
// Arguments it does not understand in full are not its business: oclif explains, suggests and refuses.
import { parseArgs } from 'node:util';
import { homeOf } from './home.ts';
import type { Invocation } from './invocation.ts';
import { needTerminal } from './terminal.ts';

const OPTIONS = {
  home: { type: 'string' },
  readonly: { type: 'boolean' },
  ascii: { type: 'boolean' },
  utc: { type: 'boolean' },
} as const;

/** False where it is another command, or wrong use. */
export async function runQuickDashboard(invocation: Invocation): Promise<boolean> {
  const asked = readAsked(invocation.argv);
  if (!asked) return false;
  needTerminal(invocation);
  const { connectTo } = await import('./connect.ts');
  const connected = connectTo(homeOf(asked, invocation), invocation);
  using _ = connected.client;
  const { startDashboard } = await import('./start-dashboard.ts');
  await startDashboard(asked, connected, invocation);
  return true;
}

function readAsked([command, ...args]: readonly string[]) {
  if (command !== 'dashboard') return undefined;
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    if (positionals.length > 1) return undefined;
    const { home, readonly = false, ascii = false, utc = false } = values;
    return { home, readonly, ascii, utc, view: positionals[0] ?? '' };
  } catch {
    // Not understood: see above.
    return undefined;
  }
}
