// Models in the form onnxruntime scores batches by. Their files carry it beside what we score single rows by ourselves, since crossing over
// to it costs more than a row does.
//
// Invariant: what is open here has scored the rows its file keeps for that as our own code does.
import { sha256 } from '@threatguard/proto';
import { NO_MODEL, OnnxError, OnnxModel } from '../../models/onnx/session.ts';
import { ModelError } from './model-error.ts';

/** How far the scores of both may be apart: of scores beyond 1 that share of them. */
const APART_MOST = 1e-5;

/** One part of a model, by the name of what it is about: a kind of entity, a family of sequences. */
export interface OnnxForm {
  bytes: Uint8Array;
  /** The rows that are kept for it, by this form and by our own code. */
  score: (model: OnnxModel) => Promise<{ found: ArrayLike<number>; own: ArrayLike<number> }>;
}
export type OnnxForms = ReadonlyMap<string, OnnxForm>;
export type OnnxModels = ReadonlyMap<string, OnnxModel> & AsyncDisposable;

/** SHA-256 of each, hex: what the card says of them. */
export function digestsOf(forms: OnnxForms): Record<string, string> {
  return Object.fromEntries([...forms].map(([name, { bytes }]) => [name, sha256(bytes).toString('hex')]));
}

class OpenModels extends Map<string, OnnxModel> implements AsyncDisposable {
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.values()].map((model) => model[Symbol.asyncDispose]()));
    this.clear();
  }
}

export interface OnnxRuntimeParts {
  load?: ((bytes: Uint8Array) => Promise<OnnxModel>) | undefined;
  /** There is no onnxruntime for this machine: told once. */
  unavailable?: ((why: string) => void) | undefined;
}

export class OnnxRuntime {
  readonly #load: (bytes: Uint8Array) => Promise<OnnxModel>;
  readonly #unavailable: (why: string) => void;
  #told = false;

  constructor({ load = (bytes) => OnnxModel.load(bytes), unavailable = () => undefined }: OnnxRuntimeParts) {
    this.#load = load;
    this.#unavailable = unavailable;
  }

  /** Loads onnxruntime now, a third of a second of the thread where it was not read lately, and not when the first model is opened. */
  async prepare(): Promise<void> {
    try {
      await using _ = await this.#load(NO_MODEL);
    } catch (error) {
      this.#without(error);
    }
  }

  /**
   * Opens the forms of a model; none where there is no onnxruntime. Throws ModelError `digest` for what is not what the card says, `mismatch`
   * for what does not score as our own code does.
   */
  async open(forms: OnnxForms, digests: Readonly<Record<string, string>>): Promise<OnnxModels> {
    const found = digestsOf(forms);
    const names = new Set([...Object.keys(found), ...Object.keys(digests)]);
    if ([...names].some((name) => found[name] !== digests[name])) {
      throw new ModelError('digest', 'the ONNX form of this model is not what its card describes; train it again');
    }
    await using open = new AsyncDisposableStack();
    const models = open.use(new OpenModels());
    try {
      for (const [name, form] of forms) {
        const model = await this.#load(form.bytes);
        models.set(name, model);
        compare(name, await form.score(model));
      }
    } catch (error) {
      if (error instanceof OnnxError && error.code !== 'unavailable') {
        throw new ModelError('mismatch', `the ONNX form of this model is none: ${error.message}; train it again`);
      }
      this.#without(error);
    }
    open.move();
    return models;
  }

  /** Goes on where there is no onnxruntime; told once. */
  #without(error: unknown): void {
    if (!(error instanceof OnnxError) || error.code !== 'unavailable') throw error;
    if (!this.#told) this.#unavailable(error.message);
    this.#told = true;
  }
}

/** Throws ModelError `mismatch` where they are apart. */
function compare(name: string, { found, own }: { found: ArrayLike<number>; own: ArrayLike<number> }): void {
  let most = found.length === own.length ? 0 : Number.POSITIVE_INFINITY;
  for (let at = 0; at < own.length; at++) {
    const apart = Math.abs(found[at]! - own[at]!) / Math.max(1, Math.abs(own[at]!));
    // What is no number is apart as well.
    if (!(apart <= most)) most = apart;
  }
  if (most <= APART_MOST) return;
  const text = `the ONNX form of this model (${name}) scores up to ${most.toPrecision(2)} apart from the model itself`;
  throw new ModelError('mismatch', `${text}; train it again`);
}
