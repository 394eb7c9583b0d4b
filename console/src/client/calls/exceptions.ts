import {
  type AddExceptionRequest,
  type AddExceptionResponse,
  type AlertBudgetReport,
  exceptionsService,
  type GetExceptionResponse,
  type PreviewExceptionRequest,
  type PreviewExceptionResponse,
  type RuleException,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const exceptionsCalls = (connection: Connection) => ({
  previewException(request: PreviewExceptionRequest): Promise<PreviewExceptionResponse> {
    return connection.call(exceptionsService.previewException, request);
  },

  addException(request: AddExceptionRequest): Promise<AddExceptionResponse> {
    return connection.call(exceptionsService.addException, request);
  },

  /** Newest first; `ended` adds those that were removed or have expired. */
  async listExceptions(ended: boolean): Promise<RuleException[]> {
    return (await connection.call(exceptionsService.listExceptions, { ended })).exceptions ?? [];
  },

  getException(id: string): Promise<GetExceptionResponse> {
    return connection.call(exceptionsService.getException, { id });
  },

  async removeException(id: string): Promise<RuleException> {
    return (await connection.call(exceptionsService.removeException, { id })).exception ?? {};
  },

  getAlertBudget(): Promise<AlertBudgetReport> {
    return connection.call(exceptionsService.getAlertBudget, {});
  },

  /** 0 shows all alerts. */
  setAlertBudget(perDay: number): Promise<AlertBudgetReport> {
    return connection.call(exceptionsService.setAlertBudget, { perDay });
  },
});
