// The Models service: what models there are, how they came to be, and which of them is in use.

import { type handleServerStreamingCall, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type ActivateModelRequest,
  type EvaluateModelRequest,
  type EvaluateModelResponse,
  type ExplainAlertRequest,
  type ExplainAlertResponse,
  type GetModelRequest,
  type GetModelResponse,
  type ListModelsResponse,
  type ModelSummary,
  type RollbackModelRequest,
  suggest,
  type TrainingProgress,
  type TrainModelsRequest,
} from '@threatguard/proto';
import type { BehaviourKeeper } from '../detect/behaviour/keeper.ts';
import { MODEL_NAMES } from '../detect/behaviour/trained/kinds.ts';
import { ModelError } from '../detect/behaviour/trained/model-error.ts';
import type { ModelCard } from '../detect/behaviour/trained/model-file.ts';
import type { ModelRegistry } from '../detect/behaviour/trained/registry.ts';
import { type CallFrom, callFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { ModelRecord } from '../store/behaviour-store.ts';
import type { Store } from '../store/store.ts';
import { VERDICTS_LEAST } from '../triage/learned/learn-triage.ts';
import type { TriageScoring } from '../triage/learned/triage-scoring.ts';
import { TRIAGE } from '../triage/learned/triage-trainer.ts';
import { findAlert } from './alerts.ts';
import { ApiError, toStatus, unary } from './grpc-status.ts';

export interface ModelsParts {
  store: Store;
  /** None where models are switched off. */
  models: { keeper: BehaviourKeeper; registry: ModelRegistry } | undefined;
  triage: Pick<TriageScoring, 'explain'>;
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}

/** Callers are consoles: authorisation is done before. */
export function modelsHandlers(parts: ModelsParts): UntypedServiceImplementation {
  const { actor, failed } = parts;
  return {
    listModels: unary(() => listModels(parts), failed),
    getModel: unary(async ({ name, version }: GetModelRequest) => {
      return describeModel(await modelsOf(parts).registry.find(name ?? '', version ?? 0));
    }, failed),
    trainModels: trainModels(parts),
    evaluateModel: unary((request: EvaluateModelRequest) => evaluateModel(parts, request), failed),
    activateModel: unary(async ({ name, version, force }: ActivateModelRequest, from) => {
      const how = { force: force ?? false, by: actor(from) };
      return describeModel(await modelsOf(parts).registry.activate(name ?? '', version ?? 0, how));
    }, failed),
    rollbackModel: unary(async ({ name }: RollbackModelRequest, from) => {
      return describeModel(await modelsOf(parts).registry.rollback(name ?? '', actor(from)));
    }, failed),
    explainAlert: unary(({ alertId }: ExplainAlertRequest) => explainAlert(parts, alertId ?? ''), failed),
  };
}

function modelsOf({ models }: ModelsParts): NonNullable<ModelsParts['models']> {
  if (models) return models;
  throw new ApiError('invalid', 'models are switched off; "models: enabled: true" in collector.yaml has them back');
}

async function listModels(parts: ModelsParts): Promise<ListModelsResponse> {
  const { keeper, registry } = modelsOf(parts);
  const { behaviour } = keeper;
  const { entities, options } = behaviour;
  const verdicts = await parts.store.verdicts.counts();
  const learning = {
    learnedDays: behaviour.learnedDays,
    neededDays: options.learningDays,
    hosts: entities.count('host'),
    users: entities.count('user'),
    accounts: entities.count('account'),
    programs: entities.count('program'),
    peerGroups: behaviour.groups.groups,
    alertsPerHostDay: options.alertsPerHostDay,
    entitiesEvicted: entities.evicted,
    eventsLate: behaviour.hours.late,
    hoursStored: await parts.store.behaviour.hoursStored(),
    verdictsTrue: verdicts.real,
    verdictsOther: verdicts.other,
    verdictsNeeded: VERDICTS_LEAST,
  };
  return { learning, models: (await registry.list()).map(summarise) };
}

async function evaluateModel(
  parts: ModelsParts,
  { name, version }: EvaluateModelRequest,
): Promise<EvaluateModelResponse> {
  const evaluated = await modelsOf(parts).registry.evaluate(name ?? '', version ?? 0);
  const model = summarise(evaluated.record);
  if ('measures' in evaluated) return { model, measures: evaluated.measures };
  const { hours, unusual, alerts, allowed: alertsAllowed, agreement } = evaluated.evaluation;
  return { model, hours, unusual, alerts, alertsAllowed, agreement };
}

/** Until the caller goes: then the training that is under way ends, and leaves nothing. */
function trainModels(parts: ModelsParts): handleServerStreamingCall<TrainModelsRequest, TrainingProgress> {
  return (call) => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const end = (error: unknown) => {
      const known = toStatus(error);
      if (!known) parts.failed(error);
      call.emit('error', known ?? { code: status.INTERNAL, details: 'the collector failed; its log says why' });
    };
    const train = async () => {
      const { keeper, registry } = modelsOf(parts);
      const names = namesOf(call.request.name ?? '');
      let lacking: ModelError | undefined;
      let trained = 0;
      const by = parts.actor(callFrom(call));
      // What ended since the last checkpoint is trained from as well.
      await keeper.checkpoint();
      for (const model of names) {
        const progress = (step: TrainingProgress) => void call.write({ model, ...step });
        try {
          const record = await registry.train(model, { progress, signal: gone.signal, by });
          call.write({ model, phase: 'saved', done: 1, total: 1, finished: summarise(record) });
          trained++;
        } catch (error) {
          // Of all, those are trained there is enough for.
          if (!(error instanceof ModelError) || error.code !== 'too_little') throw error;
          lacking ??= error;
        }
      }
      if (lacking && trained === 0) throw lacking;
    };
    train().then(
      () => call.end(),
      (error) => (gone.signal.aborted ? undefined : end(error)),
    );
  };
}

const MODELS: readonly string[] = [...MODEL_NAMES, TRIAGE];

function namesOf(name: string): readonly string[] {
  if (name === '') return MODELS;
  if (MODELS.includes(name)) return [name];
  throw new ApiError('not_found', `there is no model ${JSON.stringify(name)}${suggest(name, MODELS)}`);
}

async function explainAlert({ store, triage }: ModelsParts, text: string): Promise<ExplainAlertResponse> {
  const alert = await findAlert(store, text);
  const { id: alertId, title, reason, modelReason } = alert;
  const raised = (await store.judgements.alertRevision(alertId ?? '', 1)) ?? alert;
  const score = await triage.explain(alert, { raised, counts: await store.verdicts.counts() });
  return { alertId, title, reason, modelReason, triage: score };
}

function describeModel(record: ModelRecord): GetModelResponse {
  const { card, signature, certificate } = record;
  return { model: summarise(record), card, signature, certificate };
}

function summarise(record: ModelRecord): ModelSummary {
  const { data, metrics, digest } = JSON.parse(record.card) as ModelCard;
  return {
    name: record.name,
    version: record.version,
    state: record.state,
    trainedAtUs: record.createdAtUs,
    rows: Object.values(data.rows).reduce((sum, rows) => sum + rows, 0),
    fromUs: data.fromUs,
    toUs: data.toUs,
    digest,
    alertsLastWeek: metrics.alertsLastWeek ?? -1,
    alertsAllowed: metrics.alertsAllowed ?? 0,
    notice: record.notice,
  };
}
