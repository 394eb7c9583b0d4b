import type { FeatureReason, ModelReason } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';

/** What each model said of the hour, by its name. */
export function votePairs({ votes }: ModelReason): [string, string][] {
  return (votes ?? []).map(({ model, version, surprise, agrees }): [string, string] => [
    `${model}${version ? ` ${version}` : ''}`,
    `one in ${Math.round(10 ** Math.min(surprise ?? 0, 9)).toLocaleString('en')} such hours${agrees ? '' : ', which alone is not enough'}`,
  ]);
}

/** Why a model spoke: what was not usual, the most surprising first, each against the entity's own and its peers' habits. */
export function modelPairs(reason: ModelReason): [string, string][] {
  const agreed = (reason.votes ?? []).filter(({ agrees }) => agrees).map(({ model }) => model ?? '');
  return [
    ['about', `${reason.entityKind} ${reason.entity}`],
    ['how rare', `${rarityText(reason.score)}; said from ${rarityText(reason.threshold)} on`],
    ['models agreed', `${agreed.join(', ')} (${agreed.length} of ${reason.votes?.length ?? 0})`],
    ...(reason.features ?? []).map((feature): [string, string] => ['unusual', feature.sentence ?? '']),
  ];
}

/** Keys are stable: the README lists them. */
export function modelRecord(reason: ModelReason): JsonRecord {
  return {
    entity_kind: reason.entityKind ?? '',
    entity: reason.entity ?? '',
    score: reason.score ?? 0,
    threshold: reason.threshold ?? 0,
    votes: (reason.votes ?? []).map(({ model, version, surprise, agrees }) => ({
      model: model ?? '',
      version: version ?? 0,
      surprise: surprise ?? 0,
      agrees: agrees ?? false,
    })),
    features: (reason.features ?? []).map(featureRecord),
  };
}

function featureRecord(feature: FeatureReason): JsonRecord {
  return {
    feature: feature.feature ?? '',
    unit: feature.unit || undefined,
    value: feature.value || undefined,
    observed: feature.observed ?? 0,
    usual: feature.usual ?? 0,
    usual_low: feature.usualLow ?? 0,
    usual_high: feature.usualHigh ?? 0,
    peers: feature.peers ?? 0,
    peers_low: feature.peersLow ?? 0,
    peers_high: feature.peersHigh ?? 0,
    peers_with: feature.peersWith ?? 0,
    times_seen: feature.timesSeen ?? 0,
    times_possible: feature.timesPossible || undefined,
    after: feature.after?.length ? feature.after : undefined,
    usually: feature.usually?.length ? feature.usually : undefined,
    days: feature.days ?? 0,
    surprise: feature.surprise ?? 0,
    sentence: feature.sentence ?? '',
  };
}

/** "one in 5,000 such hours": the score is -log10 of a share. */
function rarityText(score: number | null | undefined): string {
  const hours = 10 ** Math.min(score ?? 0, 9);
  const digits = hours < 10 ? 1 : 2;
  return `one in ${Number(hours.toPrecision(digits)).toLocaleString('en')} such hours`;
}
