import type { EventView } from './fields.ts';
import { requiredOfAll, requiredOfAny, withRequired } from './required-texts.ts';

/** A part of a rule, compiled: whether the event shown in the view has it. Reads fields, keeps nothing. */
export type Predicate = (view: EventView) => boolean;

/** The two that need no event. What is built from them by the functions below is folded to them again where it can be. */
export const NEVER: Predicate = () => false;
export const ALWAYS: Predicate = () => true;

/** True where all are; the cheap ones should come first. */
export function allOf(predicates: readonly Predicate[]): Predicate {
  if (predicates.includes(NEVER)) return NEVER;
  const tests = predicates.filter((predicate) => predicate !== ALWAYS);
  if (tests.length === 0) return ALWAYS;
  if (tests.length === 1) return tests[0]!;
  const all: Predicate = (view) => {
    for (const test of tests) if (!test(view)) return false;
    return true;
  };
  return withRequired(all, requiredOfAll(tests));
}

/** True where one is. */
export function anyOf(predicates: readonly Predicate[]): Predicate {
  if (predicates.includes(ALWAYS)) return ALWAYS;
  const tests = predicates.filter((predicate) => predicate !== NEVER);
  if (tests.length === 0) return NEVER;
  if (tests.length === 1) return tests[0]!;
  const any: Predicate = (view) => {
    for (const test of tests) if (test(view)) return true;
    return false;
  };
  return withRequired(any, requiredOfAny(tests));
}

export function not(predicate: Predicate): Predicate {
  if (predicate === NEVER) return ALWAYS;
  if (predicate === ALWAYS) return NEVER;
  return (view) => !predicate(view);
}
