import { describe, expect, it } from 'vitest';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import {
  HOUR_MODELS,
  loadScorer,
  scoreRows,
  toMatrix,
  trainKind,
} from '../../collector/src/detect/behaviour/trained/scorers.ts';
import { Random } from '../../collector/src/detect/models/random.ts';

/** Hours of accounts: most a handful of counts, so that many are equal; one in `oddOneIn` is somebody at work. */
function hoursOf(count: number, { seed, oddOneIn }: { seed: number; oddOneIn: number }): Float32Array {
  const random = new Random(seed);
  const values = new Float32Array(count * FEATURE_COUNT);
  for (let row = 0; row < count; row++) {
    const odd = random.uniform() < 1 / oddOneIn;
    for (let feature = 0; feature < 8; feature++) {
      const usual = random.integer(feature < 4 ? 2 : 6);
      values[row * FEATURE_COUNT + feature] = odd ? Math.round(Math.exp(3 + feature + random.normal())) : usual;
    }
  }
  return values;
}

const cases = HOUR_MODELS.flatMap((name) => [11, 23, 101].map((seed) => [name, seed] as const));

describe('the vote of a trained model on ordinary hours it has not seen', () => {
  it.each(cases)('is as rare as it says: %s, seed %i', (name, seed) => {
    const scorer = loadScorer(name, trainKind(name, hoursOf(1_500, { seed, oddOneIn: 150 }), seed));
    const votes = scoreRows(scorer, toMatrix(hoursOf(6_000, { seed: seed + 1, oddOneIn: 150 })));
    const share = (rarity: number) => votes.filter((vote) => vote >= rarity).length / votes.length;
    // Of 750 scores 8 are rarer than one in a hundred, give or take 3: three times that is not said by chance.
    expect(share(1)).toBeLessThan(0.15);
    expect(share(2)).toBeLessThan(0.03);
    expect(share(4)).toBeLessThan(0.003);
  });

  it('is so where little was learned from, which a model knows too well', () => {
    const shares = Array.from({ length: 10 }, (_, seed) => {
      const random = new Random(seed);
      const hours = (count: number) => Float32Array.from({ length: count * FEATURE_COUNT }, () => 10 + random.normal());
      const scorer = loadScorer('autoencoder', trainKind('autoencoder', hours(120), seed));
      const votes = scoreRows(scorer, toMatrix(hours(1_500)));
      return votes.filter((vote) => vote >= 1).length / votes.length;
    });
    // One in ten; of 60 scores each time, so that the mean is 0.013 off by chance.
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeLessThan(0.14);
  });
});
