// How far a rule over single events got with one event, in words an analyst reads: what of its condition held, and the first
// part that did not, with the value the event has there.
import { type CompileOptions, selectionContext } from './compile-detection.ts';
import { readCondition } from './condition.ts';
import { type ExplainedSelection, type Explaining, explainSelection } from './explain-selection.ts';
import type { EventView } from './fields.ts';
import type { LoadedRule } from './link.ts';
import type { EventRule } from './rule.ts';
import { type EventRuleDocument, EventRuleSchema } from './schema.ts';

export interface ExplainedRule {
  outcome: 'matched' | 'filtered' | 'no';
  /** As written; of a list one a line. */
  condition: string;
  /** Those the condition uses, in its order. */
  selections: ExplainedSelection[];
  /** In words; empty where it matched. */
  stopped: string;
  /** How much of what it wants was there, 0 to 1. */
  share: number;
}

/** A condition as a tree over explained selections. */
type Part =
  | { kind: 'selection'; selection: ExplainedSelection }
  | { kind: 'all' | 'any'; parts: readonly Part[] }
  | { kind: 'not'; part: Part };

interface Truth {
  holds: boolean;
  may: boolean;
}

/** Of a rule that was loaded, for the event in the view, which is one of its log source. */
export function explainRule(
  { rule, data, filters = [] }: LoadedRule & { rule: EventRule },
  view: EventView,
  options: CompileOptions,
): ExplainedRule {
  const document: EventRuleDocument = EventRuleSchema.parse(data);
  const { condition, ...identifiers } = document.detection;
  const conditions = [condition].flat().map(String);
  const explaining = { view, context: selectionContext(rule.source, options, () => undefined) };
  const { tree, used } = readTree(conditions, identifiers, explaining);
  const matched = rule.matches(view);
  const filter = filters.find(({ suppresses }) => suppresses(view));
  const told = { condition: conditions.join('\n'), selections: used, share: shareOf(tree) };
  if (matched) return { ...told, outcome: 'matched', stopped: '' };
  if (truthOf(tree).holds && filter) {
    return { ...told, outcome: 'filtered', stopped: `the filter "${filter.title}" suppresses it` };
  }
  return { ...told, outcome: 'no', stopped: whyNot(tree) };
}

function readTree(conditions: readonly string[], identifiers: Record<string, unknown>, explaining: Explaining) {
  const used = new Map<string, ExplainedSelection>();
  const selectionOf = (name: string): Part => {
    const selection = used.get(name) ?? explainSelection(name, identifiers[name], explaining);
    used.set(name, selection);
    return { kind: 'selection', selection };
  };
  const join = (kind: 'all' | 'any') => (parts: readonly Part[]) => (parts.length === 1 ? parts[0]! : { kind, parts });
  const algebra = {
    selection: selectionOf,
    all: join('all'),
    any: join('any'),
    not: (part: Part): Part => ({ kind: 'not', part }),
  };
  const names = Object.keys(identifiers);
  const tree = algebra.any(conditions.map((condition) => readCondition(condition, names, algebra)));
  return { tree, used: [...used.values()] };
}

function truthOf(part: Part): Truth {
  switch (part.kind) {
    case 'selection':
      return part.selection;
    case 'not': {
      const { holds, may } = truthOf(part.part);
      return { holds: !may, may: !holds };
    }
    case 'all':
      return {
        holds: part.parts.every((each) => truthOf(each).holds),
        may: part.parts.every((each) => truthOf(each).may),
      };
    case 'any':
      return {
        holds: part.parts.some((each) => truthOf(each).holds),
        may: part.parts.some((each) => truthOf(each).may),
      };
  }
}

/** What is excluded says nothing of how near an event came. */
function shareOf(part: Part): number {
  switch (part.kind) {
    case 'selection':
      return part.selection.share;
    case 'not':
      return 0;
    case 'any':
      return Math.max(...part.parts.map(shareOf));
    case 'all': {
      const wanted = part.parts.filter(({ kind }) => kind !== 'not');
      return wanted.length === 0 ? 0 : wanted.reduce((sum, each) => sum + shareOf(each), 0) / wanted.length;
    }
  }
}

/** Of a part that does not certainly hold. */
function whyNot(part: Part): string {
  switch (part.kind) {
    case 'selection':
      return describeFailed(part.selection);
    case 'not':
      return whyNotExcluded(part.part);
    case 'all':
      return whyNot(part.parts.find((each) => !truthOf(each).holds)!);
    case 'any': {
      const nearest = part.parts.reduce((best, each) => (shareOf(each) > shareOf(best) ? each : best));
      return `${whyNot(nearest)} (the nearest of ${part.parts.length})`;
    }
  }
}

/** Of a part that is not to hold, and may. */
function whyNotExcluded(part: Part): string {
  switch (part.kind) {
    case 'selection': {
      const { name, holds } = part.selection;
      return holds
        ? `${name} holds, which the condition excludes`
        : `${name} asks for what no sensor reports: not excluded`;
    }
    case 'not':
      return whyNot(part.part);
    case 'any':
      return whyNotExcluded(part.parts.find((each) => truthOf(each).may)!);
    case 'all':
      return part.parts.map(whyNotExcluded).join('; ');
  }
}

function describeFailed({ name, failed }: ExplainedSelection): string {
  if (!failed) return `${name} does not hold`;
  const { item, wanted, value, unseen, field } = failed;
  if (unseen) return `${name}: no sensor reports ${item.split('|')[0]}`;
  if (!field) return `${name}: nowhere in the event is ${wanted}`;
  const has = value === undefined ? `the event has no ${field}` : `the event has ${field} "${value}"`;
  return `${name}: ${item} wants ${wanted}; ${has}`;
}
