import type { Readable, Writable } from 'node:stream';
import { render } from 'ink';
import { createElement } from 'react';
import type { Dashboard } from './dashboard.ts';
import { DashboardScreen } from './dashboard-screen.ts';
import { FRAMES_PER_SECOND_MAX } from './dashboard-state.ts';

export interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Draws the dashboard, then lets it live until that ends, and gives the terminal back as it was. */
export async function showDashboard(
  dashboard: Dashboard,
  { collector, colour, streams, live }: { collector: string; colour: boolean; streams: Streams; live(): Promise<void> },
): Promise<void> {
  const ink = render(createElement(DashboardScreen, { dashboard, collector, colour }), {
    stdin: streams.stdin as NodeJS.ReadStream,
    stdout: streams.stdout as NodeJS.WriteStream,
    stderr: streams.stderr as NodeJS.WriteStream,
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    maxFps: FRAMES_PER_SECOND_MAX,
  });
  try {
    await live();
  } finally {
    ink.unmount();
    await ink.waitUntilExit();
  }
}
