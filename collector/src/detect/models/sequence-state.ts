// A sequence model as plain data, and back: what a file of it has.
import { ContextTree, type ContextTreeState } from './context-tree.ts';
import type { Recurrent, SequenceModel } from './sequence-model.ts';
import type { UsualSurprises } from './surprise-rarity.ts';

export interface SequenceModelState {
  /** By their number, from 2 on. */
  tokens: string[];
  contexts: ContextTreeState;
  usual: UsualSurprises;
  recurrent: Recurrent | undefined;
}

export function saveSequenceModel({ numbers, contexts, usual, recurrent }: SequenceModel): SequenceModelState {
  return { tokens: [...numbers.keys()], contexts: contexts.state(), usual, recurrent };
}

export function loadSequenceModel({ tokens, contexts, usual, recurrent }: SequenceModelState): SequenceModel {
  const numbers = new Map(tokens.map((token, at) => [token, at + 2]));
  return { numbers, contexts: ContextTree.of(contexts), usual, recurrent };
}
