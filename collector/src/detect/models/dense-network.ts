// Fully connected layers trained by Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015).
//
// Form: one array of parameters; layer l takes `sizes[l]` numbers to `sizes[l + 1]` by weights (output after output, row by
// input) and biases, then tanh, except after the last layer, which is linear.
import { addTimes, dot } from './dot.ts';
import type { Random } from './random.ts';

const RATE = 0.001;
const MOMENT_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-8;

export interface DenseNetwork {
  /** Numbers in, through each hidden layer, and out. */
  sizes: readonly number[];
  /** Where each layer's weights begin; its biases follow them. */
  offsets: readonly number[];
  parameters: Float64Array;
}

/** Glorot and Bengio's uniform weights (AISTATS 2010), biases 0. */
export function makeNetwork(sizes: readonly number[], random: Random): DenseNetwork {
  const offsets: number[] = [];
  let count = 0;
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    offsets.push(count);
    count += (sizes[layer]! + 1) * sizes[layer + 1]!;
  }
  const parameters = new Float64Array(count);
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const inputs = sizes[layer]!;
    const outputs = sizes[layer + 1]!;
    const bound = Math.sqrt(6 / (inputs + outputs));
    const start = offsets[layer]!;
    for (let at = start; at < start + inputs * outputs; at++) parameters[at] = (2 * random.uniform() - 1) * bound;
  }
  return { sizes, offsets, parameters };
}

/** Room for what every layer gives, the input first. */
export function roomForActivations({ sizes }: DenseNetwork): Float64Array[] {
  return sizes.map((size) => new Float64Array(size));
}

/** Puts `activations[0]` through the network; the answer is the last of them. */
export function forward({ sizes, offsets, parameters }: DenseNetwork, activations: readonly Float64Array[]): void {
  const last = sizes.length - 2;
  for (let layer = 0; layer <= last; layer++) {
    const given = activations[layer]!;
    const taken = activations[layer + 1]!;
    const inputs = given.length;
    const weights = offsets[layer]!;
    const biases = weights + inputs * taken.length;
    for (let output = 0; output < taken.length; output++) {
      const sum = parameters[biases + output]! + dot(parameters, weights + output * inputs, given, 0, inputs);
      taken[output] = layer < last ? Math.tanh(sum) : sum;
    }
  }
}

/**
 * Adds to `gradients` what the loss of one example changes with each parameter. `activations` are those of its `forward`;
 * `deltas` has the same shape, its last the derivative of the loss by each output, and is overwritten.
 */
export function backward(
  { sizes, offsets, parameters }: DenseNetwork,
  activations: readonly Float64Array[],
  deltas: readonly Float64Array[],
  gradients: Float64Array,
): void {
  for (let layer = sizes.length - 2; layer >= 0; layer--) {
    const given = activations[layer]!;
    const inputs = given.length;
    const outer = deltas[layer + 1]!;
    const inner = deltas[layer]!;
    inner.fill(0);
    let weight = offsets[layer]!;
    const biases = weight + inputs * outer.length;
    for (let output = 0; output < outer.length; output++) {
      const delta = outer[output]!;
      gradients[biases + output]! += delta;
      addTimes(delta, given, 0, gradients, weight, inputs);
      addTimes(delta, parameters, weight, inner, 0, inputs);
      weight += inputs;
    }
    // tanh'(x) is 1 - tanh(x)^2; the input itself went through nothing.
    if (layer > 0) for (let input = 0; input < inputs; input++) inner[input]! *= 1 - given[input]! ** 2;
  }
}

/** Steps of Adam over one network's parameters. */
export class Adam {
  readonly #parameters: Float64Array;
  readonly #moments: Float64Array;
  readonly #squares: Float64Array;
  #steps = 0;

  constructor({ parameters }: Pick<DenseNetwork, 'parameters'>) {
    this.#parameters = parameters;
    this.#moments = new Float64Array(parameters.length);
    this.#squares = new Float64Array(parameters.length);
  }

  /** One step against the gradients, each divided by `examples`; leaves them at 0. */
  step(gradients: Float64Array, examples: number, rate = RATE): void {
    this.#steps++;
    const moments = this.#moments;
    const squares = this.#squares;
    const scale = (rate * Math.sqrt(1 - SQUARE_DECAY ** this.#steps)) / (1 - MOMENT_DECAY ** this.#steps);
    for (let at = 0; at < gradients.length; at++) {
      const gradient = gradients[at]! / examples;
      const moment = MOMENT_DECAY * moments[at]! + (1 - MOMENT_DECAY) * gradient;
      const square = SQUARE_DECAY * squares[at]! + (1 - SQUARE_DECAY) * gradient * gradient;
      moments[at] = moment;
      squares[at] = square;
      this.#parameters[at]! -= (scale * moment) / (Math.sqrt(square) + EPSILON);
      gradients[at] = 0;
    }
  }
}
