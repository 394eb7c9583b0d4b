import { Box, Text, useInput, usePaste, useWindowSize } from 'ink';
import { createElement, type ReactElement, useSyncExternalStore } from 'react';
import { keyNames } from '../key-name.ts';
import { candidatesFor } from './command-line.ts';
import type { Dashboard } from './dashboard.ts';
import { frameLines } from './frame-lines.ts';
import { keyHints, paste, pressKey } from './key-map.ts';
import { toneLook } from './tone-look.ts';

export interface DashboardScreenProps {
  dashboard: Dashboard;
  collector: string;
  colour: boolean;
  /** For pictures in tests; the terminal's own size where absent. */
  size?: { columns: number; rows: number };
}

/** Draws the lines of a frame, and hands keys on. */
export function DashboardScreen({ dashboard, collector, colour, size }: DashboardScreenProps): ReactElement {
  const snapshot = useSyncExternalStore(dashboard.state.subscribe, dashboard.state.snapshot);
  const window = useWindowSize();
  const { columns, rows } = size ?? window;
  dashboard.size = { columns, rows };
  useInput((input, key) => {
    for (const name of keyNames(input, key)) pressKey(dashboard, name);
  });
  usePaste((text) => paste(dashboard, text));
  const { overlay } = snapshot;
  const lines = frameLines({
    snapshot,
    view: dashboard.view,
    collector,
    look: dashboard.look,
    keys: keyHints(dashboard),
    readonly: dashboard.readonly,
    candidates:
      overlay?.kind === 'prompt' && overlay.purpose === 'command' ? candidatesFor(dashboard, overlay.text) : [],
  });
  return createElement(
    Box,
    { flexDirection: 'column', width: columns, height: rows, overflow: 'hidden' },
    ...lines.map((spans, row) =>
      createElement(
        Text,
        { key: row, wrap: 'truncate' },
        // An empty line still takes its row.
        ...(spans.length > 0
          ? spans.map(({ text, tone }, index) => createElement(Text, { key: index, ...toneLook(tone, colour) }, text))
          : [' ']),
      ),
    ),
  );
}
