// A recurrent network of one LSTM layer that says which token comes next: Hochreiter and Schmidhuber, "Long Short-Term Memory",
// Neural Computation 9 (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000). Trained by truncated back-propagation
// through time.
//
// Form: one array of parameters, in four parts: `embedding` (a row of `inputs` numbers for each token), `gates` (for each of
// the 4 * `hidden` gate values a row of weights over embedding and state, then its bias; in the order input, forget, output,
// candidate), `output` (for each token a row over the state, then its bias).
import { Adam } from './dense-network.ts';
import { addTimes, dot } from './dot.ts';
import type { Random } from './random.ts';

export interface LstmShape {
  tokens: number;
  inputs: number;
  hidden: number;
}

export interface Lstm extends LstmShape {
  parameters: Float64Array;
}

/** What the network carries from token to token. */
export interface LstmState {
  output: Float64Array;
  cell: Float64Array;
}

const GRADIENT_NORM_MAX = 5;

export function makeLstm(shape: LstmShape, random: Random): Lstm {
  const { inputs, hidden } = shape;
  const { gates, output, size } = offsetsOf(shape);
  const parameters = new Float64Array(size);
  for (let at = 0; at < gates; at++) parameters[at] = random.normal() * 0.3;
  const bound = 1 / Math.sqrt(inputs + hidden);
  for (let at = gates; at < size; at++)
    parameters[at] = (2 * random.uniform() - 1) * (at < output ? bound : 1 / Math.sqrt(hidden));
  // Remembering is where learning begins (Jozefowicz et al., 2015).
  for (let unit = hidden; unit < 2 * hidden; unit++) parameters[gates + (unit + 1) * (inputs + hidden + 1) - 1] = 1;
  return { ...shape, parameters };
}

export function emptyState({ hidden }: LstmShape): LstmState {
  return { output: new Float64Array(hidden), cell: new Float64Array(hidden) };
}

/** What one step kept for going back over it. */
interface Step {
  token: number;
  before: LstmState;
  after: LstmState;
  /** Input, forget and output gate, candidate. */
  gates: Float64Array;
  probabilities: Float64Array;
}

/** Reads one token; the state after it. */
export function readToken(network: Lstm, token: number, before: LstmState): Pick<Step, 'gates' | 'after'> {
  const { inputs, hidden, parameters } = network;
  const { gates: gatesAt } = offsetsOf(network);
  const width = inputs + hidden + 1;
  const gates = new Float64Array(4 * hidden);
  const after = emptyState(network);
  for (let unit = 0; unit < 4 * hidden; unit++) {
    const row = gatesAt + unit * width;
    const sum =
      parameters[row + width - 1]! +
      dot(parameters, row, parameters, token * inputs, inputs) +
      dot(parameters, row + inputs, before.output, 0, hidden);
    gates[unit] = unit < 3 * hidden ? 1 / (1 + Math.exp(-sum)) : Math.tanh(sum);
  }
  for (let unit = 0; unit < hidden; unit++) {
    after.cell[unit] = gates[hidden + unit]! * before.cell[unit]! + gates[unit]! * gates[3 * hidden + unit]!;
    after.output[unit] = gates[2 * hidden + unit]! * Math.tanh(after.cell[unit]!);
  }
  return { gates, after };
}

/** The probability of every token to come next. */
export function predictNext(network: Lstm, { output: state }: LstmState): Float64Array {
  const { tokens, hidden, parameters } = network;
  const { output } = offsetsOf(network);
  const probabilities = new Float64Array(tokens);
  let highest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < tokens; token++) {
    const row = output + token * (hidden + 1);
    const sum = parameters[row + hidden]! + dot(parameters, row, state, 0, hidden);
    probabilities[token] = sum;
    if (sum > highest) highest = sum;
  }
  let total = 0;
  for (let token = 0; token < tokens; token++) {
    probabilities[token] = Math.exp(probabilities[token]! - highest);
    total += probabilities[token]!;
  }
  for (let token = 0; token < tokens; token++) probabilities[token]! /= total;
  return probabilities;
}

/** The natural logarithm of the probability of every token of a sequence but the first, after those before it. */
export function logProbabilities(network: Lstm, sequence: ArrayLike<number>): Float64Array {
  let state = emptyState(network);
  return Float64Array.from({ length: Math.max(0, sequence.length - 1) }, (_, at) => {
    state = readToken(network, sequence[at]!, state).after;
    return Math.log(predictNext(network, state)[sequence[at + 1]!]!);
  });
}

/** Trains a network on parts of sequences, each followed by what comes next. */
export class LstmTrainer {
  readonly #network: Lstm;
  readonly #adam: Adam;
  readonly #gradients: Float64Array;

  constructor(network: Lstm) {
    this.#network = network;
    this.#adam = new Adam(network);
    this.#gradients = new Float64Array(network.parameters.length);
  }

  /** Learns that `tokens[1]` follows `tokens[0]` and so on, from a state; gives the state after. */
  learn(tokens: ArrayLike<number>, state: LstmState, rate: number): LstmState {
    const { after } = addGradients(this.#network, tokens, state, this.#gradients);
    let square = 0;
    for (const gradient of this.#gradients) square += gradient * gradient;
    const count = Math.max(1, tokens.length - 1);
    const norm = Math.sqrt(square) / count;
    this.#adam.step(this.#gradients, count * Math.max(1, norm / GRADIENT_NORM_MAX), rate);
    return after;
  }
}

/** Adds to `gradients` those of the log loss of every next token, summed; gives that loss and the state after. */
export function addGradients(network: Lstm, tokens: ArrayLike<number>, state: LstmState, gradients: Float64Array) {
  const steps: Step[] = [];
  let loss = 0;
  let before = state;
  for (let at = 0; at + 1 < tokens.length; at++) {
    const token = tokens[at]!;
    const { gates, after } = readToken(network, token, before);
    const probabilities = predictNext(network, after);
    loss -= Math.log(Math.max(probabilities[tokens[at + 1]!]!, 1e-300));
    steps.push({ token, before, after, gates, probabilities });
    before = after;
  }
  const outputDelta = new Float64Array(network.hidden);
  const cellDelta = new Float64Array(network.hidden);
  for (let at = steps.length - 1; at >= 0; at--) {
    goBack(network, steps[at]!, { next: tokens[at + 1]!, outputDelta, cellDelta, gradients });
  }
  return { loss, after: before };
}

/** One step back: `outputDelta` and `cellDelta` are those of the state after it, and then of the state before. */
function goBack(
  network: Lstm,
  { token, before, after, gates, probabilities }: Step,
  parts: { next: number; outputDelta: Float64Array; cellDelta: Float64Array; gradients: Float64Array },
): void {
  const { inputs, hidden, tokens, parameters } = network;
  const { gates: gatesAt, output } = offsetsOf(network);
  const { outputDelta, cellDelta, gradients } = parts;
  for (let each = 0; each < tokens; each++) {
    const error = probabilities[each]! - (each === parts.next ? 1 : 0);
    const row = output + each * (hidden + 1);
    gradients[row + hidden]! += error;
    addTimes(error, after.output, 0, gradients, row, hidden);
    addTimes(error, parameters, row, outputDelta, 0, hidden);
  }
  const gateDelta = new Float64Array(4 * hidden);
  for (let unit = 0; unit < hidden; unit++) {
    const input = gates[unit]!;
    const forget = gates[hidden + unit]!;
    const out = gates[2 * hidden + unit]!;
    const candidate = gates[3 * hidden + unit]!;
    const bent = Math.tanh(after.cell[unit]!);
    const cell = cellDelta[unit]! + outputDelta[unit]! * out * (1 - bent * bent);
    gateDelta[unit] = cell * candidate * input * (1 - input);
    gateDelta[hidden + unit] = cell * before.cell[unit]! * forget * (1 - forget);
    gateDelta[2 * hidden + unit] = outputDelta[unit]! * bent * out * (1 - out);
    gateDelta[3 * hidden + unit] = cell * input * (1 - candidate * candidate);
    cellDelta[unit] = cell * forget;
  }
  outputDelta.fill(0);
  const width = inputs + hidden + 1;
  for (let unit = 0; unit < 4 * hidden; unit++) {
    const delta = gateDelta[unit]!;
    const row = gatesAt + unit * width;
    addTimes(delta, parameters, token * inputs, gradients, row, inputs);
    addTimes(delta, parameters, row, gradients, token * inputs, inputs);
    addTimes(delta, before.output, 0, gradients, row + inputs, hidden);
    addTimes(delta, parameters, row + inputs, outputDelta, 0, hidden);
    gradients[row + width - 1]! += delta;
  }
}

/** The three kinds of parameters, each a part of the whole. */
export function partsOf(network: Lstm): { embedding: Float64Array; gates: Float64Array; output: Float64Array } {
  const { gates, output } = offsetsOf(network);
  const { parameters } = network;
  return {
    embedding: parameters.subarray(0, gates),
    gates: parameters.subarray(gates, output),
    output: parameters.subarray(output),
  };
}

function offsetsOf({ tokens, inputs, hidden }: LstmShape): { gates: number; output: number; size: number } {
  const gates = tokens * inputs;
  const output = gates + 4 * hidden * (inputs + hidden + 1);
  return { gates, output, size: output + tokens * (hidden + 1) };
}
