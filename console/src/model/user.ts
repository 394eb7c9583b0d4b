import type { ApiUser, UserToken } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { age, humanTime, isoTime } from './time.ts';

/** Keys of a user in JSON and CSV, in order. */
export const USER_KEYS = [
  'name',
  'role',
  'second_factor',
  'source',
  'sessions',
  'tokens',
  'made_at',
  'last_login_at',
] as const;

export function userRecord(user: ApiUser): JsonRecord {
  return {
    name: user.name ?? '',
    role: user.role ?? '',
    second_factor: user.secondFactor ?? false,
    source: user.source ?? '',
    sessions: user.sessions ?? 0,
    tokens: user.tokens ?? 0,
    made_at: isoTime(user.madeAtUs),
    last_login_at: isoTime(user.lastLoginAtUs),
  };
}

export function userColumns(nowMs: number): Column<ApiUser>[] {
  return [
    { title: 'NAME', cell: (user) => user.name ?? '', shrink: true },
    { title: 'ROLE', cell: (user) => user.role ?? '' },
    { title: 'SECOND FACTOR', cell: (user) => (user.secondFactor ? 'yes' : 'no') },
    { title: 'LOGIN', cell: (user) => (user.lastLoginAtUs ? age(user.lastLoginAtUs, nowMs) : 'never'), align: 'right' },
    { title: 'SESSIONS', cell: (user) => String(user.sessions ?? 0), align: 'right' },
    { title: 'TOKENS', cell: (user) => String(user.tokens ?? 0), align: 'right' },
    { title: 'SOURCE', cell: (user) => user.source ?? '', shrink: true, optional: true },
  ];
}

/** Keys of a token in JSON and CSV, in order. */
export const USER_TOKEN_KEYS = ['id', 'user', 'label', 'scopes', 'made_at', 'expires_at'] as const;

export function userTokenRecord(token: UserToken): JsonRecord {
  return {
    id: token.id ?? '',
    user: token.user ?? '',
    label: token.label ?? '',
    scopes: token.scopes ?? [],
    made_at: isoTime(token.madeAtUs),
    expires_at: isoTime(token.expiresAtUs),
  };
}

export function userTokenColumns(utc: boolean): Column<UserToken>[] {
  return [
    { title: 'ID', cell: (token) => token.id ?? '' },
    { title: 'USER', cell: (token) => token.user ?? '', shrink: true },
    { title: 'LABEL', cell: (token) => token.label ?? '', shrink: true },
    { title: 'EXPIRES', cell: (token) => humanTime(token.expiresAtUs, utc) },
    { title: 'SCOPES', cell: (token) => (token.scopes ?? []).join(' '), shrink: true },
  ];
}
