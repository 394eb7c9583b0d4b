import type { EventView } from './fields.ts';

/** A part of a rule, compiled: whether the event shown in the view has it. Reads fields, keeps nothing. */
export type Predicate = (view: EventView) => boolean;

/** True where all are; the cheap ones should come first. */
export function allOf(predicates: readonly Predicate[]): Predicate {
  if (predicates.length === 1) return predicates[0]!;
  return (view) => {
    for (const predicate of predicates) if (!predicate(view)) return false;
    return true;
  };
}

/** True where one is. */
export function anyOf(predicates: readonly Predicate[]): Predicate {
  if (predicates.length === 1) return predicates[0]!;
  return (view) => {
    for (const predicate of predicates) if (predicate(view)) return true;
    return false;
  };
}

export function not(predicate: Predicate): Predicate {
  return (view) => !predicate(view);
}
