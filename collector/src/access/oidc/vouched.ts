// What a provider says of somebody, as far as it counts here.
import { AccessError } from '../access-error.ts';
import { ROLE_NAMES, type Role } from '../scopes.ts';
import type { OidcSettings } from './settings.ts';

/** Of one person; more is no directory of people but a mistake. */
const GROUPS_MAX = 2_000;
const SUBJECT_CHARS_MAX = 255; // OpenID Connect Core 1.0, 2.

export interface Vouched {
  issuer: string;
  subject: string;
  /** As the provider has it; it may be no name here. */
  name: string;
  /** Undefined where none of the groups has one. */
  role: Role | undefined;
  /** To end the login there; undefined where nothing was given that could be. */
  tokens?: ProviderTokens | undefined;
}

/** Of one login at the provider. */
export interface ProviderTokens {
  idToken: string;
  accessToken: string;
  refreshToken?: string | undefined;
}

export type Claims = Readonly<Record<string, unknown>>;

/** Throws AccessError `not_vouched` where the claims name nobody. */
export function readVouched(claims: Claims, settings: OidcSettings): Vouched {
  const { sub } = claims;
  const name = claimAt(claims, settings.name_claim);
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARS_MAX) {
    throw new AccessError('not_vouched', 'the provider does not say who this is (claim sub)');
  }
  if (typeof name !== 'string') {
    throw new AccessError('not_vouched', `the provider gives this person no name (claim ${settings.name_claim})`);
  }
  const role = roleOf(groupsOf(claimAt(claims, settings.groups_claim)), settings.roles);
  return { issuer: settings.issuer, subject: sub, name, role };
}

/** Whether both of what is asked for is there; the rest may be told by the provider when it is asked (userinfo). */
export function saysEnough(claims: Claims, { name_claim, groups_claim }: OidcSettings): boolean {
  return claimAt(claims, name_claim) !== undefined && claimAt(claims, groups_claim) !== undefined;
}

/** The highest of the roles these groups have. */
function roleOf(groups: readonly string[], roles: OidcSettings['roles']): Role | undefined {
  const found = new Set(groups.flatMap((group) => (Object.hasOwn(roles, group) ? [roles[group]!] : [])));
  return ROLE_NAMES.findLast((role) => found.has(role));
}

function groupsOf(value: unknown): string[] {
  const groups = Array.isArray(value) ? value : [value];
  return groups.slice(0, GROUPS_MAX).filter((group) => typeof group === 'string');
}

/** By name, dots and all, which some providers make URLs; else by path. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((value, key) => {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isObject ? (value as Record<string, unknown>)[key] : undefined;
  }, claims);
}
