import type { RuleSummary, ShowRuleResponse } from '@threatguard/proto';
import { ruleColumns, ruleLines } from '../../../model/rule.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { type Act, list, page } from '../view.ts';
import { said } from './page-parts.ts';
import { severityTone } from './severity-tone.ts';

const REFRESH_MS = 5_000;

/** On, off, or tried out, with why. */
function stateActs<Row>(ruleOf: (row: Row) => RuleSummary | undefined): readonly Act<Row>[] {
  const change = (key: string, label: string, state: string): Act<Row> => ({
    key,
    label,
    needs: 'rules:write',
    asks: (rows) => {
      const rules = rows.map(ruleOf).filter((rule) => rule?.id);
      const which = rules.length === 1 ? `"${rules[0]?.title ?? ''}"` : `${rules.length} rules`;
      return rules.length > 0 ? { kind: 'text', question: `${label} ${which}, because:`, required: true } : undefined;
    },
    run: async (source, rows, { answer }) => {
      const ids = rows.flatMap((row) => ruleOf(row)?.id ?? []);
      for (const id of ids) await source.setRuleState({ id, state, reason: answer });
      return `${ids.length === 1 ? 'the rule is' : `${ids.length} rules are`} ${state}`;
    },
  });
  return [change('E', 'enable', 'on'), change('D', 'disable', 'off'), change('T', 'try out', 'simulated')];
}

export const rules = list<RuleSummary>({
  name: 'rules',
  aliases: ['ru'],
  summary: 'rules with what they matched in a day',
  refreshMs: REFRESH_MS,
  command: () => 'threatguard rules list',
  rows: async (source) => (await source.listRules({})).rules ?? [],
  id: ({ id, file, line }) => id || `${file}:${line}`,
  columns: (look) =>
    ruleColumns(look.nowMs).map((column) => {
      switch (column.title) {
        case 'LEVEL':
          return {
            ...column,
            order: ({ level }: RuleSummary) => level ?? 0,
            tone: ({ level }: RuleSummary) => severityTone(level),
          };
        case 'STATE':
          return {
            ...column,
            tone: ({ state, problem }: RuleSummary) => (problem ? 'bad' : state === 'on' ? undefined : 'dim'),
          };
        case 'ID':
          return { ...column, optional: true as const };
        case 'MATCHES 24H':
          return { ...column, order: ({ matches }: RuleSummary) => matches ?? 0 };
        case 'ALERTS 24H':
          return { ...column, order: ({ alerts }: RuleSummary) => alerts ?? 0 };
        default:
          return column;
      }
    }),
  open: ({ id }) => (id ? { view: 'rule', arg: id } : undefined),
  acts: stateActs((rule) => rule),
  empty: 'no rules are loaded',
});

export const rule = page<ShowRuleResponse>({
  name: 'rule',
  aliases: [],
  summary: 'one rule: what it asks for, and what it matched',
  takes: 'an id',
  refreshMs: REFRESH_MS,
  command: (id) => `threatguard rules show ${shellWord(id)}`,
  load: (source, id) => source.showRule(id),
  lines: (shown, look) =>
    ruleLines(shown, { utc: look.utc, columns: look.columns - 2 }).flatMap((text) =>
      text.split('\n').map((each) => said(`  ${each}`)),
    ),
  acts: stateActs(({ rule: shown }) => shown ?? undefined),
});
