// Who somebody is: logging in, staying logged in, logging out, and what a user changes about himself.

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { AccessError } from '../../access/access-error.ts';
import type { Grant } from '../../access/logins.ts';
import { scopesOf } from '../../access/users.ts';
import type { UserRecord } from '../../store/access-store.ts';
import type { HttpApp } from '../app.ts';
import { ProblemError } from '../problem.ts';
import type { RateLimits } from '../rate-limits.ts';
import {
  codeBody,
  confirmBody,
  firstAdminBody,
  grantAnswer,
  keysAnswer,
  loginBody,
  meAnswer,
  passwordBody,
  refreshBody,
  secondFactorAnswer,
  userAnswer,
} from '../schemas/login.ts';
import { refusals, known as toKnown } from '../schemas/problem.ts';
import { isoTime } from '../times.ts';
import { changeBy, originOf } from './origin.ts';

export interface LoginRoutesParts {
  access: Access;
  limits: RateLimits;
  nowMs: () => number;
}

const NOTHING = { 204: z.undefined().describe('Done') };

export function loginRoutes(app: HttpApp, { access, limits, nowMs }: LoginRoutesParts): void {
  const open = { access: 'anyone' } as const;
  const known = { access: 'known' } as const;

  app.post(
    '/api/auth/first-admin',
    {
      config: open,
      schema: {
        tags: ['login'],
        summary: 'Makes the first admin, for whoever has the secret that init printed',
        body: firstAdminBody,
        response: { 201: userAnswer, ...refusals('unauthenticated', 'conflict', 'unavailable') },
      },
    },
    async (request, reply) => {
      const user = await guessed(request, () => access.accounts.makeFirstAdmin(request.body, originOf(request)));
      return reply.code(201).send(describeUser(user));
    },
  );

  app.post(
    '/api/auth/login',
    {
      config: open,
      schema: {
        tags: ['login'],
        summary: 'A name, a password and, where the user has one, a code, for an access token and a refresh token',
        body: loginBody,
        response: { 200: grantAnswer, ...refusals('unauthenticated', 'unavailable') },
      },
    },
    async (request) =>
      describeGrant(await guessed(request, () => access.logins.logIn(request.body, originOf(request)))),
  );

  app.post(
    '/api/auth/refresh',
    {
      config: open,
      schema: {
        tags: ['login'],
        summary: 'A refresh token for the next ones; one that was used before ends the login it is of',
        body: refreshBody,
        response: { 200: grantAnswer, ...refusals('unauthenticated', 'unavailable') },
      },
    },
    async (request) =>
      describeGrant(await guessed(request, () => access.logins.refresh(request.body.refresh_token, originOf(request)))),
  );

  app.post(
    '/api/auth/logout',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'Ends this login: its tokens are refused from now on',
        response: { ...NOTHING, ...toKnown('conflict') },
      },
    },
    async (request, reply) => {
      const caller = request.caller!;
      const user = ownUser(request);
      await access.logins.logOut(caller.id, { ...changeBy(request, nowMs()), user });
      return reply.code(204).send(undefined);
    },
  );

  app.get(
    '/api/auth/me',
    {
      config: known,
      schema: { tags: ['login'], summary: 'Who calls, and what he may', response: { 200: meAnswer, ...toKnown() } },
    },
    (request) => {
      const { userId, kind, scopes, expiresAtUs } = request.caller!;
      const user = describeUser(access.users.get(userId)!);
      return { user, by: kind, scopes: [...scopes], expires_at: isoTime(expiresAtUs / 1000) };
    },
  );

  app.post(
    '/api/auth/password',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'Another password for who calls; every other login of his ends',
        body: passwordBody,
        response: { ...NOTHING, ...toKnown('conflict', 'unavailable') },
      },
    },
    async (request, reply) => {
      const origin = { ...originOf(request), sessionId: request.caller!.id };
      await guessed(request, () => access.accounts.changePassword(ownUser(request), request.body, origin));
      return reply.code(204).send(undefined);
    },
  );

  app.post(
    '/api/auth/second-factor',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'A secret for an authenticator app; it counts once it is confirmed',
        body: confirmBody,
        response: { 200: secondFactorAnswer, ...toKnown('conflict', 'unavailable') },
      },
    },
    (request) =>
      guessed(request, () =>
        access.accounts.askForSecondFactor(ownUser(request), request.body.password, originOf(request)),
      ),
  );

  app.post(
    '/api/auth/second-factor/confirm',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'From now on a login needs a code',
        body: codeBody,
        response: { ...NOTHING, ...toKnown('conflict') },
      },
    },
    async (request, reply) => {
      await guessed(request, () =>
        access.accounts.confirmSecondFactor(ownUser(request), request.body.code, originOf(request)),
      );
      return reply.code(204).send(undefined);
    },
  );

  app.delete(
    '/api/auth/second-factor',
    {
      config: known,
      schema: {
        tags: ['login'],
        summary: 'From now on a login needs no code',
        body: confirmBody,
        response: { ...NOTHING, ...toKnown('conflict', 'unavailable') },
      },
    },
    async (request, reply) => {
      await guessed(request, () =>
        access.accounts.removeSecondFactor(ownUser(request), request.body.password, originOf(request)),
      );
      return reply.code(204).send(undefined);
    },
  );

  app.get(
    '/.well-known/jwks.json',
    {
      config: open,
      schema: {
        tags: ['login'],
        summary: 'The public keys of access tokens; of several, a token has a signature of each',
        response: { 200: keysAnswer, ...refusals() },
      },
    },
    async (_, reply) =>
      reply
        .header('cache-control', 'public, max-age=300')
        .send({ keys: access.publicKeys.keys.map((key) => ({ ...key })) }),
  );

  /** A user for himself: a script may not change who it belongs to. */
  function ownUser(request: FastifyRequest): UserRecord {
    const { kind, userId } = request.caller!;
    if (kind !== 'user') throw new ProblemError('conflict', 'this is for a login, not for the token of a script');
    return access.users.get(userId)!;
  }

  /** What is wrong counts against the address it came from. */
  async function guessed<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const wrong = error instanceof AccessError && ['wrong_credentials', 'not_known'].includes(error.code);
      if (wrong) await limits.failedFrom(request.ip);
      throw error;
    }
  }
}

export function describeUser(user: UserRecord) {
  return {
    name: user.name,
    role: user.role,
    scopes: [...scopesOf(user)],
    second_factor: user.totpSecret !== undefined,
    source: user.issuer || 'local',
    made_at: isoTime(user.madeAtUs / 1000),
    ...(user.lastLoginAtUs !== undefined && { last_login_at: isoTime(user.lastLoginAtUs / 1000) }),
  };
}

function describeGrant({ accessToken, refreshToken, expiresInSeconds, user }: Grant) {
  return {
    access_token: accessToken,
    token_type: 'Bearer' as const,
    expires_in: expiresInSeconds,
    refresh_token: refreshToken,
    scope: [...scopesOf(user)].join(' '),
    user: describeUser(user),
  };
}
