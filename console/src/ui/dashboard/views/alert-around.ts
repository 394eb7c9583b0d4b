// What happened around an alert: which events are asked for, which processes are drawn, which other alerts are near it.
import { type Alert, type FieldFilter, resolveField, type StoredEvent } from '@threatguard/proto';
import { processTree, type TreeLine } from '../../../model/process-tree.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';

const RELATED_MAX = 20;
/** Asked for, to choose the nearest from. */
const RELATED_ASKED_MAX = 200;
const RELATED_US = 24 * 3_600_000_000;
const TREE_LINES_MAX = 60;

/** What the names of people, processes and files are of one host. */
const OF_A_HOST = /^(?:user|process|file)\./;

/**
 * The events of what an alert is about: of `user.name=root user.id=0` both fields, and those of its host alone, because others
 * have a root, too. Of its host where it is about nothing else that events have.
 */
export function aroundFilters({ entity, values, agentId }: Alert): FieldFilter[] {
  const text = entity ?? '';
  const named = [...text.matchAll(/(?:^| )([a-z][\w.@]*)=/g)];
  const filters = named.flatMap((match, index) => {
    const [whole, name = ''] = match;
    const field = resolveField(name);
    // What stands in the alert itself is whole; spaces within a value look like the next field.
    const value = values?.[name] ?? text.slice(match.index + whole.length, named[index + 1]?.index);
    return typeof field === 'string' && value ? [{ field, value }] : [];
  });
  const host = { field: 'agent.id', value: agentId ?? '' };
  if (filters.length === 0) return [host];
  return agentId && filters.some(({ field }) => OF_A_HOST.test(field)) ? [...filters, host] : filters;
}

/** Other alerts of the same host or user, no more than a day before or after; the newest first. */
export async function relatedTo(source: DashboardSource, alert: Alert): Promise<Alert[]> {
  const [fromUs, toUs] = [(alert.firstAtUs ?? 0) - RELATED_US, (alert.lastAtUs ?? 0) + RELATED_US];
  const user = alert.values?.['user.name'];
  // Asked by when they were changed, which is no sooner than they happened.
  const filters = [
    ...(alert.agentId ? [{ agent: alert.agentId, sinceUs: fromUs }] : []),
    ...(user ? [{ user, sinceUs: fromUs }] : []),
  ];
  const found = (await Promise.all(filters.map((filter) => source.listAlerts(filter, RELATED_ASKED_MAX)))).flat();
  const others = new Map(found.map((each) => [each.id, each]));
  others.delete(alert.id);
  return [...others.values()]
    .filter(({ firstAtUs, lastAtUs }) => (lastAtUs ?? 0) >= fromUs && (firstAtUs ?? 0) <= toUs)
    .sort((a, b) => (b.lastAtUs ?? 0) - (a.lastAtUs ?? 0))
    .slice(0, RELATED_MAX);
}

/** The trees that hold what is meant, each from its root; all trees where none does. */
export function treeAround(
  processes: readonly StoredEvent[],
  behind: readonly StoredEvent[],
  options: { ascii: boolean },
): TreeLine[] {
  const meant = new Set(behind.map(({ event }) => event?.process?.pid).filter(Boolean));
  const all = processTree([...processes, ...behind], ({ event }) => meant.has(event?.process?.pid), options);
  const trees: TreeLine[][] = [];
  for (const each of all) {
    if (each.depth === 0) trees.push([]);
    trees.at(-1)!.push(each);
  }
  const holding = trees.filter((tree) => tree.some(({ marked }) => marked));
  return (holding.length > 0 ? holding.flatMap(shortened) : all).slice(0, TREE_LINES_MAX);
}

/** Of a tree too long to read: what is meant, with all above it. */
function shortened(tree: TreeLine[]): TreeLine[] {
  if (tree.length <= TREE_LINES_MAX) return tree;
  const kept: TreeLine[] = [];
  let above = -1;
  for (const each of tree.toReversed()) {
    if (!each.marked && each.depth !== above) continue;
    kept.unshift(each);
    above = each.depth - 1;
  }
  return kept;
}
