// How unusual some hours of an entity are by what the models learned of it: asked by people, of hours that are over and of the
// present one. What the models say by themselves is another matter (behaviour.ts): this speaks of ordinary hours too.
import type { FeatureReason } from '@threatguard/proto';
import type { BehaviourStore } from '../../store/behaviour-store.ts';
import { VOLUME } from './calibration.ts';
import { FEATURE_COUNT, FEATURES } from './features.ts';
import { type HourRows, unpackHours } from './hour-rows.ts';
import { scoreOf } from './hours.ts';
import type { BehaviourKeeper } from './keeper.ts';
import { hashEntity } from './observed-entities.ts';
import { ENTITY_KINDS, type EntityKind, LAYOUT, type Profile } from './profile.ts';
import { buildReason, compareVolume, sayVolume } from './reason.ts';
import { nameOf } from './speak.ts';

const HOUR_US = 3_600_000_000;
/** Two half-lives of what is learned: more makes it no surer. */
const DAYS_FOR_CONFIDENCE = 14;
/** What one hour in ten has is no reason. */
const SURPRISE_LEAST = 1;
const REASONS_MAX = 3;

export interface Assessment {
  /** Days the entity is known, of those needed before anything is said of it. */
  learning: { days: number; of: number; done: boolean };
  /** Of the window, in which the entity did anything. */
  hours: number;
  /** The most unusual of them, when it began. */
  atUs: number | undefined;
  /** 0 to 1: how likely it is that so many ordinary hours of such entities have none like it. 0 while it is learned. */
  score: number;
  /** 0 to 1, by how long the entity is known. */
  confidence: number;
  /** What that hour had, beside what is usual at that hour of the day for the entity and for its peers. */
  features: FeatureReason[];
  reasons: string[];
}

interface Hour {
  hour: number;
  score: number;
  value: (feature: number) => number;
}

export interface AssessParts {
  keeper: BehaviourKeeper;
  /** None where only hours since the last checkpoint are asked for. */
  store: Pick<BehaviourStore, 'hours'> | undefined;
}

/** Undefined where the models know no such entity. Of a host `name` is its agent's id. */
export async function assessHours(
  { keeper, store }: AssessParts,
  { kind, name }: { kind: EntityKind; name: string },
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Promise<Assessment | undefined> {
  const { behaviour } = keeper;
  const profile = behaviour.entities.find(hashEntity(kind, name));
  if (!profile) return undefined;
  const within = ({ hour }: Hour) => hour * HOUR_US >= fromUs && hour * HOUR_US < toUs;
  const stored = store ? await storedHours(store, profile, fromUs) : [];
  const gathered = rowsOf(keeper.hours.of(profile), profile.hash);
  const hours = [...stored, ...gathered, presentHour(profile)].filter(within);
  const { learningDays } = behaviour.options;
  const bar = behaviour.bars[kind];
  const done = profile.standing === 'spoken-of' && Number.isFinite(bar.score);
  const days = Math.floor(Math.min(profile.ageDays, behaviour.learnedDays));
  const learning = { days: done ? days : Math.min(days, learningDays), of: learningDays, done };
  const [worst] = [...hours].sort((a, b) => b.score - a.score);
  const rare = worst && done ? 10 ** -bar.rarity(worst.score) : 1;
  return {
    learning,
    hours: hours.length,
    atUs: worst && worst.hour * HOUR_US,
    score: worst && done ? (1 - Math.min(1, rare)) ** hours.length : 0,
    confidence: done ? Math.min(1, profile.ageDays / DAYS_FOR_CONFIDENCE) : 0,
    features: worst ? compareAll(keeper, profile, worst) : [],
    reasons: worst && done ? explain(keeper, profile, worst) : [],
  };
}

async function storedHours(store: Pick<BehaviourStore, 'hours'>, profile: Profile, fromUs: number): Promise<Hour[]> {
  const found: Hour[] = [];
  for await (const block of store.hours(ENTITY_KINDS.indexOf(profile.kind), fromUs)) {
    found.push(...rowsOf(await unpackHours(block), profile.hash));
  }
  return found;
}

function rowsOf({ entities, hours, scores, features }: HourRows, hash: number): Hour[] {
  return Array.from(hours.keys())
    .filter((row) => entities[row] === hash)
    .map((row) => ({
      hour: hours[row]!,
      score: scores[row]!,
      value: (feature) => features[row * FEATURE_COUNT + feature]!,
    }));
}

function presentHour(profile: Profile): Hour {
  const value = (feature: number) => profile.numbers[LAYOUT.window + feature]!;
  return { hour: profile.hour, score: scoreOf(profile), value };
}

function compareAll({ behaviour }: BehaviourKeeper, profile: Profile, { hour, value }: Hour): FeatureReason[] {
  return FEATURES.map((_, feature) =>
    compareVolume(profile, behaviour.groups, { feature, observed: value(feature), hour }),
  ).filter(({ observed, usual, usualHigh }) => observed + usual + usualHigh > 0);
}

function explain({ behaviour }: BehaviourKeeper, profile: Profile, { hour, value }: Hour): string[] {
  const { groups, calibration, bars, options } = behaviour;
  const atUs = hour * HOUR_US;
  if (hour === profile.hour) {
    const entity = nameOf(profile, (id) => options.agentName?.(id) ?? '');
    const said = buildReason({
      ...{ profile, entity, atUs, groups, calibration, fresh: profile.items, votes: [], sequence: undefined },
      score: bars[profile.kind].rarity(scoreOf(profile)),
      threshold: bars[profile.kind].need,
    });
    return (said.reason.features ?? []).map(({ sentence }) => sentence ?? '').slice(0, REASONS_MAX);
  }
  return FEATURES.map((feature, at) => {
    const compared = compareVolume(profile, groups, { feature: at, observed: value(at), hour });
    const rarity = calibration.rarity(profile.kind, VOLUME + at, compared.surprise);
    return { rarity: compared.observed > 0 ? rarity : 0, sentence: sayVolume(feature, compared, atUs) };
  })
    .filter(({ rarity }) => rarity >= SURPRISE_LEAST)
    .sort((a, b) => b.rarity - a.rarity)
    .slice(0, REASONS_MAX)
    .map(({ sentence }) => sentence);
}
