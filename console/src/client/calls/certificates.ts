import {
  type Ca,
  certificatesService,
  type OrderKeysResponse,
  type RetireCaResponse,
  type RotateCaResponse,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const certificatesCalls = (connection: Connection) => ({
  /** Newest first. */
  async listCas(): Promise<Ca[]> {
    return (await connection.call(certificatesService.getCas, {})).cas ?? [];
  },

  rotateCa(): Promise<RotateCaResponse> {
    return connection.call(certificatesService.rotateCa, {});
  },

  retireCa(force: boolean): Promise<RetireCaResponse> {
    return connection.call(certificatesService.retireCa, { force });
  },

  /** Of one agent by name or id, or of all for ''. */
  orderKeys(agent: string): Promise<OrderKeysResponse> {
    return connection.call(certificatesService.orderKeys, { agent });
  },
});
