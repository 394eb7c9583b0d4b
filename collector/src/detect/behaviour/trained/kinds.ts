// The kinds of models the registry has: what each is trained from, how its file is opened, and how it is judged.
import { deserialize } from 'node:v8';
import type { BehaviourStore } from '../../../store/behaviour-store.ts';
import { logProbabilities } from '../../models/lstm.ts';
import type { OnnxModel } from '../../models/onnx/session.ts';
import { FEATURES } from '../features.ts';
import { ENTITY_KINDS, type EntityKind } from '../profile.ts';
import { FAMILIES } from '../sequences/families.ts';
import { type ActiveSequences, SequenceScorer, type SequencesBody } from '../sequences/sequence-scorer.ts';
import { type EvaluateParts, type Evaluation, evaluateHours } from './evaluate.ts';
import { evaluateSequences } from './evaluate-sequences.ts';
import type { Trained } from './in-thread.ts';
import type { OnnxForm, OnnxForms, OnnxModels } from './onnx-models.ts';
import { HOUR_MODELS, type HourModelName, loadScorer, type Scorer, type TrainedBody } from './scorers.ts';
import { type TrainParts, trainHourModel, trainSequenceModel } from './trainer.ts';

export const SEQUENCES = 'sequences';
export const MODEL_NAMES = [...HOUR_MODELS, SEQUENCES] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

type KindScorers = Partial<Record<EntityKind, Scorer>>;

/** A model of hours, opened. */
export interface ActiveModel {
  name: HourModelName;
  version: number;
  scorers: KindScorers;
}

export type OpenModel = ActiveModel | ActiveSequences;

export function isModelName(name: string): name is ModelName {
  return MODEL_NAMES.some((each) => each === name);
}

/** What the card says the model looks at. */
export function featuresOf(name: ModelName): readonly string[] {
  return name === SEQUENCES ? FAMILIES.map((family) => `${family} sequence`) : FEATURES.map((feature) => feature.name);
}

export function trainModel(name: ModelName, parts: TrainParts): Promise<Trained> {
  return name === SEQUENCES ? trainSequenceModel(parts) : trainHourModel(name, parts);
}

/** From when to when there is something to train from. */
export function spanOf(name: ModelName, store: BehaviourStore): Promise<{ fromUs: number; toUs: number }> {
  return name === SEQUENCES ? store.sequencesSpan() : store.hoursSpan();
}

/** The body has been checked: it is what this collector trained. */
export function openModel(name: ModelName, version: number, body: Uint8Array): { model: OpenModel; forms: OnnxForms } {
  if (name === SEQUENCES) {
    const trained = deserialize(body) as SequencesBody;
    return { model: { name, version, scorer: new SequenceScorer(trained) }, forms: sequenceForms(trained) };
  }
  const trained = deserialize(body) as TrainedBody;
  const scorers: KindScorers = {};
  const forms = new Map<string, OnnxForm>();
  for (const kind of ENTITY_KINDS) {
    const own = trained[kind];
    if (!own) continue;
    const scorer = loadScorer(name, own);
    scorers[kind] = scorer;
    if (!own.onnx) continue;
    const { model: bytes, tried } = own.onnx;
    const score = async (model: OnnxModel) => ({
      found: await model.scoreRows(tried, 'score'),
      own: scorer.score(tried),
    });
    forms.set(kind, { bytes, score });
  }
  return { model: { name, version, scorers }, forms };
}

function sequenceForms(trained: SequencesBody): OnnxForms {
  const forms = new Map<string, OnnxForm>();
  for (const family of FAMILIES) {
    const { onnx, model: saved } = trained[family] ?? {};
    const network = saved?.recurrent?.network;
    if (!onnx || !network) continue;
    const { model: bytes, tried } = onnx;
    const score = async (model: OnnxModel) => {
      const found = await model.scoreSequences(tried);
      return {
        found: found.flatMap((logs) => [...logs]),
        own: tried.flatMap((sequence) => [...logProbabilities(network, sequence)]),
      };
    };
    forms.set(family, { bytes, score });
  }
  return forms;
}

/** In batches; by onnxruntime what is open there. */
export function evaluateModel(model: OpenModel, parts: EvaluateParts, onnx: OnnxModels): Promise<Evaluation> {
  return model.name === SEQUENCES
    ? evaluateSequences(model.scorer, parts, onnx)
    : evaluateHours(model.scorers, parts, onnx);
}
