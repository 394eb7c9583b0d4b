// What is said of an alert: as data and as a sentence.
import type { TriageScore } from '@threatguard/proto';
import { type AlertFacts, tellFactor } from './alert-facts.ts';
import { VERDICTS_LEAST } from './learn-triage.ts';
import type { Effect } from './triage-model.ts';

const FEATURES_MAX = 5;
const SAID_MAX = 3;
/** On the log odds: less than this moves a probability by no more than one in a hundred. */
const EFFECT_LEAST = 0.05;

export interface Scored {
  probability: number;
  effects: readonly Effect[];
  facts: AlertFacts;
  verdicts: number;
  version: number;
}

export function tellScore({ probability, effects, facts, verdicts, version }: Scored): TriageScore {
  const features = effects
    .filter(({ effect }) => Math.abs(effect) >= EFFECT_LEAST)
    .slice(0, FEATURES_MAX)
    .map(({ factor, effect }) => ({ name: factor, effect, ...tellFactor(factor, facts) }));
  const why = features.slice(0, SAID_MAX).map(({ effect, sentence }) => {
    return effect * (probability - 0.5) < 0 ? `although ${sentence}` : sentence;
  });
  const sentence = [`${percent(probability)} real`, why.join('; ')].filter(Boolean).join(': ');
  return { probability, verdicts, verdictsNeeded: VERDICTS_LEAST, features, modelVersion: version, sentence };
}

/** Nothing is ever certain. */
function percent(probability: number): string {
  return `${Math.min(99, Math.max(1, Math.round(probability * 100)))} %`;
}

export interface VerdictCounts {
  real: number;
  other: number;
}

/** How far learning is; undefined where there are enough verdicts. */
export function tellLearning({ real, other }: VerdictCounts): string | undefined {
  if (Math.min(real, other) >= VERDICTS_LEAST) return undefined;
  const least = VERDICTS_LEAST;
  return `learning, ${Math.min(real, least)} of ${least} true positives and ${Math.min(other, least)} of ${least} other verdicts`;
}
