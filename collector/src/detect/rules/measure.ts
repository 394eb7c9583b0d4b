// What the condition of a correlation is asked of: one number for one window, by type.
import type { CorrelationType } from './rule.ts';
import type { SlidingWindow, WindowSpan } from './sliding-window.ts';

/** Undefined where the window is none to ask about: a sequence goes on, a value that is no number. */
type Measure = (window: SlidingWindow, span: WindowSpan) => number | undefined;

export const MEASURES: Readonly<Record<CorrelationType, Measure>> = {
  event_count: (_, { totals }) => totals.weight,
  value_count: (_, { totals }) => totals.values.size,
  temporal: (_, { totals }) => totals.partCounts.filter((count) => count > 0).length,
  temporal_ordered: longestOrder,
  value_sum: sum,
  value_avg: (window, span) => sum(window, span) / span.totals.weight,
  value_percentile: percentile,
};

function sum(window: SlidingWindow, span: WindowSpan): number {
  if (span.totals.exact) return span.totals.sum;
  return window.entries(span).reduce((total, { number = 0, weight }) => total + number * weight, 0);
}

/** How many of the rules matched one after the other in the order they are named. */
function longestOrder(window: SlidingWindow, span: WindowSpan): number {
  const present = span.totals.partCounts.filter((count) => count > 0).length;
  if (present < 2) return present;
  const reached = new Array<number>(span.totals.partCounts.length).fill(0);
  for (const { part } of window.entries(span)) {
    let before = 0;
    for (let other = 0; other < part; other++) before = Math.max(before, reached[other]!);
    reached[part] = Math.max(reached[part]!, before + 1);
  }
  return Math.max(...reached);
}

/**
 * Of 0 to 100, about the value of the newest entry. A number: its percentile rank among the numbers of the window, those
 * equal to it half (the median is 50). A text has no order: how much of what was observed has this value.
 */
function percentile(window: SlidingWindow, span: WindowSpan): number | undefined {
  const { value, number } = span.last;
  if (number === undefined) return ((span.totals.values.get(value!) ?? 0) / span.totals.weight) * 100;
  let below = 0;
  let all = 0;
  for (const each of window.entries(span)) {
    if (each.number === undefined) continue;
    all += each.weight;
    if (each.number < number) below += each.weight;
    else if (each.number === number) below += each.weight / 2;
  }
  return (below / all) * 100;
}
