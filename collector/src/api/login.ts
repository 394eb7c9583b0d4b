// The Login service: who sits at a console, by name and password or by a device login at the provider.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  AskDeviceLoginRequest,
  DeviceLoginAnswer,
  LogInRequest,
  LoginGrant,
  LoginWays,
  LogOutResponse,
  RefreshLoginRequest,
  WhoAmIResponse,
} from '@threatguard/proto';
import type { Access } from '../access/access.ts';
import type { Origin } from '../access/caller.ts';
import type { Grant } from '../access/logins.ts';
import { networkOf } from '../access/network.ts';
import type { DeviceLogin } from '../access/oidc/device-logins.ts';
import type { SingleSignOn } from '../access/oidc/single-sign-on.ts';
import { SCOPE_NAMES } from '../access/scopes.ts';

import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { ApiError, unary } from './grpc-status.ts';

export interface LoginServiceParts {
  access: Access;
  /** Whether a certificate alone may nothing but log in. */
  required: boolean;
  /** Id of the certificate that calls from an address. */
  consoleOf: (address: string) => string;
  nowUs: () => number;
  actor: (from: CallFrom) => AuditActor;
  failed: (error: unknown) => void;
}

export function loginHandlers(parts: LoginServiceParts): UntypedServiceImplementation {
  const { access, consoleOf, failed } = parts;
  return {
    getLogin: unary(async () => waysOf(parts), failed),
    logIn: unary(async ({ name, password, code }: LogInRequest, { address }) => {
      const given = { name: name ?? '', password: password ?? '', code: code ?? '' };
      return describeGrant(await access.logins.logIn(given, originOf(address)));
    }, failed),
    beginDeviceLogin: unary(async (_: object, { address }): Promise<DeviceLogin> => {
      return singleSignOn(access).devices.begin(consoleOf(address));
    }, failed),
    askDeviceLogin: unary((request: AskDeviceLoginRequest, { address }) => askDevice(parts, request, address), failed),
    refreshLogin: unary(async ({ refreshToken }: RefreshLoginRequest, { address }) => {
      return describeGrant(await access.logins.refresh(refreshToken ?? '', originOf(address)));
    }, failed),
    logOut: unary((_: object, from) => logOut(parts, from), failed),
    whoAmI: unary(async (_: object, from) => whoAmI(parts, from), failed),
  };
}

function waysOf({ access, required }: LoginServiceParts): LoginWays {
  return { required, issuer: access.singleSignOn?.issuer ?? '', clientId: access.singleSignOn?.clientId ?? '' };
}

async function askDevice(
  { access, consoleOf }: LoginServiceParts,
  { handle }: AskDeviceLoginRequest,
  address: string,
): Promise<DeviceLoginAnswer> {
  const answer = await singleSignOn(access).devices.ask(handle ?? '', consoleOf(address));
  if ('againInSeconds' in answer) return answer;
  return { grant: describeGrant(await access.logins.logInVouched(answer, originOf(address))) };
}

/** Of whoever brought the token; without one nothing is to be ended. */
async function logOut({ access, actor, nowUs }: LoginServiceParts, from: CallFrom): Promise<LogOutResponse> {
  const { user } = from;
  if (user?.kind !== 'user') return {};
  const about = { by: actor(from), nowUs: nowUs(), user: { id: user.userId, name: user.name } };
  const { end, url } = await access.logins.logOut(user.id, about);
  return { provider: end, providerUrl: url };
}

function whoAmI({ access, required, consoleOf }: LoginServiceParts, { address, user }: CallFrom): WhoAmIResponse {
  if (!user) {
    const may = required ? { role: 'none', scopes: [] } : { role: 'admin', scopes: [...SCOPE_NAMES] };
    return { kind: 'certificate', name: consoleOf(address), source: '', ...may };
  }
  const { kind, name, scopes, userId } = user;
  const { role = '', issuer = '' } = access.users.get(userId) ?? {};
  return { kind, name, role, scopes: [...scopes], source: issuer || 'local' };
}

function singleSignOn({ singleSignOn: found }: Access): SingleSignOn {
  if (found) return found;
  throw new ApiError('invalid', 'this collector has no single sign-on; log in with a name and a password');
}

function describeGrant({ accessToken, refreshToken, expiresInSeconds, user }: Grant): LoginGrant {
  return { accessToken, refreshToken, expiresInSeconds, user: user.name, role: user.role };
}

function originOf(address: string): Origin {
  return { from: address, network: networkOf(hostOf(address)) };
}

/** Of HOST:PORT or [HOST]:PORT. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
