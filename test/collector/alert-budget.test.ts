import { type Alert, Severity } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlertBudget } from '../../collector/src/correlate/alert-budget.ts';
import { startBudget } from '../../collector/src/correlate/start-budget.ts';

const DAY_US = 86_400_000_000;
const TODAY_US = Math.floor(1_790_000_000_000_000 / DAY_US) * DAY_US;
const alert = (id: string, more: Alert = {}): Alert => ({
  id,
  ruleId: 'r',
  severity: Severity.MEDIUM,
  risk: 0,
  raisedAtUs: TODAY_US + 1,
  ...more,
});

/** What is withheld after all the moves a budget made, in the order it made them; as the store has it. */
class Pile {
  readonly withheld = new Set<string>();
  readonly budget: AlertBudget;
  nowUs = TODAY_US + 10;

  constructor(perDay: number, options: { alertsMax?: number } = {}) {
    this.budget = new AlertBudget(perDay, options);
  }

  take(moves: ReturnType<AlertBudget['place']>): void {
    for (const { alertId, withheld } of moves) {
      if (withheld) this.withheld.add(alertId);
      else this.withheld.delete(alertId);
    }
  }

  place(...alerts: Alert[]): string[] {
    this.take(this.budget.place(alerts, this.nowUs));
    for (const { id, withheld } of alerts) expect(withheld, id!).toBe(this.withheld.has(id!));
    return [...this.withheld].sort();
  }
}

describe('an alert budget', () => {
  it('shows the first alerts of a day, and withholds those beyond it', () => {
    const pile = new Pile(2);
    expect(pile.place(alert('a'), alert('b'))).toEqual([]);
    expect(pile.place(alert('c', { raisedAtUs: TODAY_US + 2 }))).toEqual(['c']);
    expect(pile.budget.report(pile.nowUs)).toEqual({ dayUs: TODAY_US, shown: 2, withheld: 1 });
  });

  it('withholds the lowest: a higher one takes its place', () => {
    const pile = new Pile(2);
    pile.place(alert('low', { severity: Severity.LOW }), alert('risky', { severity: Severity.LOW, risk: 60 }));
    expect(pile.place(alert('high', { severity: Severity.HIGH }))).toEqual(['low']);
    expect(pile.place(alert('medium'))).toEqual(['low', 'risky']);
    expect(pile.place(alert('low too', { severity: Severity.LOW, risk: 99 }))).toEqual(['low', 'low too', 'risky']);
  });

  it('never withholds critical alerts or those about agents, nor counts them', () => {
    const pile = new Pile(1);
    const health = alert('lost', { ruleId: 'health/events-lost', severity: Severity.MEDIUM });
    expect(
      pile.place(alert('a', { severity: Severity.HIGH }), alert('worst', { severity: Severity.CRITICAL }), health),
    ).toEqual([]);
    expect(pile.budget.report(pile.nowUs)).toMatchObject({ shown: 1, withheld: 0 });
  });

  it('shows a withheld alert again once it is critical, and fills a place that becomes free', () => {
    const pile = new Pile(1);
    expect(pile.place(alert('a', { risk: 9 }), alert('b'), alert('c', { risk: 1 }))).toEqual(['b', 'c']);
    expect(pile.place(alert('b', { severity: Severity.CRITICAL, withheld: true }))).toEqual(['c']);
    expect(pile.place(alert('a', { severity: Severity.CRITICAL }))).toEqual([]);
  });

  it('begins anew with each day; what was withheld stays so, and a clock put back gives no second budget', () => {
    const pile = new Pile(1);
    pile.place(alert('a'), alert('b'));
    pile.nowUs += DAY_US;
    expect(pile.place(alert('next', { raisedAtUs: pile.nowUs }))).toEqual(['b']);
    // Alerts of the day before that grow: neither counted again nor moved.
    expect(pile.place(alert('a'), alert('b', { severity: Severity.HIGH }))).toEqual(['b']);
    pile.nowUs -= DAY_US;
    expect(pile.place(alert('late', { raisedAtUs: pile.nowUs + DAY_US + 1 }))).toEqual(['b', 'late']);
  });

  it('that is set holds for the day: the highest are shown', () => {
    const pile = new Pile(0);
    expect(pile.place(...['a', 'b', 'c', 'd'].map((id, risk) => alert(id, { risk })))).toEqual([]);
    pile.take(pile.budget.setPerDay(2, pile.nowUs));
    expect([...pile.withheld].sort()).toEqual(['a', 'b']);
    pile.take(pile.budget.setPerDay(3, pile.nowUs));
    expect([...pile.withheld]).toEqual(['a']);
    pile.take(pile.budget.setPerDay(0, pile.nowUs));
    expect([...pile.withheld]).toEqual([]);
  });

  it('goes on from the store; what somebody set goes before the configuration', async () => {
    const stored = [alert('a', { risk: 3 }), alert('b', { risk: 2 }), alert('c', { risk: 1, withheld: true })];
    const judgements = (perDay?: number) =>
      ({
        alertsOfDay: async () => stored,
        budget: async () => (perDay === undefined ? undefined : { perDay, setBy: 'admin', setAtUs: 1 }),
      }) as unknown as Parameters<typeof startBudget>[1]['store']['judgements'];
    const start = async (configured: number, set?: number) => {
      const budget = new AlertBudget();
      const moves = await startBudget(budget, {
        store: { judgements: judgements(set) },
        configured,
        nowUs: TODAY_US + 10,
      });
      return { perDay: budget.perDay, moves: moves.map(({ alertId, withheld }) => [alertId, withheld]) };
    };
    expect(await start(2)).toEqual({ perDay: 2, moves: [] });
    expect(await start(2, 1)).toEqual({ perDay: 1, moves: [['b', true]] });
    expect(await start(2, 0)).toEqual({ perDay: 0, moves: [['c', false]] });
  });

  it('with more alerts than it can rank withholds the rest', () => {
    const pile = new Pile(1, { alertsMax: 2 });
    expect(pile.place(alert('a'), alert('b'), alert('c'))).toEqual(['b', 'c']);
  });

  it('always shows exactly the highest, whatever comes in whichever order', () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 12 }),
      severity: fc.constantFrom(Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL),
      risk: fc.integer({ min: 0, max: 4 }),
      set: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 6, nil: undefined }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (first, steps) => {
        const pile = new Pile(first);
        const known = new Map<string, Alert>();
        let perDay = first;
        for (const { id: number, severity, risk, set } of steps) {
          if (set !== undefined) {
            perDay = set;
            pile.take(pile.budget.setPerDay(set, pile.nowUs));
          }
          const id = String(number).padStart(2, '0');
          const before = known.get(id);
          const grown = alert(id, {
            severity: Math.max(before?.severity ?? 0, severity),
            risk: Math.max(before?.risk ?? 0, risk),
            raisedAtUs: TODAY_US + number,
            withheld: before?.withheld ?? false,
          });
          known.set(id, grown);
          pile.place(grown);
          const counted = [...known.values()].filter((each) => each.severity! < Severity.CRITICAL);
          const lowestLast = counted.sort(
            (a, b) => b.severity! - a.severity! || b.risk! - a.risk! || a.raisedAtUs! - b.raisedAtUs!,
          );
          const expected = perDay > 0 ? lowestLast.slice(perDay).map((each) => each.id!) : [];
          expect([...pile.withheld].sort()).toEqual(expected.sort());
        }
      }),
      { seed: 20261121, numRuns: 1_000 },
    );
  });
});
