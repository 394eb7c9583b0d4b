import { Box, Text } from 'ink';
import { createElement, type ReactElement } from 'react';
import { counted } from '../model/counted.ts';
import { printable, truncate } from '../model/printable.ts';
import type { FeedWay } from '../services/alert-feed.ts';
import type { LiveSnapshot } from './live-model.ts';

/** Lines the header takes. */
export const HEADER_LINES = 3;

const WAYS: Record<FeedWay, string> = {
  nats: 'NATS, signatures checked',
  grpc: "the collector's own stream",
  none: 'nothing: connecting again',
};

/** What is running, how alerts reach us, and what was lost. */
export function Header({
  snapshot,
  collector,
  columns,
}: {
  snapshot: LiveSnapshot;
  collector: string;
  columns: number;
}): ReactElement {
  const [first, second] = headerLines(snapshot, collector);
  const line = (text: string) => truncate(printable(text), columns);
  return createElement(
    Box,
    { flexDirection: 'column', height: HEADER_LINES },
    createElement(Text, { bold: true, wrap: 'truncate' }, line(first)),
    createElement(Text, { wrap: 'truncate' }, line(second)),
    createElement(Text, { dimColor: true }, '─'.repeat(columns)),
  );
}

function headerLines({ status, trouble, way }: LiveSnapshot, collector: string): [string, string] {
  const name = `ThreatGuard  ${collector}`;
  if (trouble) return [name, `no answer: ${trouble}`];
  if (!status) return [name, 'asking the collector'];
  const lost = (status.losses ?? []).reduce((sum, loss) => sum + (loss.count ?? 0), 0);
  const refused = (status.refusals ?? []).reduce((sum, refusal) => sum + (refusal.count ?? 0), 0);
  return [
    `${name}  ${status.storeEngine ?? '?'} ${status.storeState ?? '?'}  alerts by ${WAYS[way]}`,
    [
      `agents ${status.agentsConnected ?? 0}/${status.agentsEnrolled ?? 0}`,
      `${(status.eventsPerSecond ?? 0).toFixed(1)} events/s`,
      `${status.eventsStored ?? 0} stored`,
      `${counted(status.alertsOpen ?? 0, 'alert')} not closed`,
      `${lost} lost`,
      `${refused} refused`,
    ].join('  '),
  ];
}
