import { z } from 'zod';
import { ROLE_NAMES, SCOPE_NAMES } from '../../access/scopes.ts';
import { TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX } from '../../access/script-tokens.ts';

const password = z.string().min(1).max(256);
const name = z.string().min(1).max(64);
const code = z
  .string()
  .regex(/^\d{6}$/, 'six digits')
  .describe('Of an authenticator app');
const time = z.iso.datetime();

const scope = z.enum(SCOPE_NAMES);
const role = z.enum(ROLE_NAMES);

export const firstAdminBody = z.strictObject({
  secret: z.string().min(1).max(128).describe('What "threatguard-collector init" printed'),
  name,
  password,
});

export const loginBody = z.strictObject({ name, password, code: code.optional() });

export const refreshBody = z.strictObject({ refresh_token: z.string().min(1).max(256) });

export const userAnswer = z.object({
  name: z.string(),
  role: z.string(),
  scopes: z.array(z.string()),
  second_factor: z.boolean(),
  source: z.string().describe('"local", or who vouches for the user'),
  made_at: time,
  last_login_at: time.optional(),
});

/** RFC 6749 5.1, as far as it says something here. */
export const grantAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  refresh_token: z.string(),
  scope: z.string(),
  user: userAnswer,
});

export const meAnswer = z.object({
  user: userAnswer,
  by: z.enum(['user', 'token']),
  scopes: z.array(z.string()).describe('What this token may'),
  expires_at: time,
});

export const passwordBody = z.strictObject({ current: password, next: password });
export const confirmBody = z.strictObject({ password });
export const codeBody = z.strictObject({ code });
export const secondFactorAnswer = z.object({ secret: z.string().describe('RFC 4648 base 32'), uri: z.string() });

export const addUserBody = z.strictObject({ name, role, password });
export const changeUserBody = z
  .strictObject({ role: role.optional(), password: password.optional() })
  .refine(({ role, password }) => role !== undefined || password !== undefined, 'name a role or a password');
export const userParams = z.strictObject({ name });
export const usersAnswer = z.object({ users: z.array(userAnswer) });

export const makeTokenBody = z.strictObject({
  label: z.string().max(128).default(''),
  scopes: z.array(scope).min(1).max(SCOPE_NAMES.length),
  valid_days: z.int().min(1).max(TOKEN_DAYS_MAX).default(TOKEN_DAYS_DEFAULT),
  user: name.optional().describe('Somebody else, with the scope users:write'),
});
const tokenAnswer = z.object({
  id: z.string(),
  user: z.string(),
  label: z.string(),
  scopes: z.array(z.string()),
  made_at: time,
  expires_at: time,
});
export const madeTokenAnswer = tokenAnswer.extend({ token: z.string().describe('Shown once') });
export const tokensAnswer = z.object({ tokens: z.array(tokenAnswer) });
export const tokenParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/, 'an id has 16 of 0-9, a-f') });

export const keysAnswer = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).describe('RFC 7517');
