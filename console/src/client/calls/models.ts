import {
  type ActivateModelRequest,
  type EvaluateModelResponse,
  type ExplainAlertResponse,
  type GetModelResponse,
  type ListModelsResponse,
  modelsService,
  type TrainingProgress,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const modelsCalls = (connection: Connection) => ({
  listModels(): Promise<ListModelsResponse> {
    return connection.call(modelsService.listModels, {});
  },

  /** Of version 0 the active one, else the newest. */
  getModel(name: string, version: number): Promise<GetModelResponse> {
    return connection.call(modelsService.getModel, { name, version });
  },

  evaluateModel(name: string, version: number): Promise<EvaluateModelResponse> {
    return connection.call(modelsService.evaluateModel, { name, version });
  },

  activateModel(request: ActivateModelRequest): Promise<GetModelResponse> {
    return connection.call(modelsService.activateModel, request);
  },

  rollbackModel(name: string): Promise<GetModelResponse> {
    return connection.call(modelsService.rollbackModel, { name });
  },

  explainAlert(alertId: string): Promise<ExplainAlertResponse> {
    return connection.call(modelsService.explainAlert, { alertId });
  },

  /** How training goes, until it is done. When the signal fires the collector ends it, and keeps nothing of it. */
  trainModels(name: string, signal: AbortSignal): AsyncIterable<TrainingProgress> {
    return connection.stream(modelsService.trainModels, { name }, signal);
  },
});
