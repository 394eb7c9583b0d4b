// The same of the model of sequences: a piece stands for an hour.
import { setImmediate } from 'node:timers/promises';
import { hashText } from '../hash-text.ts';
import { ENTITY_KINDS } from '../profile.ts';
import { FAMILIES } from '../sequences/families.ts';
import { type Piece, unpackSequences } from '../sequences/gathering.ts';
import type { SequenceScorer } from '../sequences/sequence-scorer.ts';
import { allowedIn, type EvaluateParts, type Evaluation, Findings } from './evaluate.ts';

const HOUR_US = 3_600_000_000;
/** Pieces that are scored at once: some milliseconds. */
const SLICE_PIECES = 200;

export async function evaluateSequences(scorer: SequenceScorer, parts: EvaluateParts): Promise<Evaluation> {
  const allowed = await allowedIn(parts);
  const found = new Findings();
  for (const family of FAMILIES.keys()) {
    let pieces = 0;
    for await (const block of piecesOf(family, parts)) pieces += block.length;
    found.hours += pieces;
    const need = Math.log10(Math.max(1, pieces / (allowed / ENTITY_KINDS.length)));
    for await (const block of piecesOf(family, parts)) {
      for (let from = 0; from < block.length; from += SLICE_PIECES) {
        for (const { entity, hour, score, tokens } of block.slice(from, from + SLICE_PIECES)) {
          const rarity = scorer.rarity(family, tokens.map(hashText));
          if (rarity !== undefined && rarity >= need) found.add(entity, hour, score);
        }
        await setImmediate();
      }
    }
  }
  return found.evaluation(allowed);
}

async function* piecesOf(family: number, { store, fromUs, untilUs }: EvaluateParts): AsyncIterable<Piece[]> {
  for await (const block of store.sequences(family, fromUs)) {
    if (block.firstAtUs <= untilUs) yield await unpackSequences(block, { fromUs, untilUs: untilUs + HOUR_US });
  }
}
