import { type RuleSummary, type ShowRuleResponse, severityName } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { printable } from './printable.ts';
import { type Column, renderPairs, renderTable } from './table.ts';
import { age, humanTime, isoTime } from './time.ts';

/** Keys of a rule in JSON and CSV, in order. */
export const RULE_KEYS = [
  'id',
  'title',
  'level',
  'kind',
  'state',
  'problem',
  'techniques',
  'tactics',
  'logsource',
  'speaks',
  'overrides',
  'matches',
  'alerts',
  'last_match_at',
  'file',
  'line',
  'decided.by',
  'decided.at',
  'decided.reason',
] as const;

export function ruleRecord(rule: RuleSummary): JsonRecord {
  return {
    id: rule.id || undefined,
    title: rule.title ?? '',
    level: rule.level ? severityName(rule.level) : undefined,
    kind: rule.kind || undefined,
    state: rule.state ?? '',
    problem: rule.problem || undefined,
    techniques: rule.techniques ?? [],
    tactics: rule.tactics ?? [],
    logsource: rule.logsource || undefined,
    speaks: rule.speaks ?? false,
    overrides: rule.overrides ?? false,
    matches: rule.matches ?? 0,
    alerts: rule.alerts ?? 0,
    last_match_at: isoTime(rule.lastMatchAtUs),
    file: rule.file ?? '',
    line: rule.line ?? 0,
    'decided.by': rule.stateBy || undefined,
    'decided.at': isoTime(rule.stateAtUs),
    'decided.reason': rule.stateReason || undefined,
  };
}

export function ruleColumns(nowMs: number): Column<RuleSummary>[] {
  return [
    { title: 'STATE', cell: stateText },
    { title: 'LEVEL', cell: ({ level }) => (level ? severityName(level) : '-') },
    {
      title: 'RULE',
      cell: ({ title, problem }) => (problem ? `${title || '-'}: ${problem}` : (title ?? '')),
      shrink: true,
    },
    { title: 'ATT&CK', cell: ({ techniques }) => (techniques ?? []).join(' '), shrink: true, optional: true },
    { title: 'MATCHES 24H', cell: ({ matches }) => String(matches ?? 0), align: 'right' },
    { title: 'ALERTS 24H', cell: ({ alerts }) => String(alerts ?? 0), align: 'right' },
    { title: 'LAST', cell: ({ lastMatchAtUs }) => age(lastMatchAtUs, nowMs), align: 'right' },
    { title: 'ID', cell: ({ id }) => id || '-', shrink: true },
    { title: 'FILE', cell: ({ file, line }) => `${file}:${line}`, shrink: true, optional: true },
  ];
}

function stateText({ state, problem, speaks }: RuleSummary): string {
  if (state === 'on' && problem) return 'failed';
  return state === 'on' && !speaks ? 'on (part)' : (state ?? '');
}

/** One rule with all that is known of it. */
export function shownRuleRecord(shown: ShowRuleResponse): JsonRecord {
  const { simulation } = shown;
  return {
    ...ruleRecord(shown.rule ?? {}),
    description: shown.description || undefined,
    status: shown.status || undefined,
    author: shown.author || undefined,
    false_positives: shown.falsePositives ?? [],
    references: shown.references ?? [],
    refers: shown.refers ?? [],
    feeds: shown.feeds ?? [],
    filters: shown.filters ?? [],
    sees: shown.sees || undefined,
    simulation: simulation
      ? {
          matches: simulation.matches ?? 0,
          alerts: simulation.alerts ?? 0,
          unrecorded: simulation.unrecorded ?? 0,
          first_at: isoTime(simulation.firstAtUs),
          last_at: isoTime(simulation.lastAtUs),
          newest: (simulation.newest ?? []).map((match) => ({
            at: isoTime(match.lastAtUs),
            agent: match.agentId ?? '',
            entity: match.entity ?? '',
            reason: match.reason ?? '',
          })),
        }
      : undefined,
    text: shown.text ?? '',
  };
}

export function ruleLines(shown: ShowRuleResponse, look: { utc: boolean; columns: number | undefined }): string[] {
  const rule = shown.rule ?? {};
  const decided = [
    rule.stateBy && `by ${rule.stateBy}`,
    rule.stateAtUs && humanTime(rule.stateAtUs, look.utc),
    rule.stateReason,
  ];
  const pairs: [string, string][] = [
    ['rule', rule.title ?? ''],
    ['id', rule.id ?? ''],
    ['state', [stateText(rule), ...decided].filter(Boolean).join(', ')],
    ['problem', rule.problem ?? ''],
    ['level', rule.level ? severityName(rule.level) : ''],
    ['description', shown.description ?? ''],
    ['ATT&CK', [...(rule.techniques ?? []), ...(rule.tactics ?? [])].join(', ')],
    ['log source', rule.logsource ?? ''],
    ['sees only', shown.sees ?? ''],
    ['joins', (shown.refers ?? []).join('; ')],
    ['goes into', (shown.feeds ?? []).join('; ')],
    ['filtered by', (shown.filters ?? []).join('; ')],
    ['false alarms', (shown.falsePositives ?? []).join('; ')],
    ['last 24 hours', `${rule.matches ?? 0} matches, ${rule.alerts ?? 0} alerts`],
    ['last match', humanTime(rule.lastMatchAtUs, look.utc)],
    ['author', shown.author ?? ''],
    ['references', (shown.references ?? []).join(' ')],
    ['file', `${rule.file}:${rule.line}${rule.overrides ? ', in the place of a rule of the pack' : ''}`],
  ];
  return [
    ...renderPairs(pairs.filter(([, value]) => value !== '')),
    ...simulationLines(shown, look),
    '',
    ...(shown.text ?? '').split('\n').map(printable),
  ];
}

function simulationLines(
  { simulation }: ShowRuleResponse,
  look: { utc: boolean; columns: number | undefined },
): string[] {
  if (!simulation) return [];
  const { matches = 0, alerts = 0, unrecorded = 0, newest = [] } = simulation;
  const span = matches
    ? ` from ${humanTime(simulation.firstAtUs, look.utc)} to ${humanTime(simulation.lastAtUs, look.utc)}`
    : '';
  const more = unrecorded ? `; ${unrecorded} more were only counted` : '';
  return [
    '',
    `simulated: ${matches} matches${span}, which would have raised ${alerts} alerts${more}`,
    ...(newest.length > 0
      ? renderTable(
          [
            { title: 'TIME', cell: (match) => humanTime(match.lastAtUs, look.utc) },
            { title: 'ENTITY', cell: (match) => match.entity ?? '', shrink: true },
            { title: 'WOULD HAVE SAID', cell: (match) => match.reason ?? '', shrink: true },
          ],
          newest,
          look.columns,
        )
      : []),
  ];
}
