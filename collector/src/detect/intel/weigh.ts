// What several sources together make of one value.
//
// Each confidence is read as a probability, and its log-odds are held against those of BASE, what a mere listing is worth: above it a
// source supports, below it contradicts. Feeds copy each other, so they are no independent witnesses: the source that says most
// counts whole, the next half, the one after a quarter. One source alone is worth what it says.

import { stricterTlp, TLP_DEFAULT, type Tlp } from './indicator.ts';
import type { Claim } from './intel-index.ts';

/** Percent. */
const BASE = 25;
/** Nobody is certain: 0 and 100 would silence all others. */
const CONFIDENCE_MIN = 1;
const CONFIDENCE_MAX = 99;

export interface Weighed {
  /** 0 to 100. */
  confidence: number;
  tlp: Tlp;
  sinceUs: number;
  /** The claims that count at the time, the one that counts most first. */
  claims: Claim[];
}

function logOdds(percent: number): number {
  const share = Math.min(Math.max(percent, CONFIDENCE_MIN), CONFIDENCE_MAX) / 100;
  return Math.log(share / (1 - share));
}

function support({ confidence }: Pick<Claim, 'confidence'>): number {
  return logOdds(confidence) - logOdds(BASE);
}

/** Undefined where no claim counts. */
export function weigh(all: readonly Claim[]): Weighed | undefined {
  const claims = strongestOfEach(all).sort(
    (a, b) => Math.abs(support(b)) - Math.abs(support(a)) || b.confidence - a.confidence,
  );
  const [first] = claims;
  if (!first) return undefined;
  const total = claims.reduce((sum, claim, rank) => sum + support(claim) / 2 ** rank, logOdds(BASE));
  return {
    confidence: claims.length === 1 ? first.confidence : Math.round(100 / (1 + Math.exp(-total))),
    tlp: claims.reduce<Tlp | undefined>((strictest, { tlp }) => stricterTlp(strictest, tlp), undefined) ?? TLP_DEFAULT,
    sinceUs: Math.min(...claims.map(({ sinceUs }) => sinceUs)),
    claims,
  };
}

/** A source counts once, with the most it says. */
function strongestOfEach(claims: readonly Claim[]): Claim[] {
  const bySource = new Map<string, Claim>();
  for (const claim of claims) {
    const known = bySource.get(claim.source);
    if (!known || known.confidence < claim.confidence) bySource.set(claim.source, claim);
  }
  return [...bySource.values()];
}

/** How the weight came about, for people: `67 of 100: abuse-ch 80, isac 20 (counts half, contradicts)`. */
export function explainWeight({ confidence, claims }: Weighed): string {
  const parts = claims.map((claim, rank) => {
    const share = rank === 0 ? '' : `counts 1/${2 ** rank}`;
    const against = support(claim) < 0 && claims.length > 1 ? 'contradicts' : '';
    const notes = [share, against].filter(Boolean).join(', ');
    return `${claim.source} ${claim.confidence}${notes ? ` (${notes})` : ''}`;
  });
  return `${confidence} of 100: ${parts.join(', ')}`;
}
