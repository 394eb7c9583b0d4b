// The provider of OpenID Connect, as its client: the one place that speaks to it. What it sends is believed only after
// openid-client has checked issuer, audience, times, nonce and, because we ask for that, the signature of the ID token.
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientError,
  ClientSecretBasic,
  type Configuration,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  genericGrantRequest,
  initiateDeviceAuthorization,
  None,
  ResponseBodyError,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
  tokenRevocation,
} from 'openid-client';
import { AccessError } from '../access-error.ts';
import type { OidcSettings } from './settings.ts';
import { fetchTrusting } from './trusting-fetch.ts';
import { type ProviderTokens, readVouched, saysEnough, type Vouched } from './vouched.ts';

/** Clocks differ. */
const CLOCK_TOLERANCE_S = 30;
/** Somebody waits for each of these, and an answer of ours may take 10 s. */
const ANSWER_S_MAX = 4;
/** What a provider says of itself; its keys are asked for again when one is not known. */
const DISCOVERED_MS = 3_600_000;
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Codes of openid-client that say that no answer, or none of a provider, was had. */
const NO_ANSWER: readonly unknown[] = [
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
];

/** As OpenSSL and Node say that who answered has not proven to be the provider. */
const CERTIFICATE_FAULT =
  /^(UNABLE_TO_(VERIFY|GET)_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_|INVALID_CA|ERR_TLS_CERT_ALTNAME)/;

/** What the browser is to come back with. */
export interface CodeChecks {
  state: string;
  nonce: string;
  verifier: string;
}

/** RFC 8628 3.2. */
export interface DeviceCode {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  verificationUriComplete: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** Failed calls throw AccessError `provider_unavailable` or `not_vouched`, with what openid-client says as the cause. */
export class OidcProvider {
  readonly settings: OidcSettings;
  readonly #secret: string | undefined;
  readonly #ca: string | undefined;
  readonly #nowMs: () => number;
  #found: { atMs: number; configuration: Promise<Configuration> } | undefined;

  constructor(parts: {
    settings: OidcSettings;
    secret: string | undefined;
    ca?: string | undefined;
    nowMs: () => number;
  }) {
    this.settings = parts.settings;
    this.#secret = parts.secret;
    this.#ca = parts.ca;
    this.#nowMs = parts.nowMs;
  }

  /** Where a browser is sent. `challenge` is the SHA-256 of the verifier (RFC 7636 4.2). */
  async authorizationUrl(given: {
    state: string;
    nonce: string;
    challenge: string;
    redirectUri: string;
  }): Promise<URL> {
    return buildAuthorizationUrl(await this.#configuration(), {
      response_type: 'code',
      redirect_uri: given.redirectUri,
      scope: this.settings.scopes.join(' '),
      state: given.state,
      nonce: given.nonce,
      code_challenge: given.challenge,
      code_challenge_method: 'S256',
    });
  }

  /** Who came back, at the redirect URI with what the provider added to it. */
  async redeemCode(cameBackAt: URL, { state, nonce, verifier }: CodeChecks): Promise<Vouched> {
    const configuration = await this.#configuration();
    const checks = {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    };
    return this.#whoIs(await asked(() => authorizationCodeGrant(configuration, cameBackAt, checks)));
  }

  async beginDevice(): Promise<DeviceCode> {
    const configuration = await this.#configuration();
    const scope = this.settings.scopes.join(' ');
    const answer = await asked(() => initiateDeviceAuthorization(configuration, { scope }));
    return {
      deviceCode: answer.device_code,
      userCode: answer.user_code,
      verificationUri: answer.verification_uri,
      verificationUriComplete: answer.verification_uri_complete ?? '',
      expiresInSeconds: answer.expires_in,
      intervalSeconds: answer.interval ?? 5,
    };
  }

  /** Asks once. Who it was, or why not yet (RFC 8628 3.5). */
  async askDevice(deviceCode: string): Promise<Vouched | 'authorization_pending' | 'slow_down'> {
    const configuration = await this.#configuration();
    try {
      const tokens = await genericGrantRequest(configuration, DEVICE_GRANT, { device_code: deviceCode });
      return await this.#whoIs(tokens);
    } catch (error) {
      if (error instanceof ResponseBodyError) {
        if (error.error === 'authorization_pending' || error.error === 'slow_down') return error.error;
      }
      throw toAccessError(error);
    }
  }

  /** Resolves when it can be asked; for the log of a start. */
  async check(): Promise<void> {
    await this.#configuration();
  }

  /** RFC 7009: with the refresh token goes what came of it. False where the provider has no way to. */
  async revoke({ accessToken, refreshToken }: ProviderTokens): Promise<boolean> {
    const configuration = await this.#configuration();
    if (configuration.serverMetadata().revocation_endpoint === undefined) return false;
    await asked(async () => {
      if (refreshToken) await tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' });
      await tokenRevocation(configuration, accessToken, { token_type_hint: 'access_token' });
    });
    return true;
  }

  /** Where a browser is logged out there; undefined where the provider has no such page. */
  async endSessionUrl(idToken: string, backTo: string | undefined): Promise<URL | undefined> {
    const configuration = await this.#configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
    const back = backTo !== undefined && { post_logout_redirect_uri: backTo };
    return buildEndSessionUrl(configuration, { id_token_hint: idToken, ...back });
  }

  async #whoIs(tokens: Tokens): Promise<Vouched> {
    const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken } = tokens;
    const vouched = await this.#vouchedBy(tokens);
    return { ...vouched, ...(idToken && { tokens: { idToken, accessToken, refreshToken } }) };
  }

  async #vouchedBy(tokens: Tokens): Promise<Vouched> {
    const claims = tokens.claims();
    if (!claims) throw new AccessError('not_vouched', 'the provider sent no ID token');
    // With one audience the library does not look at it.
    if (claims.azp !== undefined && claims.azp !== this.settings.client_id) {
      throw new AccessError('not_vouched', 'what the provider sent was made for another client (claim azp)');
    }
    if (saysEnough(claims, this.settings)) return readVouched(claims, this.settings);
    const configuration = await this.#configuration();
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return readVouched(claims, this.settings);
    const more = await asked(() => fetchUserInfo(configuration, tokens.access_token, claims.sub));
    return readVouched({ ...more, ...claims }, this.settings);
  }

  /** Found out when it is needed: a provider that does not answer is no reason not to start. */
  #configuration(): Promise<Configuration> {
    const nowMs = this.#nowMs();
    if (!this.#found || nowMs - this.#found.atMs >= DISCOVERED_MS) {
      const found = { atMs: nowMs, configuration: asked(() => this.#discover()) };
      this.#found = found;
      // Its error is of those who wait for it; the next one asks again.
      found.configuration.catch(() => {
        if (this.#found === found) this.#found = undefined;
      });
    }
    return this.#found.configuration;
  }

  #discover(): Promise<Configuration> {
    const { issuer, client_id, insecure_loopback } = this.settings;
    const execute = [enableNonRepudiationChecks, ...(insecure_loopback ? [allowInsecureRequests] : [])];
    const authentication = this.#secret === undefined ? None() : ClientSecretBasic(this.#secret);
    const metadata = { [clockTolerance]: CLOCK_TOLERANCE_S };
    return discovery(new URL(issuer), client_id, metadata, authentication, {
      execute,
      timeout: ANSWER_S_MAX,
      ...(this.#ca !== undefined && { [customFetch]: fetchTrusting(this.#ca) }),
    });
  }
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw toAccessError(error);
  }
}

function toAccessError(error: unknown): unknown {
  const cause = error;
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    // RFC 6749 4.1.2.1: a word of ASCII.
    const word = /^[a-z_]{1,64}$/.test(error.error) ? error.error : 'for a reason it does not name';
    return new AccessError('not_vouched', `the provider refused: ${word}`, { cause });
  }
  const fault = error instanceof TypeError ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
  if (fault && CERTIFICATE_FAULT.test(fault)) {
    const text = `the certificate of the provider of single sign-on does not verify (${fault}); name its CA in http.oidc.ca_file of collector.yaml`;
    return new AccessError('provider_unavailable', text, { cause });
  }
  const noConnection = error instanceof TypeError && error.cause instanceof Error;
  if (noConnection || (error instanceof ClientError && NO_ANSWER.includes(error.code))) {
    return new AccessError('provider_unavailable', 'the provider of single sign-on does not answer; try again', {
      cause,
    });
  }
  if (error instanceof ClientError) {
    return new AccessError('not_vouched', 'what the provider sent does not prove who this is', { cause });
  }
  return error;
}
