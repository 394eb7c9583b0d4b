// What an analyst does about alerts, from a list or from one that is open.
import type { ActRequest, Alert } from '@threatguard/proto';
import { ConsoleError } from '../../../model/console-error.ts';
import { ACTS, type ActWord, VERDICTS, type VerdictName } from '../../../model/triage.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import type { Act, Asked } from '../view.ts';

const CHOICES = [
  { key: 't', label: 'true positive: it happened and matters', value: 'true-positive' },
  { key: 'f', label: 'false positive: it did not happen', value: 'false-positive' },
  { key: 'b', label: 'benign: it happened and was allowed', value: 'benign' },
] as const;

const about = (alerts: readonly Alert[]) => (alerts.length === 1 ? 'this alert' : `${alerts.length} alerts`);

interface Triage {
  key: string;
  label: string;
  word: ActWord;
  asks(alerts: readonly Alert[]): Asked;
  request(given: { answer: string; reason: string }): Pick<ActRequest, 'text' | 'assignee' | 'verdict'>;
}

const TRIAGE: readonly Triage[] = [
  { key: 'a', label: 'ack', word: 'ack', asks: () => ({ kind: 'nothing' }), request: () => ({}) },
  {
    key: 'A',
    label: 'assign',
    word: 'assign',
    asks: (alerts) => ({ kind: 'text', question: `assign ${about(alerts)} to (empty for nobody):`, required: false }),
    request: ({ answer }) => ({ assignee: answer }),
  },
  {
    key: 'n',
    label: 'note',
    word: 'note',
    asks: (alerts) => ({ kind: 'text', question: `note on ${about(alerts)}:`, required: true }),
    request: ({ answer }) => ({ text: answer }),
  },
  {
    key: 'c',
    label: 'close',
    word: 'close',
    asks: (alerts) => ({
      kind: 'choice',
      question: `close ${about(alerts)} as`,
      choices: CHOICES,
      reason: 'why (may be empty):',
    }),
    request: ({ answer, reason }) => ({ verdict: VERDICTS[answer as VerdictName], text: reason }),
  },
  {
    key: 'O',
    label: 'reopen',
    word: 'reopen',
    asks: (alerts) => ({ kind: 'confirm', question: `reopen ${about(alerts)}, and take the verdict back?` }),
    request: () => ({}),
  },
];

/** Acts on whatever has an alert in it. */
export function alertActs<Row>(alertOf: (row: Row) => Alert | undefined): readonly Act<Row>[] {
  const alertsOf = (rows: readonly Row[]) => rows.map(alertOf).filter((alert) => alert !== undefined);
  const triage = TRIAGE.map(
    ({ key, label, word, asks, request }): Act<Row> => ({
      key,
      label,
      asks: (rows) => {
        const alerts = alertsOf(rows);
        return alerts.length > 0 ? asks(alerts) : undefined;
      },
      run: (source, rows, given) => act(source, word, alertsOf(rows), request(given)),
    }),
  );
  const except: Act<Row> = {
    key: 'x',
    label: 'except',
    // What an exception asks for is of one alert.
    asks: (rows) => (alertsOf(rows).length === 1 ? { kind: 'nothing' } : undefined),
    run: async (_source, rows) => ({ said: '', leadsTo: { view: 'except', arg: alertsOf(rows)[0]!.id ?? '' } }),
  };
  return [...triage, except];
}

/** Refused for each alert that somebody acted on since it was shown here. */
async function act(
  source: DashboardSource,
  word: ActWord,
  alerts: readonly Alert[],
  request: Pick<ActRequest, 'text' | 'assignee' | 'verdict'>,
): Promise<string> {
  // A note takes nothing from anybody: it is added whatever happened meanwhile.
  const seen = (alert: Alert) => (word === 'note' ? {} : { triageVersion: alert.triageVersion ?? 0 });
  const targets = alerts.map((alert) => ({ id: alert.id ?? '', ...seen(alert) }));
  const results = await source.actOnAlerts({ targets, action: ACTS[word].action, ...request });
  for (const { alert } of results) if (alert) source.alerts.add(alert);
  const left = results.filter(({ alert }) => !alert);
  if (left.length === 0) return `${results.length === 1 ? 'alert' : `${results.length} alerts`} ${ACTS[word].done}`;
  const why = left.map(({ id, message }) => `${id?.slice(0, 10)}: ${message}`).join('; ');
  throw new ConsoleError('failure', `${left.length} of ${results.length} not ${ACTS[word].done}: ${why}`);
}
