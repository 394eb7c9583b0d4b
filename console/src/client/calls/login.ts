import {
  type DeviceLogin,
  type DeviceLoginAnswer,
  type LogInRequest,
  type LoginGrant,
  type LoginWays,
  type LogOutResponse,
  loginService,
  type WhoAmIResponse,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const loginCalls = (connection: Connection) => ({
  getLogin(): Promise<LoginWays> {
    return connection.call(loginService.getLogin, {});
  },

  logIn(request: LogInRequest): Promise<LoginGrant> {
    return connection.call(loginService.logIn, request);
  },

  beginDeviceLogin(): Promise<DeviceLogin> {
    return connection.call(loginService.beginDeviceLogin, {});
  },

  /** Who it was, or when to ask again. */
  askDeviceLogin(handle: string): Promise<DeviceLoginAnswer> {
    return connection.call(loginService.askDeviceLogin, { handle });
  },

  /** Ends the login this console has. */
  logOut(): Promise<LogOutResponse> {
    return connection.call(loginService.logOut, {});
  },

  whoAmI(): Promise<WhoAmIResponse> {
    return connection.call(loginService.whoAmI, {});
  },
});
