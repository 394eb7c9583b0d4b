import {
  type AddUserRequest,
  type AddUserResponse,
  type ApiUser,
  type MakeUserTokenRequest,
  type MakeUserTokenResponse,
  type RemoveUserResponse,
  type SetUserRoleRequest,
  type SetUserRoleResponse,
  type UserToken,
  usersService,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';

export const usersCalls = (connection: Connection) => ({
  async listUsers(): Promise<ApiUser[]> {
    return (await connection.call(usersService.listUsers, {})).users ?? [];
  },

  addUser(request: AddUserRequest): Promise<AddUserResponse> {
    return connection.call(usersService.addUser, request);
  },

  removeUser(name: string): Promise<RemoveUserResponse> {
    return connection.call(usersService.removeUser, { name });
  },

  setUserRole(request: SetUserRoleRequest): Promise<SetUserRoleResponse> {
    return connection.call(usersService.setUserRole, request);
  },

  /** Of one user, or of all for ''. */
  async listUserTokens(user: string): Promise<UserToken[]> {
    return (await connection.call(usersService.listUserTokens, { user })).tokens ?? [];
  },

  makeUserToken(request: MakeUserTokenRequest): Promise<MakeUserTokenResponse> {
    return connection.call(usersService.makeUserToken, request);
  },

  async removeUserToken(id: string): Promise<void> {
    await connection.call(usersService.removeUserToken, { id });
  },
});
