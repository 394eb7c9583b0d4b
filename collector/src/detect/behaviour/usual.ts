// What is usual for an entity at an hour of the day, and how surprising it is that a feature has at least some value then.

import { normalTail, studentTail } from './probability.ts';
import { featureAt, HOUR_MEAN, HOUR_WEIGHT, LAYOUT, type Profile, SQUARES, TOP, TOP_KEPT, WEIGHT } from './profile.ts';

/** As if an hour had been seen so often with what is usual over all hours. */
const HOUR_PRIOR = 2;
/** As if a feature had been seen so often, with values that differ by a factor of e to the power of DEVIATION_PRIOR. */
const SPREAD_PRIOR = 4;
const DEVIATION_PRIOR = 0.6;
/**
 * Degrees of freedom before anything is known: thin tails, so that much more is far more surprising; how thick they really
 * are is for the calibration to find (calibration.ts).
 */
const DEGREES_PRIOR = 20;
/** The hours beside an hour say half as much of it as itself: people are not punctual. */
const BESIDE = 0.5;
/** Of a day an entity is known: an hour that never had any may still have some. */
const NEVER_PRIOR = 0.3;

/** The distribution of a feature at an hour of the day: any at all with `share`, then log(1 + value) around `mean`. */
export interface Usual {
  share: number;
  mean: number;
  deviation: number;
  /** What it was learned from, in weighed hours. */
  weight: number;
}

export function usualAt(profile: Profile, feature: number, hourOfDay: number): Usual {
  const { numbers } = profile;
  const at = featureAt(feature);
  let total = 0;
  let sum = 0;
  for (let hour = 0; hour < 24; hour++) {
    const weight = numbers[at + HOUR_WEIGHT + hour]!;
    total += weight;
    sum += weight * numbers[at + HOUR_MEAN + hour]!;
  }
  const overall = total > 0 ? sum / total : 0;
  let near = 0;
  let nearSum = 0;
  for (let step = -1; step <= 1; step++) {
    const hour = (hourOfDay + step + 24) % 24;
    const weight = numbers[at + HOUR_WEIGHT + hour]! * (step === 0 ? 1 : BESIDE);
    near += weight;
    nearSum += weight * numbers[at + HOUR_MEAN + hour]!;
  }
  const days = profile.knownDays * (1 + 2 * BESIDE);
  const everyHour = total / (24 * Math.max(1, profile.knownDays));
  const share = (near + everyHour + NEVER_PRIOR * (1 - Math.min(1, everyHour))) / (days + 1 + NEVER_PRIOR);
  const mean = (nearSum + HOUR_PRIOR * overall) / (near + HOUR_PRIOR);
  const weight = numbers[at + WEIGHT]!;
  const variance = (numbers[at + SQUARES]! + SPREAD_PRIOR * DEVIATION_PRIOR ** 2) / (weight + SPREAD_PRIOR);
  return { share: Math.min(1, share), mean, deviation: Math.sqrt(variance * (1 + 1 / (near + HOUR_PRIOR))), weight };
}

/** -log10 of the probability of at least this value in an hour: any at all, and then so much. */
export function surpriseOf(usual: Usual, value: number): number {
  const t = (Math.log1p(value) - usual.mean) / usual.deviation;
  return -Math.log10(usual.share) + studentTail(t, usual.weight + DEGREES_PRIOR);
}

/** The value that a share of such hours stay below: 0 where so many have none. */
export function quantileOf({ share, mean, deviation }: Usual, part: number): number {
  const within = (part - (1 - share)) / share;
  if (within <= 0) return 0;
  return Math.expm1(Math.max(0, mean + deviation * deviateBelow(within)));
}

/** The standard normal deviate that a share of all lie below, for shares not at the ends. */
function deviateBelow(share: number): number {
  let low = -6;
  let high = 6;
  const target = -Math.log10(Math.max(1e-9, 1 - share));
  for (let step = 0; step < 24; step++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How many hours before had at least this value, up to TOP_KEPT. */
export function timesSeen({ numbers }: Profile, feature: number, value: number): number {
  const at = featureAt(feature) + TOP;
  let times = 0;
  while (times < TOP_KEPT && numbers[at + times]! >= value && numbers[at + times]! > 0) times++;
  return times;
}

/** -log10 of the share of an entity's activity that comes at hours as rare as this one or rarer, and on such days of the week. */
export function hourSurprise({ numbers, knownDays }: Profile, hour: number): number {
  const hourOfDay = hour % 24;
  const rate = (at: number) =>
    (numbers[LAYOUT.hours + at]! +
      BESIDE * (numbers[LAYOUT.hours + ((at + 1) % 24)]! + numbers[LAYOUT.hours + ((at + 23) % 24)]!)) /
      (1 + 2 * BESIDE) +
    NEVER_PRIOR / 4;
  const here = rate(hourOfDay);
  let rare = 0;
  let all = 0;
  for (let at = 0; at < 24; at++) {
    const each = rate(at);
    all += each;
    if (each <= here) rare += each;
  }
  // A week has to be known before its days differ.
  if (knownDays < 7) return -Math.log10(rare / all);
  const weekday = Math.floor(hour / 24) % 7;
  const active = (at: number) => numbers[LAYOUT.weekdays + at]! + NEVER_PRIOR;
  let rareDays = 0;
  let allDays = 0;
  for (let at = 0; at < 7; at++) {
    allDays += active(at);
    if (active(at) <= active(weekday)) rareDays += active(at);
  }
  return -Math.log10((rare / all) * (rareDays / allDays));
}
