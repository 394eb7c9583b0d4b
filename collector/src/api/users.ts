// The Users service: users of the HTTP service and their tokens, for consoles.

import { randomBytes } from 'node:crypto';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type AddUserRequest,
  type AddUserResponse,
  type ApiUser,
  type ListUserTokensRequest,
  type ListUserTokensResponse,
  type MakeUserTokenRequest,
  type MakeUserTokenResponse,
  type RemoveUserRequest,
  type RemoveUserResponse,
  type RemoveUserTokenRequest,
  type SetUserRoleRequest,
  suggest,
  type UserToken,
} from '@threatguard/proto';
import type { Access } from '../access/access.ts';
import { isRole, isScope, ROLE_NAMES, type Role, SCOPE_NAMES, type Scope } from '../access/scopes.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { UserRecord, UserTokenRecord } from '../store/access-store.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { ApiError, unary } from './grpc-status.ts';

/** Of a password that is made here: 128 bits. */
const PASSWORD_BYTES = 16;

export interface UsersParts {
  access: Access;
  actor: (from: CallFrom) => AuditActor;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export function usersHandlers({ access, actor, nowUs, failed }: UsersParts): UntypedServiceImplementation {
  const change = (from: CallFrom) => ({ by: actor(from), nowUs: nowUs() });

  async function addUser(request: AddUserRequest, from: CallFrom): Promise<AddUserResponse> {
    const made = request.password ? '' : randomBytes(PASSWORD_BYTES).toString('base64url');
    const wanted = { name: request.name ?? '', role: role(request.role), password: request.password || made };
    return { user: describe(await access.accounts.add(wanted, change(from))), password: made };
  }

  async function removeUser(request: RemoveUserRequest, from: CallFrom): Promise<RemoveUserResponse> {
    const user = access.users.mustFind(request.name ?? '');
    const { sessions, tokens } = describe(user);
    await access.accounts.remove(user.name, change(from));
    return { sessions, tokens };
  }

  function listTokens(request: ListUserTokensRequest): ListUserTokensResponse {
    const owner = request.user ? access.users.mustFind(request.user).id : undefined;
    const tokens = access.tokens.all(nowUs()).filter(({ userId }) => owner === undefined || userId === owner);
    return { tokens: tokens.map(describeToken) };
  }

  async function makeToken(request: MakeUserTokenRequest, from: CallFrom): Promise<MakeUserTokenResponse> {
    const user = access.users.mustFind(request.user ?? '');
    const scopes = (request.scopes ?? []).map(scope);
    const wanted = { label: request.label ?? '', scopes, validSeconds: request.validSeconds || undefined };
    const { token, record } = await access.tokens.make(user, wanted, change(from));
    return { token, record: describeToken(record) };
  }

  function describe(user: UserRecord): Required<ApiUser> {
    return {
      name: user.name,
      role: user.role,
      secondFactor: user.totpSecret !== undefined,
      source: user.issuer || 'local',
      madeAtUs: user.madeAtUs,
      lastLoginAtUs: user.lastLoginAtUs ?? 0,
      sessions: access.sessions.of(user.id, nowUs()).length,
      tokens: access.tokens.all(nowUs()).filter(({ userId }) => userId === user.id).length,
    } as Required<ApiUser>;
  }

  function describeToken({ id, userId, label, scopes, madeAtUs, expiresAtUs }: UserTokenRecord): UserToken {
    return { id, user: access.users.get(userId)?.name ?? '', label, scopes: [...scopes], madeAtUs, expiresAtUs };
  }

  return {
    listUsers: unary(async () => ({ users: access.users.all().map(describe) }), failed),
    addUser: unary(addUser, failed),
    removeUser: unary(removeUser, failed),
    setUserRole: unary(async (request: SetUserRoleRequest, from) => {
      const user = await access.users.setRole(request.name ?? '', role(request.role), change(from));
      return { user: describe(user) };
    }, failed),
    listUserTokens: unary(async (request: ListUserTokensRequest) => listTokens(request), failed),
    makeUserToken: unary(makeToken, failed),
    removeUserToken: unary(async (request: RemoveUserTokenRequest, from) => {
      await access.tokens.remove(request.id ?? '', change(from));
      return {};
    }, failed),
  };
}

function role(text: string | null | undefined): Role {
  if (text && isRole(text)) return text;
  throw new ApiError('invalid', `there is no role "${text ?? ''}"${suggest(text ?? '', ROLE_NAMES)}`);
}

function scope(text: string): Scope {
  if (isScope(text)) return text;
  throw new ApiError('invalid', `there is no scope "${text}"${suggest(text, SCOPE_NAMES)}`);
}
