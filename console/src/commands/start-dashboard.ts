import type { CollectorClient } from '../client/collector-client.ts';
import type { Deployment } from '../client/deployment.ts';
import { SavedViews } from '../services/saved-views.ts';
import { configDirectory } from '../services/xdg.ts';
import { runDashboard } from '../ui/dashboard/run-dashboard.ts';
import type { Invocation } from './invocation.ts';
import { isUtf8 } from './locale.ts';
import { showsColour } from './output.ts';

export interface DashboardFlags {
  /** As typed after `:`. */
  view: string;
  readonly: boolean;
  ascii: boolean;
  utc: boolean;
  /** The context it was chosen by. */
  context?: string | undefined;
}

/** Shows the dashboard in the terminal of the invocation until the person quits. */
export async function startDashboard(
  { view, readonly, ascii, utc, context }: DashboardFlags,
  { client, deployment }: { client: CollectorClient; deployment: Deployment },
  invocation: Invocation,
): Promise<void> {
  await runDashboard({
    client,
    ca: deployment.ca,
    collector: `${context ?? ''} ${deployment.collector}`.trim(),
    start: view,
    saved: new SavedViews(configDirectory(invocation.env)),
    readonly,
    utc,
    colour: showsColour(invocation),
    ascii: ascii || !isUtf8(invocation.env),
    streams: invocation,
    stopped: invocation.stopped,
  });
}
