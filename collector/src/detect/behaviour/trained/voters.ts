// What the models in use say of an hour that is over.
import type { ModelVote } from '@threatguard/proto';
import { FEATURE_COUNT } from '../features.ts';
import { LAYOUT, type Profile } from '../profile.ts';
import type { ActiveModel } from './kinds.ts';
import { type HourModelName, scoreRows, toMatrix } from './scorers.ts';

/** Dear to ask: only of hours that another model finds as rare as this. */
const ASKED_FROM: Partial<Record<HourModelName, number>> = { autoencoder: 0.5, 'local-outlier-factor': 1.5 };

/** The votes of all models that know entities of this kind. A model that is not asked has no vote. */
export function voteOf(active: Iterable<ActiveModel>, profile: Profile): ModelVote[] {
  const rows = toMatrix(profile.numbers.subarray(LAYOUT.window, LAYOUT.window + FEATURE_COUNT));
  const votes: ModelVote[] = [];
  let most = 0;
  const cheapFirst = [...active].sort((a, b) => (ASKED_FROM[a.name] ?? 0) - (ASKED_FROM[b.name] ?? 0));
  for (const { name, version, scorers } of cheapFirst) {
    const scorer = scorers[profile.kind];
    if (!scorer || most < (ASKED_FROM[name] ?? 0)) continue;
    const surprise = scoreRows(scorer, rows)[0]!;
    most = Math.max(most, surprise);
    votes.push({ model: name, version, surprise, agrees: false });
  }
  return votes;
}
