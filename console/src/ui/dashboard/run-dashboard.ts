// From a terminal to a dashboard that lives, and back. The order is that of the first frame: the collector is asked before
// what draws is loaded, and what nothing on that frame needs comes after it.
import { setTimeout as wait } from 'node:timers/promises';
import type { CollectorClient } from '../../client/collector-client.ts';
import { sourceOf } from '../../services/dashboard-source.ts';
import { followFeed, followStatus, followWho } from '../../services/follow-collector.ts';
import { LiveAlerts } from '../../services/live-alerts.ts';
import type { SavedViews } from '../../services/saved-views.ts';
import { withoutFetch } from '../lean-ink.ts';
import { clipboardSequence } from './clipboard.ts';
import { runCommand } from './command-line.ts';
import { Dashboard } from './dashboard.ts';
import type { Streams } from './show-dashboard.ts';
import { keepHeapSmall } from './small-heap.ts';
import { VIEWS } from './views/index.ts';

/** What came is drawn within this on a quiet system. */
const TICK_MS = 50;
/** An answer that comes within this is on the first frame; a slower collector is said to be asked. */
const FIRST_ANSWER_MS_MAX = 400;

export interface RunDashboardOptions {
  client: CollectorClient;
  ca: string;
  collector: string;
  /** A command as typed after `:`. */
  start: string;
  saved: SavedViews;
  readonly: boolean;
  utc: boolean;
  colour: boolean;
  ascii: boolean;
  streams: Streams;
  stopped: AbortSignal;
}

/** Shows the dashboard until the person quits or the process is asked to stop. */
export async function runDashboard(options: RunDashboardOptions): Promise<void> {
  const { client, ca, streams, utc, ascii } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.stopped, stop.signal]);
  using dashboard = new Dashboard({
    source: sourceOf(client, new LiveAlerts(), ca),
    views: VIEWS,
    start: { view: 'overview', arg: '' },
    saved: options.saved,
    readonly: options.readonly,
    look: { utc, ascii },
    copy: (text) => streams.stdout.write(clipboardSequence(text)),
    quit: () => stop.abort(),
  });
  if (options.start) runCommand(dashboard, options.start);
  const answered = Promise.race([dashboard.answered, wait(FIRST_ANSWER_MS_MAX, undefined, { ref: false })]);
  const follower = {
    onStatus: dashboard.setStatus.bind(dashboard),
    onTrouble: dashboard.setTrouble.bind(dashboard),
    onWay: dashboard.setWay.bind(dashboard),
    onWho: dashboard.setWho.bind(dashboard),
    onNote: dashboard.note.bind(dashboard),
    onAlert: dashboard.addAlert.bind(dashboard),
  };
  const status = followStatus(client, follower, signal);
  const { showDashboard } = await withoutFetch(() => import('./show-dashboard.ts'));
  await answered;
  const ticking = setInterval(() => dashboard.tick(), TICK_MS);
  const live = async () => {
    keepHeapSmall();
    await Promise.all([status, followWho(client, follower, signal), followFeed({ client, ca }, follower, signal)]);
  };
  try {
    await showDashboard(dashboard, { ...options, live });
  } finally {
    clearInterval(ticking);
  }
}
