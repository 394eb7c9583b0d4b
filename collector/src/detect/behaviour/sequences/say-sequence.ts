// Why a sequence is unusual, as data and as a sentence.
import type { FeatureReason } from '@threatguard/proto';
import { FAMILIES } from './families.ts';
import type { Unexpected } from './sequence-scorer.ts';
import type { RarestPiece } from './sequences.ts';
import type { Words } from './words.ts';

/** What followed the unexpected is said up to so many tokens. */
const HERE_SAID = 3;

export function describeSequence(parts: {
  piece: RarestPiece;
  unexpected: Unexpected;
  surprise: number;
  /** How people know whose sequence it is. */
  entity: string;
  words: Words;
}): FeatureReason & { surprise: number; sentence: string } {
  const { piece, unexpected, surprise, entity, words } = parts;
  const { after, usually, total, count, at } = unexpected;
  const here = piece.tokens.slice(at, at + HERE_SAID).map((hash) => words.text(hash) ?? 'something rare');
  const before = after.length > 0 ? `after ${after.map(shorten).join(', ')} ` : '';
  const does =
    usually.length > 0
      ? `${before}${entity} usually: ${usually.map(shorten).join(', ')}; here `
      : `${before}${entity}: `;
  const sentence = `${does}${here.map(shorten).join(' -> ')}, seen ${count} of ${total} times`;
  return {
    feature: `${FAMILIES[piece.family]}_sequence`,
    unit: '',
    value: here.join(' -> '),
    after,
    usually,
    timesSeen: count,
    timesPossible: total,
    surprise,
    sentence,
  };
}

/** "/usr/bin/bash > /usr/bin/ls" as "bash > ls". */
function shorten(token: string): string {
  return token
    .split(' > ')
    .map((path) => (path.startsWith('/') ? path.slice(path.lastIndexOf('/') + 1) : path))
    .join(' > ');
}
