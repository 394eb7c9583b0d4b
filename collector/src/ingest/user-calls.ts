// Calls of consoles by the people who sit there: with an access token a call is its user's, without one the certificate's.
import { Metadata, status } from '@grpc/grpc-js';
import { LOGIN_METADATA } from '@threatguard/proto';
import type { Caller } from '../access/caller.ts';
import { ROLE_NAMES, ROLES, type Role, type Scope } from '../access/scopes.ts';
import { scopeOfCall } from './rpc-scopes.ts';

const BEARER = /^Bearer (?<token>[A-Za-z0-9._~+/-]+=*)$/i;
/** A call that goes on is held against its login so often. */
export const LOOK_MS = 500;

interface Refusal {
  code: status;
  details: string;
  metadata?: Metadata;
}

export interface UserCallsParts {
  /** What a console may do before anybody has logged in: everything, or nothing but that. */
  without: 'certificate' | 'user';
  /** Who a token is of; undefined where it is of nobody, or not any more. */
  identify: (token: string) => Promise<Caller | undefined>;
  /** Whether what proved a caller still does, but for the time of an access token. */
  holds: (caller: Caller) => boolean;
  /** '' of a user who is gone. */
  roleOf: (caller: Caller) => string;
}

/** Who makes the call; undefined for the certificate alone. Or why it is refused. */
export async function admitCall(
  path: string,
  metadata: Metadata,
  parts: UserCallsParts,
): Promise<{ user: Caller | undefined } | { refused: Refusal }> {
  const shown = metadata.get('authorization');
  const needed = scopeOfCall(path);
  if (needed === undefined) return { refused: { code: status.UNIMPLEMENTED, details: 'there is no such call' } };
  if (shown.length === 0) {
    if (needed === 'certificate' || parts.without === 'certificate') return { user: undefined };
    return { refused: loginNeeded('this collector wants to know who asks; run "threatguard login"') };
  }
  const token = shown.length === 1 ? BEARER.exec(String(shown[0]))?.groups?.token : undefined;
  const user = token === undefined ? undefined : await parts.identify(token);
  if (!user) return { refused: loginNeeded('this login is over, or was ended; run "threatguard login" again') };
  if (needed === 'certificate' || user.scopes.has(needed)) return { user };
  const details = beyond(user, needed, parts.roleOf(user));
  return { refused: { code: status.PERMISSION_DENIED, details, metadata: about('role') } };
}

/** Why a call that goes on is ended. */
export function loginEnded(): Refusal {
  return loginNeeded('this login was ended, or may not do this any more; run "threatguard login" again');
}

function loginNeeded(details: string): Refusal {
  return { code: status.UNAUTHENTICATED, details, metadata: about('login') };
}

function beyond({ kind, name }: Caller, needed: Scope, role: string): string {
  if (kind === 'token') return `this needs the scope ${needed}, which this token of ${name} does not have`;
  const least: Role = ROLE_NAMES.find((each) => (ROLES[each] as readonly Scope[]).includes(needed))!;
  if (least === role) return `this needs the scope ${needed}, which ${name} (${role}) does not have`;
  return `this needs the role ${least}; you are ${role} (${name}); "threatguard login" as someone else`;
}

function about(what: 'login' | 'role'): Metadata {
  const metadata = new Metadata();
  metadata.set(LOGIN_METADATA, what);
  return metadata;
}
