// Sentences with values in them: "{count} failed logons for {user.name|user.id} from {source.ip} within {window}".
import { type EventView, fieldName, fieldSlot } from './fields.ts';
import { RuleError } from './rule-error.ts';

/** What a correlation knows beside its newest event. */
export interface WindowFacts {
  /** Events, distinct values or firings counted. */
  count: number;
  /** The rule's time span for people, "2 min". */
  window: string;
  /** Distinct values seen by a value_count; empty for the others. */
  seen: readonly string[];
}

/** One value within a sentence; the whole value stands in `values` and in the events. */
const REASON_VALUE_CHARS_MAX = 200;
/** Distinct values named in a sentence; the rest is counted. */
const NAMED_VALUES_MAX = 5;
const FACTS = ['count', 'window', 'seen'] as const;

type Part = string | { facts: keyof WindowFacts } | { slots: readonly number[] };

export class ReasonTemplate {
  /** Fields the sentence speaks of. */
  readonly slots: readonly number[];
  readonly #parts: readonly Part[];

  /** Throws RuleError `field` for a name that is neither a field nor a fact of a window. */
  constructor(template: string) {
    this.#parts = template
      .split(/(\{[^{}]*\})/)
      .filter(Boolean)
      .map(parsePart);
    this.slots = this.#parts.flatMap((part) => (typeof part === 'object' && 'slots' in part ? part.slots : []));
  }

  render(view: EventView, facts: WindowFacts | undefined): string {
    return this.#parts.map((part) => renderPart(part, view, facts)).join('');
  }
}

function parsePart(text: string): Part {
  if (!text.startsWith('{')) return text;
  const names = text.slice(1, -1).split('|');
  const fact = FACTS.find((name) => name === names[0]);
  if (fact && names.length === 1) return { facts: fact };
  const slots = names.map((name) => {
    const slot = fieldSlot(name);
    if (slot === undefined) throw new RuleError('field', `the reason names "${name}", which our events do not have`);
    return slot;
  });
  return { slots };
}

function renderPart(part: Part, view: EventView, facts: WindowFacts | undefined): string {
  if (typeof part === 'string') return part;
  if ('facts' in part) return renderFact(part.facts, facts);
  for (const slot of part.slots) {
    const text = view.text(slot);
    if (text !== undefined) return clipText(text, REASON_VALUE_CHARS_MAX);
  }
  return `(${fieldName(part.slots[0]!)} not seen)`;
}

function renderFact(name: keyof WindowFacts, facts: WindowFacts | undefined): string {
  if (name !== 'seen') return String(facts?.[name] ?? '');
  const seen = facts?.seen ?? [];
  const named = seen.slice(0, NAMED_VALUES_MAX).map((value) => clipText(value, 64));
  const more = seen.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

/** Shortened to a number of UTF-16 units, never within a surrogate pair. */
export function clipText(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).toWellFormed()}…`;
}
