import { type Alert, severityName } from '@threatguard/proto';
import { Box, Text } from 'ink';
import { createElement, type ReactElement } from 'react';
import { alertFacts } from '../model/alert.ts';
import { percentText } from '../model/percent.ts';
import { fit, printable, truncate, width, wrap } from '../model/printable.ts';
import { clockTime } from '../model/time.ts';
import { severityColour } from './severity-colour.ts';

const SEVERITY_COLUMNS = 13;
const INDENT = '    ';
/** Lines a reason may take; the detail shows all of it. */
const REASON_LINES_MAX = 2;

export interface EntryLook {
  columns: number;
  utc: boolean;
  colour: boolean;
}

/** The lines of one alert: what, about whom, why. Finished text: printable, and never wider than the screen. */
function entryLines(alert: Alert, { columns, utc }: EntryLook): { head: [string, string, string]; rest: string[] } {
  const technique = printable((alert.techniques ?? []).join(' '));
  const time = clockTime(alert.raisedAtUs, utc);
  const before = 2 + width(time) + 2 + SEVERITY_COLUMNS + 1;
  const titleColumns = Math.max(0, columns - before - width(technique) - 1);
  const title = fit(printable(alert.title ?? ''), titleColumns);
  const facts = alertFacts(alert);
  const parts = [
    ['host', alert.agentName ?? ''],
    ['user', facts.user],
    ['address', facts.address],
    ['observed', (alert.observedRatio ?? 1) < 1 ? percentText(alert.observedRatio ?? 1) : ''],
    ['process', facts.process],
    ['times', (alert.count ?? 0) > 1 ? String(alert.count) : ''],
  ].filter(([, value]) => value);
  const about = parts.map(([name, value]) => `${name} ${printable(value!)}`).join('  ');
  const room = columns - INDENT.length;
  const rest = [truncate(about, room), ...wrap(printable(alert.reason ?? ''), room, REASON_LINES_MAX)];
  return {
    head: [
      time,
      fit(severityName(alert.severity ?? 0).toUpperCase(), SEVERITY_COLUMNS),
      truncate(`${title} ${technique}`, columns - before),
    ],
    rest: rest.filter(Boolean).map((line) => INDENT + line),
  };
}

/** Lines that an alert takes on the screen. */
export function entryHeight(alert: Alert, look: EntryLook): number {
  return 1 + entryLines(alert, look).rest.length;
}

export function AlertEntry({
  alert,
  look,
  selected,
}: {
  alert: Alert;
  look: EntryLook;
  selected: boolean;
}): ReactElement {
  const { head, rest } = entryLines(alert, look);
  const [time, severity, title] = head;
  return createElement(
    Box,
    { flexDirection: 'column', flexShrink: 0 },
    createElement(
      Text,
      { wrap: 'truncate', bold: selected },
      `${selected ? '> ' : '  '}${time}  `,
      createElement(Text, severityColour(alert.severity, look.colour), severity),
      ` ${title}`,
    ),
    ...rest.map((line, index) => createElement(Text, { key: index, wrap: 'truncate', dimColor: index > 0 }, line)),
  );
}
