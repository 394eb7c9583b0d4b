// Users and tokens, for those who look after them; and everybody's own tokens.
import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { AccessError } from '../../access/access-error.ts';
import type { UserTokenRecord } from '../../store/access-store.ts';
import type { HttpApp } from '../app.ts';
import {
  addUserBody,
  changeUserBody,
  madeTokenAnswer,
  makeTokenBody,
  tokenParams,
  tokensAnswer,
  userAnswer,
  userParams,
  usersAnswer,
} from '../schemas/login.ts';
import { guarded, known as toKnown } from '../schemas/problem.ts';
import { isoTime } from '../times.ts';
import { describeUser } from './login.ts';
import { changeBy } from './origin.ts';

const NOTHING = { 204: z.undefined().describe('Done') };
const DAY_S = 24 * 3600;

export function userRoutes(app: HttpApp, { access, nowMs }: { access: Access; nowMs: () => number }): void {
  const admins = { access: 'users:write' } as const;
  const known = { access: 'known' } as const;

  app.get(
    '/api/users',
    {
      config: admins,
      schema: { tags: ['login'], summary: 'Every user', response: { 200: usersAnswer, ...guarded() } },
    },
    () => ({ users: access.users.all().map(describeUser) }),
  );

  app.post(
    '/api/users',
    {
      config: admins,
      schema: {
        tags: ['login'],
        summary: 'Adds a user with a role and a password',
        body: addUserBody,
        response: { 201: userAnswer, ...guarded('conflict', 'unavailable') },
      },
    },
    async (request, reply) => {
      const user = await access.accounts.add(request.body, changeBy(request, nowMs()));
      return reply.code(201).send(describeUser(user));
    },
  );

  app.patch(
    '/api/users/:name',
    {
      config: admins,
      schema: {
        tags: ['login'],
        summary: 'Another role, at once; or another password, which ends every login and takes the second factor off',
        params: userParams,
        body: changeUserBody,
        response: { 200: userAnswer, ...guarded('not_found', 'conflict', 'unavailable') },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { role, password } = request.body;
      const change = changeBy(request, nowMs());
      if (password !== undefined) await access.accounts.resetPassword(name, password, change);
      if (role !== undefined) await access.users.setRole(name, role, change);
      return describeUser(access.users.mustFind(name));
    },
  );

  app.delete(
    '/api/users/:name',
    {
      config: admins,
      schema: {
        tags: ['login'],
        summary: 'Removes a user with logins and tokens, which are refused from now on',
        params: userParams,
        response: { ...NOTHING, ...guarded('not_found', 'conflict') },
      },
    },
    async (request, reply) => {
      await access.accounts.remove(request.params.name, changeBy(request, nowMs()));
      return reply.code(204).send(undefined);
    },
  );

  app.get(
    '/api/tokens',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'Tokens for scripts: of everybody with the scope users:write, else of who calls',
        response: { 200: tokensAnswer, ...toKnown() },
      },
    },
    (request) => {
      const { userId, scopes } = request.caller!;
      const own = access.tokens
        .all(nowMs() * 1000)
        .filter((each) => scopes.has('users:write') || each.userId === userId);
      return { tokens: own.map(describeToken) };
    },
  );

  app.post(
    '/api/tokens',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'A token for a script, with some of the scopes of who calls',
        body: makeTokenBody,
        response: { 201: madeTokenAnswer, ...guarded('not_found') },
      },
    },
    async (request, reply) => {
      const caller = request.caller!;
      const { user: name, label, scopes, valid_days } = request.body;
      if (name !== undefined && !caller.scopes.has('users:write')) {
        throw new AccessError('scope_beyond', 'a token of somebody else needs the scope users:write');
      }
      const beyond = scopes.find((scope) => !caller.scopes.has(scope));
      if (beyond) throw new AccessError('scope_beyond', `who calls does not have the scope ${beyond}`);
      const user = name === undefined ? access.users.get(caller.userId)! : access.users.mustFind(name);
      const wanted = { label, scopes, validSeconds: valid_days * DAY_S };
      const { token, record } = await access.tokens.make(user, wanted, changeBy(request, nowMs()));
      return reply.code(201).send({ ...describeToken(record), token });
    },
  );

  app.delete(
    '/api/tokens/:id',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'Removes a token, which is refused from now on',
        params: tokenParams,
        response: { ...NOTHING, ...toKnown('not_found') },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { userId, scopes } = request.caller!;
      const mine = access.tokens.find(id)?.userId === userId;
      // Of somebody else's token not even that it exists is told.
      if (!mine && !scopes.has('users:write')) throw new AccessError('no_such_token', 'no token has this id');
      await access.tokens.remove(id, changeBy(request, nowMs()));
      return reply.code(204).send(undefined);
    },
  );

  function describeToken({ id, userId, label, scopes, madeAtUs, expiresAtUs }: UserTokenRecord) {
    const user = access.users.get(userId)?.name ?? '';
    const times = { made_at: isoTime(madeAtUs / 1000), expires_at: isoTime(expiresAtUs / 1000) };
    return { id, user, label, scopes: [...scopes], ...times };
  }
}
