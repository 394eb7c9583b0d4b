import {
  type DestroyEpochRequest,
  type KeysReport,
  keysService,
  type RotateKeysRequest,
  type RotateKeysResponse,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const keysCalls = (connection: Connection) => ({
  rotateKeys(request: RotateKeysRequest): Promise<RotateKeysResponse> {
    return connection.call(keysService.rotateKeys, request);
  },

  getKeys(): Promise<KeysReport> {
    return connection.call(keysService.getKeys, {});
  },

  controlRotation(action: 'pause' | 'resume' | 'abort'): Promise<KeysReport> {
    return connection.call(keysService.controlRotation, { action });
  },

  /** 0 ends the schedule. */
  scheduleRotation(everySeconds: number): Promise<KeysReport> {
    return connection.call(keysService.scheduleRotation, { everySeconds });
  },

  destroyEpoch(request: DestroyEpochRequest): Promise<KeysReport> {
    return connection.call(keysService.destroyEpoch, request);
  },
});
