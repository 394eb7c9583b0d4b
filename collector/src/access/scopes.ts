// What somebody may do. A route names one scope; a role is a set of them; a token has a part of its owner's.

/** What each allows. The order is that of every listing. */
export const SCOPES = {
  'monitoring:read': 'health in detail, metrics',
  'alerts:read': 'alerts with what they are about, the live stream',
  'incidents:read': 'incidents',
  'risk:read': 'risk of hosts, users, programs and addresses',
  'agents:read': 'agents and their state',
  'rules:read': 'rules and their state',
  'indicators:read': 'indicators of compromise',
  'events:read': 'events: what people and programs did',
  'analysis:run': 'analyses over what is stored',
  'detection:run': 'detection over events that are sent with the request',
  'detection:report': 'detections of sent events kept, and raised as alerts',
  'audit:read': 'the audit log',
  'alerts:write': 'alerts acknowledged, assigned and closed; exceptions made',
  'hunts:write': 'hunts saved, which may raise alerts',
  'indicators:write': 'indicators imported and removed',
  'rules:write': 'rules and models switched, imported and trained; how many alerts a day are shown',
  'agents:write': 'agents revoked, tokens to enrol them',
  'keys:write': 'keys and certificates of the fleet rotated and destroyed',
  'compliance:write': 'legal holds; what is kept of a person exported and erased',
  'users:write': 'users, roles and tokens of others',
} as const;

export type Scope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]];

const VIEWER: readonly Scope[] = [
  'monitoring:read',
  'alerts:read',
  'incidents:read',
  'risk:read',
  'agents:read',
  'rules:read',
  'indicators:read',
];
const ANALYST: readonly Scope[] = [
  ...VIEWER,
  'events:read',
  'analysis:run',
  'detection:run',
  'detection:report',
  'audit:read',
  'alerts:write',
  'hunts:write',
  'indicators:write',
];

/** Each has all of the one before it. Viewers see no events: those are personal data. */
export const ROLES = { viewer: VIEWER, analyst: ANALYST, admin: SCOPE_NAMES } as const satisfies Record<
  string,
  readonly Scope[]
>;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as [Role, ...Role[]];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}

export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLES, text);
}
