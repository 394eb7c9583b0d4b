import { emptyState, type Lstm, LstmTrainer } from './lstm.ts';
import type { Random } from './random.ts';

/** Tokens a training goes back over at once. */
const STEPS = 32;
/** Multiplications of a training, unless told otherwise: some three seconds of one core. */
const WORK_MAX = 2e9;
const PASSES_MAX = 20;
const RATE = 0.01;
/** Shares of the training after which it is looked at: what has not gained this much by the first look, or no more by the next, is ended. */
const LOOKS = [0.25, 0.5, 0.75, 1];
const FIRST_GAIN_LEAST = 0.01;

/**
 * Trains a network on sequences until it has had them often enough, or enough work was done, or a look at what it gains (`look`) says that
 * no more comes of it.
 */
export function trainNetwork(
  network: Lstm,
  sequences: readonly Uint16Array[],
  random: Random,
  look: () => number,
  workMax = WORK_MAX,
): void {
  const trainer = new LstmTrainer(network);
  const { hidden, inputs, tokens } = network;
  const perToken = 3 * (4 * hidden * (inputs + hidden) + tokens * hidden);
  const length = sequences.reduce((sum, sequence) => sum + Math.max(0, sequence.length - 1), 0);
  const all = Math.min(workMax / perToken, PASSES_MAX * length);
  const order = Uint32Array.from(sequences.keys());
  let done = 0;
  let looks = 0;
  let gain = FIRST_GAIN_LEAST;
  while (length > 0) {
    for (const which of random.shuffle(order)) {
      const sequence = sequences[which]!;
      let state = emptyState(network);
      for (let start = 0; start + 1 < sequence.length; start += STEPS) {
        state = trainer.learn(sequence.subarray(start, start + STEPS + 1), state, RATE);
      }
      done += sequence.length - 1;
      if (done < LOOKS[looks]! * all) continue;
      const now = look();
      if (now <= gain || ++looks === LOOKS.length || done >= all) return;
      gain = now;
    }
  }
}
