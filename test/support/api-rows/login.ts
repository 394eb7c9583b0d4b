import { expect } from 'vitest';
import { hotp } from '../../../collector/src/access/totp.ts';
import { fromBase32, PASSWORD } from '../api-user.ts';
import { newUser } from '../api-world.ts';
import { answers, type Row, refuses } from './row.ts';

const wrong = { password: 'wrong wrong wrong' };
const ofScript = (body?: object) =>
  refuses(409, 'the token of a script', ({ script }) => ({ token: script, ...(body && { body }) }));
const ownUser = { user: expect.objectContaining({ source: 'local' }) };

export const LOGIN_ROWS: Record<string, Row> = {
  'POST /api/auth/login': answers(
    200,
    { token_type: 'Bearer', expires_in: 900 },
    { token: null, body: { name: 'ana', password: PASSWORD } },
    refuses(401, 'a wrong password', { token: null, body: { name: 'ana', ...wrong } }),
    refuses(400, 'a field there is not', { token: null, body: { name: 'ana', password: 'x', otp: '1' } }, '/body/otp'),
    refuses(
      400,
      'a code of letters',
      { token: null, body: { name: 'ana', password: 'x', code: 'abcdef' } },
      '/body/code',
    ),
  ),
  'POST /api/auth/refresh': answers(
    200,
    { token_type: 'Bearer' },
    async (world) => ({ token: null, body: { refresh_token: (await world.person()).user.refreshToken } }),
    refuses(401, 'a token of nobody', { token: null, body: { refresh_token: 'x' } }),
    refuses(400, 'nothing', { token: null, body: {} }, '/body/refresh_token'),
  ),
  'POST /api/auth/logout': answers(
    204,
    undefined,
    async (world) => ({ token: (await world.another()).accessToken }),
    ofScript(),
  ),
  'GET /api/auth/me': answers(200, { by: 'user', ...ownUser }, {}),
  'POST /api/auth/password': answers(
    204,
    undefined,
    async (world) => ({
      token: (await world.somebody()).user.accessToken,
      body: { current: PASSWORD, next: 'another good long password' },
    }),
    ofScript({ current: PASSWORD, next: 'another good long password' }),
    refuses(400, 'no next one', { body: { current: PASSWORD } }, '/body/next'),
    refuses(400, 'one anybody would guess', { body: { current: PASSWORD, next: 'password' } }),
  ),
  'POST /api/auth/second-factor': answers(
    200,
    { uri: expect.stringMatching(/^otpauth:/) },
    async (world) => ({ token: (await world.person()).user.accessToken, body: { password: PASSWORD } }),
    ofScript({ password: PASSWORD }),
    refuses(400, 'no password', { body: {} }, '/body/password'),
  ),
  'POST /api/auth/second-factor/confirm': answers(
    204,
    undefined,
    async (world) => {
      const { user } = await world.person();
      const { secret } = (await user.ask('/api/auth/second-factor', { json: { password: PASSWORD } })).body;
      return { token: user.accessToken, body: { code: hotp(fromBase32(secret), Math.floor(Date.now() / 30_000)) } };
    },
    ofScript({ code: '000000' }),
    refuses(400, 'five digits', { body: { code: '12345' } }, '/body/code'),
  ),
  'DELETE /api/auth/second-factor': answers(
    204,
    undefined,
    async (world) => ({ token: (await world.person()).user.accessToken, body: { password: PASSWORD } }),
    ofScript({ password: PASSWORD }),
    refuses(400, 'no password', { body: {} }, '/body/password'),
  ),
  'GET /.well-known/jwks.json': answers(
    200,
    { keys: [expect.objectContaining({ alg: 'ML-DSA-65' })] },
    { token: null },
  ),
  'GET /api/users': answers(200, { users: expect.any(Array) }, {}),
  'POST /api/users': answers(
    201,
    { role: 'viewer', second_factor: false },
    () => ({ body: newUser() }),
    refuses(409, 'a name somebody has', { body: { ...newUser(), name: 'ana' } }),
    refuses(400, 'a role there is not', { body: { ...newUser(), role: 'god' } }, '/body/role'),
  ),
  'PATCH /api/users/{name}': answers(
    200,
    { role: 'analyst' },
    async (world) => ({ path: { name: (await world.person()).name }, body: { role: 'analyst' } }),
    refuses(404, 'nobody', { path: { name: 'nobody' }, body: { role: 'viewer' } }),
    refuses(409, 'the last admin', { path: { name: 'root-admin' }, body: { role: 'viewer' } }),
    refuses(400, 'nothing to change', { path: { name: 'ana' }, body: {} }, '/body'),
  ),
  'DELETE /api/users/{name}': answers(
    204,
    undefined,
    async (world) => ({ path: { name: await world.nameOfNew() } }),
    refuses(404, 'nobody', { path: { name: 'nobody' } }),
    refuses(409, 'the last admin', { path: { name: 'root-admin' } }),
    refuses(400, 'a name beyond names', { path: { name: 'x'.repeat(65) } }, '/path/name'),
  ),
  'GET /api/tokens': answers(200, { tokens: expect.any(Array) }, {}),
  'POST /api/tokens': answers(
    201,
    { scopes: ['alerts:read'], token: expect.any(String) },
    { body: { scopes: ['alerts:read'] } },
    refuses(403, 'more than who asks may', ({ analyst }) => ({
      token: analyst.accessToken,
      body: { scopes: ['users:write'] },
    })),
    refuses(403, 'one of somebody else', ({ analyst }) => ({
      token: analyst.accessToken,
      body: { scopes: ['alerts:read'], user: 'root-admin' },
    })),
    refuses(404, 'one of nobody', { body: { scopes: ['alerts:read'], user: 'nobody' } }),
    refuses(400, 'a scope there is not', { body: { scopes: ['everything'] } }, '/body/scopes/0'),
    refuses(400, 'a hundred years', { body: { scopes: ['alerts:read'], valid_days: 36_500 } }, '/body/valid_days'),
  ),
  'DELETE /api/tokens/{id}': answers(
    204,
    undefined,
    async ({ admin }) => ({
      path: { id: (await admin.ask('/api/tokens', { json: { scopes: ['alerts:read'] } })).body.id },
    }),
    refuses(404, 'one there is not', { path: { id: '0'.repeat(16) } }),
    refuses(400, 'what is no id', { path: { id: 'x' } }, '/path/id'),
  ),
};
