// ONNX models at work, by onnxruntime. The one place that knows it; it is loaded when the first model is, so that nothing that
// has no model waits for it.
import type { InferenceSession } from 'onnxruntime-node';
import type { Matrix } from '../matrix.ts';
import { ModelWriter } from './model-writer.ts';

export type OnnxErrorCode =
  /** onnxruntime-node is not installed, or not for this machine. */
  | 'unavailable'
  /** The bytes are no model onnxruntime takes. */
  | 'refused'
  /** The model does not take what it was given. */
  | 'mismatched';

export class OnnxError extends Error {
  override readonly name = 'OnnxError';
  readonly code: OnnxErrorCode;

  constructor(code: OnnxErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Rows that are scored at once: enough that a call costs nothing beside them. onnxruntime-node runs a model in the thread that asks, so few
 * enough that other work waits for some milliseconds of a forest; between batches it has its turn.
 */
export const BATCH_ROWS = 1_024;

async function loadRuntime() {
  try {
    return (await import('onnxruntime-node')).default;
  } catch (error) {
    throw new OnnxError(
      'unavailable',
      `onnxruntime-node is not installed for this machine: ${(error as Error).message}`,
    );
  }
}

/** Gives back what it is given: whoever loads it has onnxruntime loaded. */
export const NO_MODEL: Uint8Array = (() => {
  const model = new ModelWriter();
  model.input({ name: 'rows', type: 'double', shape: ['rows', 1] });
  model.node('Identity', ['rows'], { as: 'score' });
  model.output({ name: 'score', type: 'double', shape: ['rows', 1] });
  return model.finish('nothing');
})();

/** A model that is ready to be run. Its bytes come from `export-*.ts`. */
export class OnnxModel implements AsyncDisposable {
  readonly #runtime: Awaited<ReturnType<typeof loadRuntime>>;
  readonly #session: InferenceSession;

  private constructor(runtime: Awaited<ReturnType<typeof loadRuntime>>, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
  }

  /** Loads a model; with one thread unless told otherwise. Throws OnnxError `unavailable` or `refused`. */
  static async load(bytes: Uint8Array, { threads = 1 } = {}): Promise<OnnxModel> {
    const runtime = await loadRuntime();
    try {
      const session = await runtime.InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 4,
      });
      return new OnnxModel(runtime, session);
    } catch (error) {
      throw new OnnxError('refused', `not a model that can be run: ${(error as Error).message}`);
    }
  }

  /** Gives each row of a matrix to a model whose input is `rows`; the named output, row after row. Throws OnnxError `mismatched`. */
  async scoreRows({ rows, columns, values }: Matrix, output: string): Promise<Float64Array> {
    const parts: Float64Array[] = [];
    for (let start = 0; start < rows; start += BATCH_ROWS) {
      const count = Math.min(BATCH_ROWS, rows - start);
      const part = values.slice(start * columns, (start + count) * columns);
      const input = new this.#runtime.Tensor('float64', part, [count, columns]);
      parts.push(Float64Array.from(await this.#run({ rows: input }, output)));
    }
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /**
   * The log probability of every token of each sequence after those before it, its first excepted, by a model from
   * `exportLstm`. Throws OnnxError `mismatched`.
   */
  async scoreSequences(sequences: readonly Uint16Array[]): Promise<Float32Array[]> {
    const steps = Math.max(0, ...sequences.map(({ length }) => length - 1));
    if (steps === 0) return sequences.map(() => new Float32Array(0));
    const shape = [steps, sequences.length];
    const tokens = new BigInt64Array(steps * sequences.length);
    const next = new BigInt64Array(steps * sequences.length);
    sequences.forEach((sequence, which) => {
      for (let step = 0; step + 1 < sequence.length; step++) {
        tokens[step * sequences.length + which] = BigInt(sequence[step]!);
        next[step * sequences.length + which] = BigInt(sequence[step + 1]!);
      }
    });
    const tensor = (values: BigInt64Array) => new this.#runtime.Tensor('int64', values, shape);
    const logs = await this.#run({ tokens: tensor(tokens), next: tensor(next) }, 'logProbability');
    return sequences.map((sequence, which) =>
      Float32Array.from(
        { length: Math.max(0, sequence.length - 1) },
        (_, step) => logs[step * sequences.length + which]!,
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }

  async #run(feeds: InferenceSession.FeedsType, output: string): Promise<Float64Array | Float32Array> {
    try {
      const { [output]: found } = await this.#session.run(feeds, [output]);
      return found!.data as Float64Array | Float32Array;
    } catch (error) {
      throw new OnnxError('mismatched', `the model does not take this: ${(error as Error).message}`);
    }
  }
}
