import { type Alert, severityName } from '@threatguard/proto';
import { alertFacts, stateName } from '../../../model/alert.ts';
import { age, humanTime, zoneName } from '../../../model/time.ts';
import { chanceText } from '../../../model/triage-score.ts';
import { LIVE_ALERTS_MAX } from '../../../services/live-alerts.ts';
import { type ListColumn, type Look, list } from '../view.ts';
import { alertActs } from './alert-acts.ts';
import { alertPivots } from './pivots.ts';
import { severityTone } from './severity-tone.ts';

/** Only where all columns are asked for. */
const WIDE: readonly ListColumn<Alert>[] = [
  { title: 'TECHNIQUE', cell: (alert) => (alert.techniques ?? []).join(' '), shrink: true, optional: true },
  { title: 'ID', cell: (alert) => alert.id ?? '', optional: true },
];

/** In less room the age alone says when. */
const TIME_FROM_COLUMNS = 100;

const raisedColumn = (look: Look): ListColumn<Alert> => ({
  title: `RAISED (${zoneName(look.nowMs, look.utc)})`,
  cell: (alert) => humanTime(alert.raisedAtUs, look.utc),
  order: (alert) => alert.raisedAtUs ?? 0,
  optional: true,
});

function alertListColumns(look: Look): ListColumn<Alert>[] {
  return [
    ...(look.wide || look.columns >= TIME_FROM_COLUMNS ? [raisedColumn(look)] : []),
    {
      title: 'AGE',
      cell: (alert) => age(alert.raisedAtUs, look.nowMs),
      order: (alert) => alert.raisedAtUs ?? 0,
      align: 'right',
    },
    {
      title: 'SEVERITY',
      cell: (alert) => severityName(alert.severity ?? 0),
      order: (alert) => alert.severity ?? 0,
      tone: (alert) => severityTone(alert.severity),
    },
    {
      title: 'STATE',
      cell: (alert) => stateName(alert.state),
      tone: (alert) => (stateName(alert.state) === 'open' ? undefined : 'dim'),
    },
    { title: 'HOST', cell: (alert) => alert.agentName ?? '', shrink: true },
    { title: 'TITLE', cell: (alert) => alert.title ?? '', shrink: true },
    { title: 'WHO', cell: (alert) => alertFacts(alert).user, shrink: true, optional: true },
    { title: 'ADDRESS', cell: (alert) => alertFacts(alert).address, shrink: true, optional: true },
    { title: 'ASSIGNEE', cell: (alert) => alert.assignee ?? '', shrink: true, optional: true },
    {
      title: 'REAL',
      cell: chanceText,
      order: (alert) => alert.triage?.probability ?? -1,
      align: 'right',
      optional: true,
    },
    {
      title: 'COUNT',
      cell: (alert) => String(alert.count ?? 0),
      order: (alert) => alert.count ?? 0,
      align: 'right',
      optional: true,
    },
    {
      title: 'LAST',
      cell: (alert) => age(alert.lastAtUs, look.nowMs),
      order: (alert) => alert.lastAtUs ?? 0,
      align: 'right',
      optional: true,
    },
    { title: 'REASON', cell: (alert) => alert.reason ?? '', shrink: true, optional: true },
    ...(look.wide ? WIDE : []),
  ];
}

/** Live: what was raised last is the first. */
export const alerts = list<Alert>({
  name: 'alerts',
  aliases: ['a', 'al'],
  summary: 'alerts as they are raised and changed',
  refreshMs: 0,
  command: () => `threatguard alerts list --limit ${LIVE_ALERTS_MAX}`,
  concerns: () => true,
  rows: async (source) => {
    // Once from the collector; from then on the feed brings what is new.
    if (!source.alerts.filled) {
      const known = await source.listAlerts({}, LIVE_ALERTS_MAX);
      for (const alert of known.toReversed()) source.alerts.add(alert);
      source.alerts.filled = true;
    }
    return source.alerts.latestFirst();
  },
  id: (alert) => alert.id ?? '',
  columns: alertListColumns,
  open: (alert) => ({ view: 'alert', arg: alert.id ?? '' }),
  pivots: alertPivots,
  acts: alertActs((alert) => alert),
  empty: 'no alerts yet; they appear here as they are raised',
});
