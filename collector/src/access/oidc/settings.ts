import { z } from 'zod';
import { ROLE_NAMES } from '../scopes.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** RFC 6749 3.3. */
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'write names of scopes, such as openid');
const claim = z.string().min(1).max(256);

/** Who vouches for people, and what their groups make them. */
export const oidcSettings = z
  .strictObject({
    issuer: z.url({ protocol: /^https?$/, error: 'write the issuer as the provider names itself, https://HOST/PATH' }),
    client_id: z.string().min(1).max(256),
    /** Without one the client is public, and proves itself by PKCE alone. */
    client_secret_file: z.string().min(1).optional(),
    /** PEM, of a provider whose certificate is of a CA of its own; then no other CA is trusted to be it. */
    ca_file: z.string().min(1).optional(),
    scopes: z
      .array(scope)
      .max(32)
      .refine((scopes) => scopes.includes('openid'), 'openid must be one of them')
      .default(['openid', 'profile']),
    name_claim: claim.default('preferred_username'),
    /** A name, or a path such as realm_access.roles. */
    groups_claim: claim.default('groups'),
    /** By group; somebody in several has the highest of their roles. */
    roles: z.record(z.string().min(1).max(256), z.enum(ROLE_NAMES)),
    /** After which a login has to be vouched for again, however much it is used: groups may have changed. */
    session_hours: z.coerce.number().int().min(1).max(168).default(12),
    /** Takes plain HTTP, from a provider on this host alone. */
    insecure_loopback: z.boolean().default(false),
  })
  .refine(
    ({ issuer, insecure_loopback }) => issuer.startsWith('https:') || (insecure_loopback && isOnThisHost(issuer)),
    {
      path: ['issuer'],
      error: 'must be https; plain http only of a provider on this host, with insecure_loopback: true',
    },
  )
  .refine(({ issuer, ca_file }) => ca_file === undefined || issuer.startsWith('https:'), {
    path: ['ca_file'],
    error: 'is for https; this issuer is plain http',
  })
  .refine(({ roles }) => Object.keys(roles).length > 0, {
    path: ['roles'],
    error: 'names no group, so nobody could log in',
  });

export type OidcSettings = z.output<typeof oidcSettings>;

function isOnThisHost(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.has(new URL(url).hostname);
}

/** Where the provider sends browsers back to, below the address of the service. */
export const CALLBACK_PATH = '/admin/oidc/callback';
