import { Box, Text } from 'ink';
import { createElement, type ReactElement } from 'react';
import { alertPairs } from '../model/alert.ts';
import { eventColumns } from '../model/event.ts';
import { printable, truncate, wrap } from '../model/printable.ts';
import { renderTable } from '../model/table.ts';
import type { LiveSnapshot } from './live-model.ts';

/** A reason is a sentence; one longer than this is a host trying to fill the screen. */
const REASON_LINES_MAX = 12;

type Open = NonNullable<LiveSnapshot['open']>;

/** All lines of the detail, finished: printable and cut to the screen. */
function detailLines(open: Open, look: { columns: number; utc: boolean; nowMs: number }): string[] {
  const { alert, detail, trouble } = open;
  const pairs = alertPairs(detail?.alert ?? alert, { ...look, colour: false });
  const events = detail?.events ?? [];
  const below = trouble
    ? [printable(`its events cannot be had: ${trouble}`)]
    : !detail
      ? ['asking for its events']
      : events.length > 0
        ? renderTable(eventColumns(look), events, look.columns)
        : ['no events are kept for it'];
  const reason = wrap(printable(alert.reason ?? ''), look.columns, REASON_LINES_MAX);
  return [...reason, '', ...pairs, '', ...below].map((line) => truncate(line, look.columns));
}

export function AlertDetail(props: {
  open: Open;
  rows: number;
  columns: number;
  utc: boolean;
  nowMs: number;
}): ReactElement {
  const { open, rows } = props;
  const lines = detailLines(open, props);
  const start = Math.min(open.scroll, Math.max(0, lines.length - rows));
  return createElement(
    Box,
    { flexDirection: 'column', height: rows, overflow: 'hidden' },
    ...lines
      .slice(start, start + rows)
      .map((line, index) => createElement(Text, { key: index, wrap: 'truncate' }, line || ' ')),
  );
}
