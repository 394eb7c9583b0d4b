import type { RiskAt } from '@threatguard/proto';

/** The risk at `samples` moments of a span, from points between which it decays; 0 before the first. */
export function decayedRisk(
  points: readonly RiskAt[],
  { fromUs, toUs, samples, halfLifeUs }: { fromUs: number; toUs: number; samples: number; halfLifeUs: number },
): number[] {
  let next = 0;
  return Array.from({ length: samples }, (_, sample) => {
    const atUs = fromUs + ((toUs - fromUs) * (sample + 1)) / samples;
    while (next < points.length && (points[next]?.atUs ?? 0) <= atUs) next++;
    const last = points[next - 1];
    return last ? (last.risk ?? 0) * 2 ** (-(atUs - (last.atUs ?? 0)) / halfLifeUs) : 0;
  });
}
