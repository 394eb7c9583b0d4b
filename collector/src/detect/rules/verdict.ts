// What a part of a rule says of an event, where some of what it asks for cannot be seen at all. A field that no sensor
// reports is neither equal to a value nor different from it: a rule may then miss an event, and must never match one by
// what it could not look at. So each part is compiled twice, as what is certain and as what is possible.
import { ALWAYS, allOf, anyOf, NEVER, not, type Predicate } from './predicate.ts';

export interface Verdict {
  /** True where the part certainly holds. */
  holds: Predicate;
  /** True where it may hold. The same function as `holds` where everything it asks for can be seen. */
  may: Predicate;
}

/** Of something no event can tell. */
export const UNKNOWN: Verdict = { holds: NEVER, may: ALWAYS };

export function certain(predicate: Predicate): Verdict {
  return { holds: predicate, may: predicate };
}

export function allHold(verdicts: readonly Verdict[]): Verdict {
  return combine(verdicts, allOf);
}

export function anyHolds(verdicts: readonly Verdict[]): Verdict {
  return combine(verdicts, anyOf);
}

export function negate({ holds, may }: Verdict): Verdict {
  return holds === may ? certain(not(holds)) : { holds: not(may), may: not(holds) };
}

function combine(verdicts: readonly Verdict[], join: (predicates: readonly Predicate[]) => Predicate): Verdict {
  const holds = join(verdicts.map((verdict) => verdict.holds));
  return verdicts.every((verdict) => verdict.holds === verdict.may)
    ? certain(holds)
    : { holds, may: join(verdicts.map((verdict) => verdict.may)) };
}
