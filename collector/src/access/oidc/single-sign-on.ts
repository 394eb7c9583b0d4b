// Logging in by OpenID Connect. Local accounts stay beside it: they are what is left when the provider is not there.
import type { SecretBox } from '../secret-box.ts';
import { DeviceLogins } from './device-logins.ts';
import { PageLogin } from './page-login.ts';
import { OidcProvider } from './provider.ts';
import { CALLBACK_PATH, type OidcSettings } from './settings.ts';

/** Where browsers come back to that logged out at the provider. */
const LOGGED_OUT_PATH = '/admin/login';

/** As it was configured, with what its files hold. */
export interface SingleSignOnParts {
  settings: OidcSettings;
  secret: string | undefined;
  /** Of the provider, PEM; undefined for those the system trusts. */
  ca: string | undefined;
  /** Of the HTTP service, as browsers reach it; undefined where only consoles log in. */
  publicUrl: string | undefined;
}

export class SingleSignOn {
  readonly provider: OidcProvider;
  /** Where the provider may send a browser that logged out there; undefined where there is no page. */
  readonly loggedOutUrl: string | undefined;
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined without a public address: nobody could come back. */
  readonly page: PageLogin | undefined;
  readonly devices: DeviceLogins;

  constructor(
    { settings, secret, ca, publicUrl }: SingleSignOnParts,
    { box, nowMs }: { box: SecretBox; nowMs: () => number },
  ) {
    const provider = new OidcProvider({ settings, secret, ca, nowMs });
    this.issuer = settings.issuer;
    this.clientId = settings.client_id;
    this.provider = provider;
    this.loggedOutUrl = publicUrl && new URL(LOGGED_OUT_PATH, publicUrl).href;
    const redirectUri = publicUrl && new URL(CALLBACK_PATH, publicUrl).href;
    this.page = redirectUri === undefined ? undefined : new PageLogin({ provider, box, redirectUri, nowMs });
    this.devices = new DeviceLogins({ provider, nowMs });
  }

  /** Of the provider, for people. */
  get name(): string {
    return new URL(this.issuer).host;
  }
}
