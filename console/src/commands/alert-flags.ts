import { Flags } from '@oclif/core';
import { type AlertFilter, parseSeverity } from '@threatguard/proto';
import { readLabelFilter } from '../model/agent-labels.ts';
import { ConsoleError } from '../model/console-error.ts';
import { parseTime } from '../model/time.ts';
import { STATUSES } from '../model/triage.ts';
import { oneOf } from './console-command.ts';

const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;

/** Filters of `alerts list` and `alerts watch`. */
export const alertFilterFlags = {
  severity: Flags.string({ summary: `Only this severity and above: ${SEVERITIES.join(', ')}.`, helpValue: 'LEVEL' }),
  agent: Flags.string({ summary: 'Only this agent, by name or id.', helpValue: 'NAME' }),
  user: Flags.string({ summary: 'Only alerts about this user.', helpValue: 'NAME' }),
  technique: Flags.string({ summary: 'Only this ATT&CK technique, its sub-techniques included.', helpValue: 'T1110' }),
  status: Flags.string({ summary: `Only in this state: ${Object.keys(STATUSES).join(', ')}.`, helpValue: 'STATE' }),
  assignee: Flags.string({ summary: 'Only those assigned to this person.', helpValue: 'NAME' }),
  label: Flags.string({
    summary:
      'Only about agents with this label, or with (!=: without) this value of it; repeatable, and all must hold.',
    multiple: true,
    helpValue: 'NAME[=VALUE]',
  }),
  since: Flags.string({
    summary: 'Raised or changed since a time, or for a duration up to now: 15m, 24h, 7d.',
    helpValue: 'TIME',
  }),
};

interface FilterFlags {
  severity?: string | undefined;
  agent?: string | undefined;
  user?: string | undefined;
  technique?: string | undefined;
  status?: string | undefined;
  assignee?: string | undefined;
  label?: string[] | undefined;
}

/** The filter without its time range. Throws `usage` for a value that cannot be. */
export function readAlertFilter(flags: FilterFlags): AlertFilter {
  const filter: AlertFilter = {};
  if (flags.severity !== undefined) {
    filter.severityMin = parseSeverity(oneOf('severity', SEVERITIES, flags.severity.toLowerCase())) ?? 0;
  }
  if (flags.technique !== undefined) {
    const technique = flags.technique.toUpperCase();
    if (!/^T\d{4}(\.\d{3})?$/.test(technique)) {
      throw new ConsoleError(
        'usage',
        `--technique "${flags.technique}" is not an ATT&CK id such as T1110 or T1110.001`,
      );
    }
    filter.technique = technique;
  }
  if (flags.status !== undefined) {
    const names = Object.keys(STATUSES) as (keyof typeof STATUSES)[];
    filter.state = STATUSES[oneOf('status', names, flags.status.toLowerCase())];
  }
  if (flags.assignee !== undefined) filter.assignee = flags.assignee;
  if (flags.label !== undefined) filter.labels = readLabelFilter(flags.label);
  if (flags.agent !== undefined) filter.agent = flags.agent;
  if (flags.user !== undefined) filter.user = flags.user;
  return filter;
}

/** `--since` and `--until` in microseconds, absent where not given. Throws `usage` where the range is empty. */
export function readTimeRange(
  flags: { since?: string | undefined; until?: string | undefined },
  context: { nowMs: number; utc: boolean },
): { sinceUs?: number; untilUs?: number } {
  const range: { sinceUs?: number; untilUs?: number } = {};
  if (flags.since !== undefined) range.sinceUs = parseTime(flags.since, { flag: '--since', ...context });
  if (flags.until !== undefined) range.untilUs = parseTime(flags.until, { flag: '--until', ...context });
  if (range.sinceUs !== undefined && range.untilUs !== undefined && range.sinceUs > range.untilUs) {
    throw new ConsoleError('usage', `--since "${flags.since}" is later than --until "${flags.until}"`);
  }
  return range;
}
