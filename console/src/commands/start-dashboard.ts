import type { CollectorClient } from '../client/collector-client.ts';
import type { Deployment } from '../client/deployment.ts';
import { configDirectory, SavedViews } from '../services/saved-views.ts';
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
}

/** Shows the dashboard in the terminal of the invocation until the person quits. */
export async function startDashboard(
  { view, readonly, ascii, utc }: DashboardFlags,
  { client, deployment }: { client: CollectorClient; deployment: Deployment },
  invocation: Invocation,
): Promise<void> {
  await runDashboard({
    client,
    ca: deployment.ca,
    collector: deployment.collector,
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
