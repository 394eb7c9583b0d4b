// What triage learns from: alerts as they were raised, with the verdicts that were known at that moment, and no later one.
import type { Alert, AlertVerdict } from '@threatguard/proto';
import { type AlertFacts, describeAlert } from './alert-facts.ts';
import { isReal, VerdictHistory } from './verdict-history.ts';

/** An alert that was closed with a verdict. */
export interface ClosedAlert {
  /** As it was raised: its first revision. */
  raised: Alert;
  verdict: AlertVerdict;
  closedAtUs: number;
}

export interface Example {
  facts: AlertFacts;
  real: boolean;
  raisedAtUs: number;
  closedAtUs: number;
}

/** In the order they were raised. */
export function toExamples(closed: readonly ClosedAlert[]): Example[] {
  const byClosing = [...closed].sort((a, b) => a.closedAtUs - b.closedAtUs);
  const byRaising = [...closed].sort((a, b) => (a.raised.raisedAtUs ?? 0) - (b.raised.raisedAtUs ?? 0));
  const history = new VerdictHistory();
  let next = 0;
  return byRaising.map(({ raised, verdict, closedAtUs }) => {
    const raisedAtUs = raised.raisedAtUs ?? 0;
    for (; next < byClosing.length && byClosing[next]!.closedAtUs < raisedAtUs; next++) {
      history.add(byClosing[next]!.raised, byClosing[next]!.verdict);
    }
    const facts = describeAlert(raised, history.of(raised));
    return { facts, real: isReal(verdict), raisedAtUs, closedAtUs };
  });
}
