import { Flags } from '@oclif/core';
import { INCIDENT_KEYS, incidentColumns, incidentRecord } from '../../model/incident.ts';
import { alertFilterFlags, readAlertFilter, readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe, oneOf, wholeNumber } from '../console-command.ts';
import { printIncidents } from '../follow-incidents.ts';
import { timeRangeFlags } from '../list-flags.ts';

const STATES = ['open', 'closed'] as const;

export class IncidentsList extends ConsoleCommand {
  static override summary = 'List incidents, those that changed last first.';
  static override description = describe('An incident joins alerts that belong together into one story.');
  static override examples = [
    '<%= config.bin %> incidents list',
    '<%= config.bin %> incidents list --since 7d --follow',
    '<%= config.bin %> incidents list --severity high --output json',
  ];
  static override flags = {
    severity: alertFilterFlags.severity,
    state: Flags.string({ summary: `Only one state: ${STATES.join(', ')}.`, helpValue: 'STATE' }),
    ...timeRangeFlags,
    follow: Flags.boolean({
      summary: 'Print incidents as they change, a line each; with --since those that changed since then first.',
      exclusive: ['until', 'limit'],
    }),
    limit: Flags.string({ summary: 'At most this many.', default: '100', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(IncidentsList);
    const output = this.outputFor(flags);
    const state = flags.state === undefined ? '' : oneOf('state', STATES, flags.state);
    const { severityMin } = readAlertFilter({ severity: flags.severity });
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 100_000 });
    const span = readTimeRange(flags, { nowMs: Date.now(), utc: flags.utc });
    const { client } = await this.connect(flags);
    using _ = client;
    const filter = { state, severityMin: severityMin ?? 0 };
    if (flags.follow) {
      return await printIncidents({ client, filter, sinceUs: span.sinceUs, output, signal: this.invocation.stopped });
    }
    const rows = await client.listIncidents(filter, limit, span);
    output.list({ rows, columns: incidentColumns(Date.now()), keys: INCIDENT_KEYS, record: incidentRecord });
    if (rows.length === 0) output.note('no incidents match');
    if (rows.length === limit) output.note(`${limit} shown; --limit shows more`);
  }
}
