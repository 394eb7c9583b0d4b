import type { Alert, LearningState, TriageScore } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';

/** "87 %" of being real, never certain; empty where nothing is said of it. */
export function chanceText({ triage }: Alert): string {
  if (!triage?.modelVersion) return '';
  return `${Math.min(99, Math.max(1, Math.round((triage.probability ?? 0) * 100)))} %`;
}

/** What verdicts taught of an alert: the sentence, then each thing that moved it and which way. */
export function scorePairs(score: TriageScore): [string, string][] {
  return [
    ['triage', score.sentence ?? ''],
    ...(score.features ?? []).map(({ effect, sentence }): [string, string] => [
      (effect ?? 0) > 0 ? 'speaks for it' : 'against it',
      `${sentence ?? ''} (${oddsText(effect ?? 0)})`,
    ]),
    ...(score.modelVersion
      ? [['learned from', `${score.verdicts ?? 0} verdicts (triage ${score.modelVersion})`] as [string, string]]
      : []),
  ];
}

/** Keys are stable: the README lists them. */
export function scoreRecord(score: TriageScore): JsonRecord {
  return {
    probability: score.modelVersion ? (score.probability ?? 0) : undefined,
    sentence: score.sentence ?? '',
    features: (score.features ?? []).map(({ name, value, effect, sentence }) => ({
      name: name ?? '',
      value: value ?? '',
      effect: effect ?? 0,
      sentence: sentence ?? '',
    })),
    verdicts: score.verdicts ?? 0,
    verdicts_needed: score.verdictsNeeded ?? 0,
    model_version: score.modelVersion || undefined,
  };
}

/** How far learning from verdicts is; nothing where there are enough. */
export function verdictsText({ verdictsTrue, verdictsOther, verdictsNeeded }: LearningState): string | undefined {
  const needed = verdictsNeeded ?? 0;
  const [real, other] = [verdictsTrue ?? 0, verdictsOther ?? 0];
  if (Math.min(real, other) >= needed) return undefined;
  const of = (count: number) => `${Math.min(count, needed)} of ${needed}`;
  return `triage is learning, ${of(real)} true positives and ${of(other)} other verdicts`;
}

/** "odds times 3.2": what an effect on the log odds is. */
function oddsText(effect: number): string {
  return `odds ${effect > 0 ? 'times' : 'divided by'} ${Math.exp(Math.abs(effect)).toFixed(1)}`;
}
