import { Flags } from '@oclif/core';
import { AlertOrder, Withheld } from '@threatguard/proto';
import { ALERT_KEYS, alertColumns, alertRecord, latestFirst } from '../../model/alert.ts';
import { alertFilterFlags, readAlertFilter, readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe, oneOf, wholeNumber } from '../console-command.ts';
import { exportFormat, exportOutput, writeExport } from '../export-output.ts';
import { printAlerts } from '../follow-alerts.ts';

const ORDERS = { newest: AlertOrder.ALERT_ORDER_NEWEST, triage: AlertOrder.ALERT_ORDER_TRIAGE } as const;

export class AlertsList extends ConsoleCommand {
  static override summary = 'List alerts, the latest first, or the likeliest to be real.';
  static override description = describe(
    'Each alert folds the detections about one entity and cause. Of more than --limit, those raised or changed last are shown, ' +
      'in the order in which they were raised.',
  );
  static override examples = [
    '<%= config.bin %> alerts list --severity high --since 24h',
    '<%= config.bin %> alerts list --technique T1110 --output json',
    '<%= config.bin %> alerts list --agent web-1 --user root',
    '<%= config.bin %> alerts list --label env=prod --label role!=db*',
    '<%= config.bin %> alerts list --follow --severity high --output json | jq .reason',
    '<%= config.bin %> alerts list --status open --sort triage',
    '<%= config.bin %> alerts list --since 24h --output ocsf > alerts.ndjson',
  ];
  static override flags = {
    ...alertFilterFlags,
    ...exportOutput,
    until: Flags.string({ summary: 'Until a time; a duration counts back from now.', helpValue: 'TIME' }),
    withheld: Flags.boolean({ summary: 'Only those over the budget of their day, which are left out else.' }),
    sort: Flags.string({
      summary: `In this order: ${Object.keys(ORDERS).join(', ')}; triage has the likeliest to be real first.`,
      default: 'newest',
      helpValue: 'ORDER',
    }),
    limit: Flags.string({ summary: 'At most this many.', default: '100', helpValue: 'N' }),
    follow: Flags.boolean({
      summary: 'Print alerts as they are raised, as "alerts watch" does; with --since those since then first.',
      exclusive: ['until', 'withheld', 'limit', 'sort'],
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AlertsList);
    const output = this.outputFor(flags);
    const nowMs = Date.now();
    const withheld = flags.withheld ? Withheld.WITHHELD_ONLY : Withheld.WITHHELD_LEFT_OUT;
    const filter = { ...readAlertFilter(flags), ...readTimeRange(flags, { nowMs, utc: flags.utc }), withheld };
    const order = ORDERS[oneOf('sort', Object.keys(ORDERS) as (keyof typeof ORDERS)[], flags.sort.toLowerCase())];
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 100_000 });
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const { version } = this.config;
    if (flags.follow) {
      const { stopped: signal } = this.invocation;
      const { sinceUs, ...shown } = filter;
      return await printAlerts({
        client,
        ca: deployment.ca,
        filter: shown,
        sinceUs,
        updates: false,
        output,
        version,
        signal,
      });
    }
    const found = await client.listAlerts(filter, limit, order);
    const rows = order === AlertOrder.ALERT_ORDER_NEWEST ? latestFirst(found) : found;
    const format = exportFormat(output);
    if (format) writeExport(output, { alerts: rows, format, version });
    else output.list({ rows, columns: alertColumns({ ...output, nowMs }), keys: ALERT_KEYS, record: alertRecord });
    if (rows.length === 0) output.note('no alerts match');
    if (rows.length === limit) output.note(`${limit} shown; --limit shows more`);
  }
}
