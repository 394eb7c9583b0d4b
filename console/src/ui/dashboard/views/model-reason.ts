// Why models spoke of an entity: what each said, and what was seen as a mark beside its own and its peers' habits.
import type { FeatureReason, ModelReason } from '@threatguard/proto';
import { band, isLogarithmic } from '../../../model/charts/band.ts';
import { modelPairs, votePairs } from '../../../model/model-reason.ts';
import type { Look, PageLine } from '../view.ts';
import { pair, wrapped } from './page-parts.ts';

const BAND_COLUMNS_MAX = 60;
const BAND_COLUMNS_MIN = 10;
/** Beside a band: whose it is, and its numbers. */
const BESIDE_COLUMNS = 44;
const FEATURES_SHOWN = 8;

/** All a page says of it. */
export function reasonLines(reason: ModelReason, look: Look): PageLine[] {
  const facts = modelPairs({ ...reason, features: [] });
  return [
    ...facts.map(([name, value]) => pair(name, value)),
    ...votePairs(reason).map(([name, value]) => pair('', `${name}: ${value}`)),
    ...habitLines(reason, look),
  ];
}

/** One block for each thing that was not usual: the sentence, and its bands where it is a number. */
export function habitLines({ features }: ModelReason, look: Look): PageLine[] {
  return (features ?? [])
    .slice(0, FEATURES_SHOWN)
    .flatMap((feature) => [
      ...wrapped(`- ${feature.sentence ?? feature.feature ?? ''}`, look, { value: feature.sentence ?? '' }),
      ...bandLines(feature, look),
    ]);
}

/** What is new has no habit: of it the sentence says all. */
function bandLines(feature: FeatureReason, look: Look): PageLine[] {
  const { unit, observed = 0, usualLow, usualHigh, peers, peersLow, peersHigh } = feature;
  if (!unit) return [];
  const seen = observed ?? 0;
  const high = Math.max(usualHigh ?? 0, peers ? (peersHigh ?? 0) : 0);
  const columns = Math.max(BAND_COLUMNS_MIN, Math.min(BAND_COLUMNS_MAX, look.columns - BESIDE_COLUMNS));
  const how = { max: Math.max(seen, high), columns, ascii: look.ascii, logarithmic: isLogarithmic(seen, high) };
  const drawn = (whose: string, from: number | null | undefined, to: number | null | undefined, rest: string) => ({
    spans: [
      { text: `    ${whose.padEnd(6)}`, tone: 'dim' as const },
      { text: band({ low: from ?? 0, high: to ?? 0, seen }, how), tone: 'accent' as const },
      { text: `  ${amount(from, unit)} to ${amount(to, unit)}${rest}` },
    ],
    value: feature.sentence ?? '',
  });
  const scale = how.logarithmic ? ', logarithmic' : '';
  return [
    drawn('own', usualLow, usualHigh, `; ${amount(seen, unit)} seen${scale}`),
    ...(peers ? [drawn('peers', peersLow, peersHigh, ` of ${peers}`)] : []),
  ];
}

const SCALES = ['', ' k', ' M', ' G', ' T'];

function amount(value: number | null | undefined, unit: string): string {
  let left = value ?? 0;
  if (unit === 'percent') return `${Math.round(left)} %`;
  let scale = 0;
  while (left >= 1_000 && scale < SCALES.length - 1) {
    left /= 1_000;
    scale += 1;
  }
  const digits = left >= 10 || Number.isInteger(left) ? 0 : 1;
  return `${left.toFixed(digits)}${SCALES[scale]}${unit === 'bytes' ? (scale === 0 ? ' B' : 'B') : ''}`;
}
