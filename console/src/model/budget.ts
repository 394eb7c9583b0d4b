import type { AlertBudgetReport } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { renderPairs } from './table.ts';
import { humanTime, isoTime } from './time.ts';

export function budgetRecord(budget: AlertBudgetReport): JsonRecord {
  return {
    per_day: budget.perDay || undefined,
    set_by: budget.setBy || undefined,
    set_at: budget.setAtUs ? isoTime(budget.setAtUs) : undefined,
    day: isoTime(budget.dayUs),
    shown: budget.shown ?? 0,
    withheld: budget.withheld ?? 0,
    withheld_open: budget.withheldOpen ?? 0,
  };
}

export function budgetLines(budget: AlertBudgetReport, utc: boolean): string[] {
  const { perDay = 0, setBy, setAtUs, dayUs, shown = 0, withheld = 0, withheldOpen = 0 } = budget;
  const by = setBy ? `set by ${setBy} at ${humanTime(setAtUs, utc)}` : 'from collector.yaml';
  return renderPairs([
    ['budget', perDay ? `${perDay} alerts a day, ${by}` : `none: all alerts are shown; ${by}`],
    ['this day', `${shown} shown, ${withheld} withheld since ${humanTime(dayUs, utc)} (a day begins at midnight UTC)`],
    ['not counted', 'critical alerts, and what the collector says of agents: always shown'],
    ['pile', withheldOpen ? `${withheldOpen} withheld and not closed: threatguard alerts budget --withheld` : 'empty'],
  ]);
}
