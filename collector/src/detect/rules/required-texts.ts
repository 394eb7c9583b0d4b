// What an event must hold for a predicate to have a chance: one of a few requirements, each of them groups of texts of which
// one each must be in the fields they are asked of. Kept beside the predicate, so that many rules can be looked for at once
// (text-index.ts) and only those with a chance are asked.
import { writtenName } from './fields.ts';

/** The value of the field, in lower case, contains the text, which is lower case and ASCII. */
export interface RequiredText {
  slot: number;
  text: string;
  /** Only at the beginning of the value. */
  start: boolean;
  /** Only at its end. */
  end: boolean;
}

/** One of them must be there. */
type RequiredGroup = readonly RequiredText[];

/** Every group must be met. */
export type Requirement = readonly RequiredGroup[];

/** Beyond this many a field is as good as searched for everything. */
const TEXTS_MAX = 1_000;
/** Of one requirement, the rarest: what passes these is asked anyway. */
const GROUPS_MAX = 8;
/** Of one predicate; beyond it they are taken together, which asks for less. */
const REQUIREMENTS_MAX = 16;
/** Texts less rare are in most values: they are kept only where there is nothing better. */
const RARITY_MIN = 2;
/** A text at the beginning or end of a value is as rare as one so many characters longer. */
const ANCHOR_RARITY = 2;
/** Fields that say what kind of event it is, with few values each: the record type of auditd, our actions and outcomes. */
const KIND_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'event.action',
  'event.outcome',
  'event.module',
  'Initiated',
]);
const ASCII = /^[ -~]+$/;
const NOTHING: readonly Requirement[] = [];

/** By predicate, the requirements of which an event that it is true for meets one; never one without groups. */
const required = new WeakMap<object, readonly Requirement[]>();

/** Empty where nothing is certain. */
export function requirementsOf(predicate: object): readonly Requirement[] {
  return required.get(predicate) ?? NOTHING;
}

/** Notes what the predicate requires, as far as that can be looked for. Gives the predicate back. */
export function withRequired<T extends object>(predicate: T, requirements: readonly Requirement[]): T {
  const certain = requirements.map(rarestOf);
  // What one of them says nothing about every event may be.
  if (certain.length > 0 && certain.every((groups) => groups.length > 0)) required.set(predicate, certain);
  return predicate;
}

/** Of predicates that must all be true: whatever each of them requires. */
export function requiredOfAll(predicates: readonly object[]): readonly Requirement[] {
  return predicates
    .map(requirementsOf)
    .filter((requirements) => requirements.length > 0)
    .reduce<readonly Requirement[]>((all, more) => {
      if (all.length === 0) return more;
      const few = all.length * more.length > REQUIREMENTS_MAX;
      const [left, right] = few ? [together(all), together(more)] : [all, more];
      return left.flatMap((one) => right.map((other) => [...one, ...other]));
    }, NOTHING);
}

/** Of predicates of which one must be true: what one of them requires; nothing where one requires nothing. */
export function requiredOfAny(predicates: readonly object[]): readonly Requirement[] {
  const each = predicates.map(requirementsOf);
  if (each.some((requirements) => requirements.length === 0)) return NOTHING;
  const all = each.flat();
  const simple = all.filter((groups) => groups.length === 1);
  const merged = all.filter((groups) => groups.length > 1);
  if (simple.length > 0) merged.push([simple.flatMap(([texts]) => texts!)]);
  return merged.length > REQUIREMENTS_MAX ? together(merged) : merged;
}

/** One requirement that asks for less than each: the rarest group of one of them. */
function together(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.length === 1 ? requirements : [[requirements.flatMap(([texts]) => texts!)]];
}

/** The groups that can be looked for, the rarest first. */
function rarestOf(groups: Requirement): Requirement {
  const certain = groups.filter(
    (texts) => texts.length > 0 && texts.length <= TEXTS_MAX && texts.every(({ text }) => ASCII.test(text)),
  );
  const ranked = certain.map((texts) => ({ texts, rarity: rarityOf(texts) })).sort((a, b) => b.rarity - a.rarity);
  return ranked
    .filter(({ rarity }, rank) => rank === 0 || (rank < GROUPS_MAX && rarity >= RARITY_MIN))
    .map(({ texts }) => texts);
}

/** As rare as the text of it that is least so; what most events of a source have is not rare at all. */
function rarityOf(texts: RequiredGroup): number {
  return Math.min(
    ...texts.map(({ slot, text, start, end }) =>
      KIND_FIELDS.has(writtenName(slot)) ? 0 : text.length + (Number(start) + Number(end)) * ANCHOR_RARITY,
    ),
  );
}
