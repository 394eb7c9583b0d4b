// The same of the model of sequences: a piece stands for an hour.
import { ENTITY_KINDS } from '../profile.ts';
import { FAMILIES } from '../sequences/families.ts';
import { type Piece, unpackSequences } from '../sequences/gathering.ts';
import type { SequenceScorer } from '../sequences/sequence-scorer.ts';
import { allowedIn, type EvaluateParts, type Evaluation, Findings } from './evaluate.ts';
import type { OnnxModels } from './onnx-models.ts';

const HOUR_US = 3_600_000_000;

export async function evaluateSequences(
  scorer: SequenceScorer,
  parts: EvaluateParts,
  onnx: OnnxModels,
): Promise<Evaluation> {
  const allowed = await allowedIn(parts);
  const found = new Findings();
  for (const [family, name] of FAMILIES.entries()) {
    let pieces = 0;
    for await (const block of piecesOf(family, parts)) pieces += block.length;
    found.hours += pieces;
    const need = Math.log10(Math.max(1, pieces / (allowed / ENTITY_KINDS.length)));
    for await (const block of piecesOf(family, parts)) {
      const pieces = block.map(({ tokens }) => tokens);
      const rarities = await scorer.rarities(family, pieces, onnx.get(name));
      for (const [at, rarity] of (rarities ?? []).entries()) {
        const { entity, hour, score } = block[at]!;
        if (rarity >= need) found.add(entity, hour, score);
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
