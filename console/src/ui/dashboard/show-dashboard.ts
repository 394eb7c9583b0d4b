import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { render } from 'ink';
import { createElement } from 'react';
import type { CollectorClient } from '../../client/collector-client.ts';
import { ConsoleError } from '../../model/console-error.ts';
import { sourceOf } from '../../services/dashboard-source.ts';
import { LiveAlerts } from '../../services/live-alerts.ts';
import type { SavedViews } from '../../services/saved-views.ts';
import { runCommand } from './command-line.ts';
import { Dashboard } from './dashboard.ts';
import { DashboardScreen } from './dashboard-screen.ts';
import { FRAMES_PER_SECOND_MAX } from './dashboard-state.ts';
import { VIEWS } from './views/index.ts';

const STATUS_MS = 1_000;
const TICK_MS = 250;
/** Clocks of the servers differ. */
const OVERLAP_MS = 10_000;
/** After what could not be reached, the feed is begun again. */
const FEED_RETRY_MS = 2_000;
const ESC = '\u001b';
/** Bytes a terminal takes into its clipboard: most stop at 100,000 in base64. */
const COPIED_BYTES_MAX = 65_536;

export interface ShowDashboardOptions {
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
  streams: { stdin: Readable; stdout: Writable; stderr: Writable };
  stopped: AbortSignal;
}

/** Shows the dashboard until the person quits or the process is asked to stop. */
export async function showDashboard(options: ShowDashboardOptions): Promise<void> {
  const { client, streams, utc, ascii } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.stopped, stop.signal]);
  using dashboard = new Dashboard({
    source: sourceOf(client, new LiveAlerts(), options.ca),
    views: VIEWS,
    start: { view: 'overview', arg: '' },
    saved: options.saved,
    readonly: options.readonly,
    look: { utc, ascii },
    copy: (text) => streams.stdout.write(clipboardSequence(text)),
    quit: () => stop.abort(),
  });
  if (options.start) runCommand(dashboard, options.start);
  const { collector, colour } = options;
  const ink = render(createElement(DashboardScreen, { dashboard, collector, colour }), {
    stdin: streams.stdin as NodeJS.ReadStream,
    stdout: streams.stdout as NodeJS.WriteStream,
    stderr: streams.stderr as NodeJS.WriteStream,
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    maxFps: FRAMES_PER_SECOND_MAX,
  });
  const ticking = setInterval(() => dashboard.tick(), TICK_MS);
  try {
    await Promise.all([followStatus(dashboard, client, signal), follow(dashboard, options, signal)]);
  } finally {
    clearInterval(ticking);
    ink.unmount();
    await ink.waitUntilExit();
  }
}

/** OSC 52, which also reaches the clipboard over ssh. What it carries is base64: nothing of it is acted on. */
export function clipboardSequence(text: string): string {
  const bytes = Buffer.from(text).subarray(0, COPIED_BYTES_MAX);
  return `${ESC}]52;c;${bytes.toString('base64')}\u0007`;
}

async function followStatus(dashboard: Dashboard, client: CollectorClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      dashboard.setStatus(await client.getStatus());
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      dashboard.setTrouble(error.message);
    }
    await wait(STATUS_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The feed tries again by itself once it began; where the collector is away at the start it begins when it is there. */
async function follow(dashboard: Dashboard, options: ShowDashboardOptions, signal: AbortSignal): Promise<void> {
  const startedMs = Date.now() - OVERLAP_MS;
  // After the first frame: it takes a while to load.
  const { followAlerts } = await import('../../services/alert-feed.ts');
  const { client, ca } = options;
  while (!signal.aborted) {
    try {
      await followAlerts({
        client,
        ca,
        filter: {},
        // From before the list is asked for: nothing falls between the two.
        sinceUs: startedMs * 1000,
        signal,
        onNote: (note) => dashboard.say(note),
        onWay: (way) => dashboard.setWay(way),
        onAlert: (alert) => dashboard.addAlert(alert),
      });
    } catch (error) {
      // Only distrust is the end of it: a signature nobody can vouch for must be seen to.
      if (!(error instanceof ConsoleError) || error.code !== 'unreachable') throw error;
      dashboard.say(error.message, 'bad');
      await wait(FEED_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
