// A model of behaviour trained from all but the last week, and judged by that: what it comes to before anybody keeps it.
import { sha256 } from '@threatguard/proto';
import type { BehaviourStore } from '../../../store/behaviour-store.ts';
import { FEATURES_VERSION } from '../features.ts';
import type { Evaluation } from './evaluate.ts';
import type { TrainProgress } from './in-thread.ts';
import { evaluateModel, featuresOf, type ModelName, type OpenModel, openModel, spanOf, trainModel } from './kinds.ts';
import { ModelError } from './model-error.ts';
import type { ModelCard } from './model-file.ts';
import { digestsOf, type OnnxModels, type OnnxRuntime } from './onnx-models.ts';

const WEEK_US = 7 * 86_400_000_000;

export interface JudgeParts {
  store: BehaviourStore;
  alertsPerHostDay: number;
}

/** The time up to `untilUs` through a model: a week unless told otherwise. */
export function judge(
  { model, onnx }: { model: OpenModel; onnx: OnnxModels },
  { store, alertsPerHostDay }: JudgeParts,
  { untilUs, spanUs = WEEK_US }: { untilUs: number; spanUs?: number },
): Promise<Evaluation> {
  return evaluateModel(model, { store, fromUs: untilUs - spanUs, untilUs, alertsPerHostDay }, onnx);
}

/** Throws ModelError `too_little` or `cancelled`; then nothing of it is left. */
export async function trainAndJudge(
  name: ModelName,
  parts: JudgeParts & { seed: number; onnx: OnnxRuntime; nextVersion: () => Promise<number>; nowUs: () => number },
  { progress, signal }: { progress: (progress: TrainProgress) => void; signal: AbortSignal },
): Promise<{ model: OpenModel; card: ModelCard; body: Uint8Array }> {
  const { store, seed, alertsPerHostDay } = parts;
  const trainedAtUs = parts.nowUs();
  const span = await spanOf(name, store);
  // Where there is no more than two weeks, the last third is what it is judged by.
  const heldUs = Math.min(WEEK_US, (span.toUs - span.fromUs) / 3);
  const untilUs = span.toUs - heldUs;
  const { body, rows } = await trainModel(name, { seed, store, untilUs, progress, signal });
  progress({ phase: 'evaluating', done: 0, total: 0 });
  const version = await parts.nextVersion();
  const { model, forms } = openModel(name, version, body);
  const digests = digestsOf(forms);
  await using onnx = await parts.onnx.open(forms, digests);
  const evaluation = await judge({ model, onnx }, parts, { untilUs: span.toUs, spanUs: heldUs });
  if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
  const card: ModelCard = {
    name,
    version,
    trainedAtUs,
    seed,
    featuresVersion: FEATURES_VERSION,
    features: featuresOf(name),
    data: { fromUs: span.fromUs, toUs: untilUs, rows },
    parameters: { alertsPerHostDay, batches: forms.size > 0 ? 'onnxruntime' : 'own code, no ONNX form' },
    metrics: {
      alertsLastWeek: evaluation.alerts,
      alertsAllowed: evaluation.allowed,
      hoursLastWeek: evaluation.hours,
    },
    digest: sha256(body).toString('hex'),
    onnx: digests,
  };
  return { model, card, body };
}
