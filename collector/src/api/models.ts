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
import { isModelName, MODEL_NAMES, type ModelName } from '../detect/behaviour/trained/kinds.ts';
import type { ModelCard } from '../detect/behaviour/trained/model-file.ts';
import type { ModelRegistry } from '../detect/behaviour/trained/registry.ts';
import type { ModelRecord } from '../store/behaviour-store.ts';
import type { AuditActor, Store } from '../store/store.ts';
import { getAlert } from './alerts.ts';
import { ApiError, toStatus, unary } from './grpc-status.ts';

export interface ModelsParts {
  store: Store;
  /** None where models are switched off. */
  models: { keeper: BehaviourKeeper; registry: ModelRegistry } | undefined;
  actor: (address: string) => AuditActor;
  failed: (error: unknown) => void;
}

/** Callers are consoles: authorisation is done before. */
export function modelsHandlers(parts: ModelsParts): UntypedServiceImplementation {
  const { store, actor, failed } = parts;
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
    explainAlert: unary(({ alertId }: ExplainAlertRequest) => explainAlert(store, alertId ?? ''), failed),
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
  };
  return { learning, models: (await registry.list()).map(summarise) };
}

async function evaluateModel(
  parts: ModelsParts,
  { name, version }: EvaluateModelRequest,
): Promise<EvaluateModelResponse> {
  const { record, evaluation } = await modelsOf(parts).registry.evaluate(name ?? '', version ?? 0);
  const { hours, unusual, alerts, allowed: alertsAllowed, agreement } = evaluation;
  return { model: summarise(record), hours, unusual, alerts, alertsAllowed, agreement };
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
      const by = parts.actor(call.getPeer());
      // What ended since the last checkpoint is trained from as well.
      await keeper.checkpoint();
      for (const model of names) {
        const progress = (step: TrainingProgress) => void call.write({ model, ...step });
        const record = await registry.train(model, { progress, signal: gone.signal, by });
        call.write({ model, phase: 'saved', done: 1, total: 1, finished: summarise(record) });
      }
    };
    train().then(
      () => call.end(),
      (error) => (gone.signal.aborted ? undefined : end(error)),
    );
  };
}

function namesOf(name: string): readonly ModelName[] {
  if (name === '') return MODEL_NAMES;
  if (isModelName(name)) return [name];
  throw new ApiError('not_found', `there is no model ${JSON.stringify(name)}${suggest(name, MODEL_NAMES)}`);
}

async function explainAlert(store: Store, id: string): Promise<ExplainAlertResponse> {
  const { alert } = await getAlert(store, { id });
  const { id: alertId, title, reason, modelReason } = alert ?? {};
  return { alertId, title, reason, modelReason };
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
    alertsLastWeek: metrics.alertsLastWeek,
    alertsAllowed: metrics.alertsAllowed,
    notice: record.notice,
  };
}
