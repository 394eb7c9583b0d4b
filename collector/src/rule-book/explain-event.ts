// Which rules look at an event, and how far each gets with it. Pure; it runs in the thread of desk.ts, because it compiles rules.
import type { StoredEvent } from '@threatguard/proto';
import { OUR_EVENTS } from '../detect/rules/compile-detection.ts';
import { type ExplainedRule, explainRule } from '../detect/rules/explain-rule.ts';
import { HostEventView } from '../detect/rules/host-event-view.ts';
import type { LoadedRule } from '../detect/rules/link.ts';
import { compileRules, type RuleFile } from '../detect/rules/load.ts';
import type { EventRule } from '../detect/rules/rule.ts';
import { wireRules } from '../detect/rules/wiring.ts';

export interface EventExplanation {
  /** Of the log source of the event: those that matched first, then the nearest. */
  rules: (ExplainedRule & { id: string; speaks: boolean; feeds: string[] })[];
  /** Rules over single events that are of other log sources. */
  others: number;
}

export function explainEvent(files: readonly RuleFile[], stored: StoredEvent): EventExplanation {
  const { event = {}, reference, agentName = '', eventAtUs = 0 } = stored;
  const view = new HostEventView();
  view.agentId = reference?.agentId ?? '';
  view.agentName = agentName;
  view.show(event ?? {}, eventAtUs);
  const { rules, placeholders } = compileRules(files);
  const wired = wireRules(rules.map(({ rule }) => rule));
  const candidates = rules.flatMap((loaded, index) => {
    const { speaks, feeds } = wired[index]!;
    const titles = feeds.map(({ into }) => wired[into]!.rule.title);
    return isEventRule(loaded) ? [{ loaded, speaks, feeds: titles }] : [];
  });
  const looked = candidates.filter(
    ({ loaded: { rule } }) => rule.classes.includes(event?.class ?? 0) && view.isFrom(rule.source),
  );
  const explained = looked.map(({ loaded, speaks, feeds }) => ({
    ...explainRule(loaded, view, { ...OUR_EVENTS, placeholders }),
    id: loaded.rule.id,
    speaks,
    feeds,
  }));
  return {
    rules: explained.sort((a, b) => RANK[a.outcome] - RANK[b.outcome] || b.share - a.share || (a.id < b.id ? -1 : 1)),
    others: candidates.length - looked.length,
  };
}

const RANK: Record<ExplainedRule['outcome'], number> = { matched: 0, filtered: 1, no: 2 };

function isEventRule(loaded: LoadedRule): loaded is LoadedRule & { rule: EventRule } {
  return loaded.rule.kind === 'event';
}
