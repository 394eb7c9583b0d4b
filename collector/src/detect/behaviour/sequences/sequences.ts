// What an entity does one after the other in its present hour, in pieces: a piece that is full is scored and begun anew, the
// last one when the hour is over. Noting a token costs next to nothing; a piece is scored at once, so that what it is held
// against is in the processor's caches.
//
// Invariant: a sequence has its first token (who it is) and at least one more. The score of an hour is that of its rarest
// piece, as rare as that is among as many pieces.
import type { ModelVote } from '@threatguard/proto';
import type { Profile } from '../profile.ts';
import { FAMILIES, type Token } from './families.ts';
import type { ActiveSequences } from './sequence-scorer.ts';
import { Words } from './words.ts';

/** Tokens of a piece. */
export const PIECE_TOKENS = 64;

interface HourSequence {
  /** Of the piece that is not full yet. */
  tokens: number[];
  /** Pieces before it in this hour. */
  pieces: number;
}

/** The rarest piece of an hour. */
export interface RarestPiece {
  family: number;
  rarity: number;
  tokens: readonly number[];
}

export interface HourSequences {
  families: (HourSequence | undefined)[];
  rarest: RarestPiece | undefined;
}

export interface SequencesParts {
  /** The model in use. */
  active: () => ActiveSequences | undefined;
  /** A piece is over. */
  ended: (profile: Profile, family: number, tokens: readonly number[]) => void;
}

export class Sequences {
  readonly words = new Words();
  readonly #parts: SequencesParts;

  constructor(parts: SequencesParts) {
    this.#parts = parts;
  }

  /** A token that is told for the first time in a batch: what it says. */
  tell({ hash, text }: Token): void {
    this.words.note(hash, text);
  }

  note(profile: Profile, family: number, who: Token, hash: number): void {
    let own = profile.sequences;
    if (!own) {
      own = { families: [], rarest: undefined };
      profile.sequences = own;
    }
    let sequence = own.families[family];
    if (!sequence) {
      sequence = { tokens: [], pieces: 0 };
      own.families[family] = sequence;
    }
    if (sequence.tokens.length === 0) {
      this.words.note(who.hash, who.text);
      sequence.tokens.push(who.hash);
    }
    sequence.tokens.push(hash);
    if (sequence.tokens.length >= PIECE_TOKENS) this.#end(profile, own, family);
  }

  /** The hour is over: what is left is scored. What the model in use says of the hour; nothing where it knows nothing of it. */
  close(profile: Profile): ModelVote | undefined {
    const own = profile.sequences;
    if (!own) return undefined;
    for (let family = 0; family < FAMILIES.length; family++) this.#end(profile, own, family);
    const active = this.#parts.active();
    if (!active || !own.rarest) return undefined;
    return { model: active.name, version: active.version, surprise: surpriseOf(own), agrees: false };
  }

  /** The rarest piece of the hour so far, also of what is not full yet; and how rare the hour is by it. */
  rarestOf(profile: Profile): { piece: RarestPiece; surprise: number } | undefined {
    const own = profile.sequences;
    const scorer = this.#parts.active()?.scorer;
    if (!own || !scorer) return undefined;
    let { rarest } = own;
    for (const [family, sequence] of own.families.entries()) {
      if (!sequence || sequence.tokens.length < 2) continue;
      const rarity = scorer.rarity(family, sequence.tokens);
      if (rarity !== undefined && rarity > (rarest?.rarity ?? -1)) rarest = { family, rarity, tokens: sequence.tokens };
    }
    return rarest && { piece: rarest, surprise: surpriseOf({ ...own, rarest }) };
  }

  #end(profile: Profile, own: HourSequences, family: number): void {
    const sequence = own.families[family];
    if (!sequence || sequence.tokens.length < 2) return;
    const { tokens } = sequence;
    sequence.tokens = [];
    sequence.pieces++;
    this.#parts.ended(profile, family, tokens);
    const rarity = this.#parts.active()?.scorer.rarity(family, tokens);
    if (rarity !== undefined && rarity > (own.rarest?.rarity ?? -1)) own.rarest = { family, rarity, tokens };
  }
}

/** Each piece might have been the one. */
function surpriseOf({ families, rarest }: HourSequences): number {
  let pieces = 0;
  for (const sequence of families) if (sequence) pieces += sequence.pieces + (sequence.tokens.length > 1 ? 1 : 0);
  return Math.max(0, (rarest?.rarity ?? 0) - Math.log10(Math.max(1, pieces)));
}
