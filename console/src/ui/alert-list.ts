import type { Alert } from '@threatguard/proto';
import { Box, Text } from 'ink';
import { createElement, type ReactElement } from 'react';
import { AlertEntry, type EntryLook, entryHeight } from './alert-entry.ts';

/** Which alerts fit into `rows`, the selected one always among them, the newest at the bottom. */
function visibleAlerts(alerts: readonly Alert[], selectedAt: number, rows: number, look: EntryLook): readonly Alert[] {
  let used = 0;
  let end = alerts.length;
  // From the newest upwards; where the selected one would not be reached, it becomes the last one shown.
  for (let at = alerts.length - 1; at >= 0 && at >= selectedAt; at--) {
    used += entryHeight(alerts[at]!, look);
    if (used > rows) {
      end = selectedAt + 1;
      break;
    }
  }
  used = 0;
  let start = end;
  while (start > 0 && used + entryHeight(alerts[start - 1]!, look) <= rows) used += entryHeight(alerts[--start]!, look);
  return alerts.slice(start, end);
}

export function AlertList(props: {
  alerts: readonly Alert[];
  selected: Alert | undefined;
  rows: number;
  look: EntryLook;
}): ReactElement {
  const { alerts, selected, rows, look } = props;
  const shown = visibleAlerts(alerts, selected ? alerts.indexOf(selected) : alerts.length - 1, rows, look);
  const entries = shown.map((alert) =>
    createElement(AlertEntry, { key: alert.id ?? '', alert, look, selected: alert === selected }),
  );
  return createElement(
    Box,
    { flexDirection: 'column', height: rows, overflow: 'hidden' },
    ...(entries.length > 0
      ? entries
      : [createElement(Text, { key: 'none' }, 'No alerts yet. They appear here as they are raised.')]),
  );
}
