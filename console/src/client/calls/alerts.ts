import type { ServiceError } from '@grpc/grpc-js';
import {
  type ActRequest,
  type ActResult,
  type Alert,
  type AlertAct,
  type AlertFilter,
  type AlertOrder,
  consoleService,
  type GetAlertResponse,
  type SignedAlert,
  triageService,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';
import { collect } from '../pages.ts';
import { toConsoleError } from '../rpc-error.ts';

export const alertsCalls = (connection: Connection) => ({
  getAlert(id: string): Promise<GetAlertResponse> {
    return connection.call(consoleService.getAlert, { id });
  },

  /** One result for each target, in order. */
  async actOnAlerts(request: ActRequest): Promise<ActResult[]> {
    return (await connection.call(triageService.act, request)).results ?? [];
  },

  /** What people did about an alert, oldest first. */
  async alertHistory(id: string): Promise<AlertAct[]> {
    return (await connection.call(triageService.getHistory, { id })).acts ?? [];
  },

  /** Newest first or in another order, at most `limit`, over as many pages as it takes. */
  listAlerts(filter: AlertFilter, limit: number, order?: AlertOrder): Promise<Alert[]> {
    return collect(limit, async (rows, after) => {
      const page = await connection.call(consoleService.listAlerts, { filter, limit: rows, after, order });
      return { rows: page.alerts ?? [], next: page.next ?? '' };
    });
  },

  /** Alerts as they are raised, from `onOpen` on. Resolves when the stream ends by `signal`; throws when it breaks. */
  watchAlerts(
    filter: AlertFilter,
    options: { signal: AbortSignal; onOpen(): void; onAlert(signed: SignedAlert): void },
  ): Promise<void> {
    const stream = connection.watch(consoleService.watchAlerts, { filter });
    const cancel = () => stream.cancel();
    options.signal.addEventListener('abort', cancel, { once: true });
    return new Promise<void>((resolve, reject) => {
      stream.on('metadata', options.onOpen);
      stream.on('data', options.onAlert);
      stream.on('error', (error: ServiceError) => {
        if (options.signal.aborted) resolve();
        else reject(toConsoleError(error, connection.address));
      });
      stream.on('end', resolve);
      if (options.signal.aborted) cancel();
    }).finally(() => options.signal.removeEventListener('abort', cancel));
  },
});
