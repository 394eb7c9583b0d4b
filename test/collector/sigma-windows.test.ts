// Windows that are kept as events come, against all of them recomputed from every event there has been.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCorrelationRule } from '../../collector/src/detect/rules/compile.ts';
import { EventCorrelation } from '../../collector/src/detect/rules/correlate-events.ts';
import { slotOf } from '../../collector/src/detect/rules/fields.ts';
import { FlatEventView } from '../../collector/src/detect/rules/flat-event-view.ts';
import { GroupRoom } from '../../collector/src/detect/rules/groups.ts';
import type { CorrelationRule } from '../../collector/src/detect/rules/rule.ts';
import { CorrelationRuleSchema } from '../../collector/src/detect/rules/schema.ts';
import { LATE_US_MAX } from '../../collector/src/detect/rules/sliding-window.ts';

interface Happened {
  atUs: number;
  part: number;
  group: string;
  user: string;
  bytes: number;
}

const SPAN_US = 60e6;
const ruleOf = (type: string, condition?: object) =>
  compileCorrelationRule(
    CorrelationRuleSchema.parse({
      title: type,
      correlation: { type, rules: ['a', 'b', 'c'], 'group-by': ['group'], timespan: '1m', condition },
    }),
    slotOf,
  );

/** What a window comes to, from nothing but its events in their order. */
function naiveMeasure(type: string, events: readonly Happened[], last: Happened): number {
  const numbers = events.map(({ bytes }) => bytes);
  const sum = numbers.reduce((total, bytes) => total + bytes, 0);
  switch (type) {
    case 'event_count':
      return events.length;
    case 'value_count':
      return new Set(events.map(({ user }) => user)).size;
    case 'temporal':
      return new Set(events.map(({ part }) => part)).size;
    case 'temporal_ordered':
      return Math.max(
        ...[[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]].map((order) =>
          inOrder(events, order) ? order.length : 0,
        ),
      );
    case 'value_sum':
      return sum;
    case 'value_avg':
      return sum / events.length;
    default: {
      const below = numbers.filter((bytes) => bytes < last.bytes).length;
      const equal = numbers.filter((bytes) => bytes === last.bytes).length;
      return ((below + equal / 2) / numbers.length) * 100;
    }
  }
}

function inOrder(events: readonly Happened[], order: readonly number[]): boolean {
  let reached = 0;
  for (const { part } of events) if (part === order[reached]) reached++;
  return reached === order.length;
}

/** Whether a window that ends with an event and has the newest arrival meets the condition. */
function naiveHolds(rule: CorrelationRule, arrived: readonly Happened[]): boolean {
  const now = arrived.at(-1)!;
  const group = arrived.filter((each) => each.group === now.group);
  const newestUs = Math.max(...group.map(({ atUs }) => atUs));
  return group.some((last) => {
    if (last.atUs < now.atUs || last.atUs >= now.atUs + SPAN_US || last.atUs < newestUs - LATE_US_MAX) return false;
    // Of those that happened at once each was asked about when it came.
    if (last.atUs === now.atUs && last !== now) return false;
    if (rule.endsWithLast && last.part !== 2) return false;
    const window = group
      .filter(({ atUs }) => atUs > last.atUs - SPAN_US && atUs <= last.atUs)
      .toSorted((x, y) => x.atUs - y.atUs);
    return rule.holds(naiveMeasure(rule.type, window, last));
  });
}

/** Most in their time, some late, a few beyond the bound; whole seconds, so that many happen at once. */
const events = fc
  .array(
    fc.record({
      step: fc.nat({ max: 25 }),
      late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 80 }), fc.nat({ max: 420 })),
      part: fc.nat({ max: 2 }),
      group: fc.constantFrom('g', 'h'),
      user: fc.constantFrom('u', 'v', 'w', 'x'),
      bytes: fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(0.1, 0.2, 0.7, -3)),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((steps) => {
    let seconds = 1_000;
    return steps.map(({ step, late, ...rest }): Happened => {
      seconds += step;
      return { ...rest, atUs: (seconds - late) * 1e6 };
    });
  });

const field = 'bytes';
const RULES = [
  ruleOf('event_count', { gte: 5 }),
  ruleOf('event_count', { eq: 3 }),
  ruleOf('event_count', { gt: 2, lte: 4 }),
  ruleOf('event_count', { lt: 2 }),
  ruleOf('value_count', { field: 'user', gte: 3 }),
  ruleOf('value_count', { field: 'user', neq: 1 }),
  ruleOf('temporal'),
  ruleOf('temporal', { gte: 2 }),
  ruleOf('temporal_ordered'),
  ruleOf('temporal_ordered', { gte: 2 }),
  ruleOf('value_sum', { field, gt: 20 }),
  ruleOf('value_sum', { field, lte: 0 }),
  ruleOf('value_avg', { field, gte: 5 }),
  ruleOf('value_percentile', { field, gt: 75 }),
  ruleOf('value_percentile', { field, lt: 20 }),
].map((rule, index) => ({ rule, name: `${rule.type} ${index}` }));

describe('a correlation holds exactly where every event recomputed says so', () => {
  it.each(RULES)('$name', ({ rule }) => {
    fc.assert(
      fc.property(events, (happened) => {
        const correlation = new EventCorrelation(rule, new GroupRoom());
        const view = new FlatEventView();
        const arrived: Happened[] = [];
        for (const each of happened) {
          const { atUs, part, ...fields } = each;
          const of = arrived.filter(({ group }) => group === each.group).map((other) => other.atUs);
          const tooLate = atUs <= Math.max(...of) - SPAN_US - LATE_US_MAX;
          view.show(fields, atUs);
          const match = { references: [], atUs, firstAtUs: atUs, weight: 1, total: 1, cumulative: false };
          const firing = correlation.observe(part, view, match);
          if (!tooLate) arrived.push(each);
          expect(firing !== undefined).toBe(!tooLate && naiveHolds(rule, arrived));
        }
      }),
      { seed: 6, numRuns: 60 },
    );
  });
});
