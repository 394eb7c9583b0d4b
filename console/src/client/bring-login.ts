// The login of whoever sits here, brought along with every call. A call that should have one and has none that is good goes out
// with one that is not, and is refused: without any it would be the certificate's, which may more.
import { InterceptingCall, type Interceptor, RequesterBuilder } from '@grpc/grpc-js';
import { type LoginGrant, loginService } from '@threatguard/proto';
import type { Login, LoginFile } from './login-file.ts';

/** Before the end of an access token: it has to arrive. */
const EARLY_MS = 60_000;
/** Shown where there was a login and none is known any more. */
const ENDED = 'ended';

/** Calls that prove who somebody is by something else. */
const WITHOUT: ReadonlySet<string> = new Set(
  (['getLogin', 'logIn', 'beginDeviceLogin', 'askDeviceLogin', 'refreshLogin'] as const).map(
    (name) => loginService[name].path,
  ),
);

export class LoginBearer {
  readonly #file: LoginFile;
  readonly #refresh: (refreshToken: string) => Promise<LoginGrant>;
  #loggedIn = false;
  #refreshing: Promise<string> | undefined;

  constructor(file: LoginFile, refresh: (refreshToken: string) => Promise<LoginGrant>) {
    this.#file = file;
    this.#refresh = refresh;
  }

  /** Undefined where nobody is logged in. */
  async token(): Promise<string | undefined> {
    const login = this.#read();
    if (login === undefined) return this.#loggedIn ? ENDED : undefined;
    this.#loggedIn = true;
    if (login === ENDED || isFresh(login)) return login === ENDED ? ENDED : login.accessToken;
    this.#refreshing ??= this.#next().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  #read(): Login | typeof ENDED | undefined {
    try {
      return this.#file.read();
    } catch {
      // A file nobody can read is no reason to do more than its user may.
      return ENDED;
    }
  }

  #next(): Promise<string> {
    return this.#file.alone(async () => {
      const newest = this.#read();
      if (newest === undefined || newest === ENDED) return ENDED;
      // Another console was first.
      if (isFresh(newest)) return newest.accessToken;
      try {
        const login = loginOf(await this.#refresh(newest.refreshToken));
        this.#file.write(login);
        return login.accessToken;
      } catch {
        // The call itself will say what is wrong: the collector does not answer, or the login is over.
        return newest.accessToken;
      }
    });
  }
}

export function loginOf(grant: LoginGrant): Login {
  return {
    user: grant.user ?? '',
    accessToken: grant.accessToken ?? '',
    refreshToken: grant.refreshToken ?? '',
    accessUntilMs: Date.now() + (grant.expiresInSeconds ?? 0) * 1000,
  };
}

function isFresh({ accessUntilMs }: Login): boolean {
  return Date.now() < accessUntilMs - EARLY_MS;
}

export function bringLogin(bearer: LoginBearer): Interceptor {
  return (options, nextCall) => {
    if (WITHOUT.has(options.method_definition.path)) return new InterceptingCall(nextCall(options));
    const requester = new RequesterBuilder().withStart((metadata, listener, next) => {
      void bearer
        .token()
        .catch(() => ENDED)
        .then((token) => {
          if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
          next(metadata, listener);
        });
    });
    return new InterceptingCall(nextCall(options), requester.build());
  };
}
