import { createElement } from 'react';
import { onFullScreen, type Streams } from '../full-screen.ts';
import type { Dashboard } from './dashboard.ts';
import { DashboardScreen } from './dashboard-screen.ts';

/** Draws the dashboard, then lets it live until that ends, and gives the terminal back as it was. */
export function showDashboard(
  dashboard: Dashboard,
  { collector, colour, streams, live }: { collector: string; colour: boolean; streams: Streams; live(): Promise<void> },
): Promise<void> {
  return onFullScreen(createElement(DashboardScreen, { dashboard, collector, colour }), streams, live);
}
