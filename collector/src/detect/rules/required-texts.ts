// What an event must hold for a predicate to have a chance: one of a few texts in one of a few fields. Kept beside the predicate,
// so that many rules can be looked for at once (text-index.ts) and only those with a chance are asked.
import { writtenName } from './fields.ts';

/** The value of the field, in lower case, contains the text, which is lower case and ASCII. */
export interface RequiredText {
  slot: number;
  text: string;
}

/** Beyond this many a field is as good as searched for everything. */
const TEXTS_MAX = 1_000;
/** Fields that say what kind of event it is, with few values each: the record type of auditd, our actions and outcomes. */
const KIND_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'event.action',
  'event.outcome',
  'event.module',
  'Initiated',
]);
const ASCII = /^[ -~]+$/;

/** By predicate, the texts of which an event that it is true for holds at least one. */
const required = new WeakMap<object, readonly RequiredText[]>();

export function requiredTexts(predicate: object): readonly RequiredText[] | undefined {
  return required.get(predicate);
}

/** Notes what the predicate requires; nothing where that is not certain for every one of the texts. Gives the predicate back. */
export function withRequired<T extends object>(predicate: T, texts: readonly RequiredText[] | undefined): T {
  if (texts && texts.length > 0 && texts.length <= TEXTS_MAX && texts.every(({ text }) => ASCII.test(text))) {
    required.set(predicate, texts);
  }
  return predicate;
}

/** Of predicates that must all be true, the texts of the one that asks for most. */
export function requiredOfAll(predicates: readonly object[]): readonly RequiredText[] | undefined {
  let best: readonly RequiredText[] | undefined;
  for (const predicate of predicates) {
    const texts = required.get(predicate);
    if (texts && (!best || rarity(texts) > rarity(best))) best = texts;
  }
  return best;
}

/** Of predicates of which one must be true, the texts of them all; undefined where one requires nothing. */
export function requiredOfAny(predicates: readonly object[]): readonly RequiredText[] | undefined {
  const all = predicates.map((predicate) => required.get(predicate));
  return all.every((texts) => texts !== undefined) ? all.flat() : undefined;
}

/** The longer the shortest, the rarer; of what most events of a source have nothing is rare. */
function rarity(texts: readonly RequiredText[]): number {
  return Math.min(...texts.map(({ slot, text }) => (KIND_FIELDS.has(writtenName(slot)) ? 0 : text.length)));
}
