// A provider of OpenID Connect: the real one, on a port of its own, whose people log in by name with any password. What it
// answers from its token endpoint may be changed on the way, to see what is refused.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT_ID = 'threatguard';
export const CLIENT_SECRET = 'a-secret-of-the-client-in-a-file';

/** Of `http:` in collector.yaml: single sign-on at a provider, with the roles of its groups. */
export const oidcText = (parts: { issuer: string; secretFile: string; roles: Record<string, string> }) => `  oidc:
    issuer: ${parts.issuer}
    client_id: ${CLIENT_ID}
    client_secret_file: ${parts.secretFile}
    scopes: [openid, profile, groups]
    roles: ${JSON.stringify(parts.roles)}
    insecure_loopback: true
`;

/** What is made of the claims of an ID token before it is signed again; '' as the whole token takes it out. */
type Change = (claims: JWTPayload) => Promise<string> | string;

export class TestProvider implements AsyncDisposable {
  readonly issuer: string;
  /** Groups by name of a person. */
  readonly groups: Record<string, unknown> = {};
  /** Given to the next token answers; undefined for none. */
  change: Change | undefined;
  /** Of the device flow, told to clients. */
  intervalSeconds = 1;
  /** Of the last token answer. */
  refreshToken = '';
  /** Cuts every connection. */
  deaf = false;
  readonly #server: Server;
  readonly #key: CryptoKey;
  readonly #jwk: JWK;

  private constructor(server: Server, key: CryptoKey, jwk: JWK) {
    this.#server = server;
    this.#key = key;
    this.#jwk = jwk;
    const scheme = server instanceof SecureServer ? 'https' : 'http';
    this.issuer = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Listens; answers nothing before `serve`. */
  static async start(tls?: { certificate: string; key: string }): Promise<TestProvider> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    const files = tls && { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) };
    const server = files ? createSecureServer(files) : createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestProvider(server, privateKey, jwk);
  }

  /** One for devices alone: no browser comes back from it. */
  static async forDevices(groups: Record<string, string[]>): Promise<TestProvider> {
    const provider = await TestProvider.start();
    Object.assign(provider.groups, groups);
    provider.serve('http://127.0.0.1:1/unused');
    return provider;
  }

  /** `oidcText` for this one, with the client's secret in a file of the collector's home. */
  textFor(home: string, roles: Record<string, string>): string {
    const secretFile = join(home, 'oidc.secret');
    writeFileSync(secretFile, `${CLIENT_SECRET}\n`);
    return oidcText({ issuer: this.issuer, secretFile, roles });
  }

  /** Answers from now on, for a client that comes back to `redirectUri`. */
  serve(redirectUri: string): void {
    const provider = new Provider(this.issuer, {
      jwks: { keys: [this.#jwk] },
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [redirectUri],
          post_logout_redirect_uris: [new URL('/admin/login', redirectUri).href],
          grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
          application_type: 'native',
        },
      ],
      features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
      issueRefreshToken: () => true,
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      scopes: ['openid', 'profile', 'groups'],
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: `sub-of-${id}`, preferred_username: id, groups: this.groups[id] }),
      }),
      cookies: { keys: ['test'] },
      ttl: Object.fromEntries(
        ['Interaction', 'Session', 'Grant', 'AccessToken', 'IdToken', 'DeviceCode', 'AuthorizationCode'].map((kind) => [
          kind,
          600,
        ]),
      ),
    });
    const answer = provider.callback();
    this.#server.removeAllListeners('request');
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.deaf) return void request.socket.destroy();
      this.#watch(request, response);
      void answer(request, response);
    });
  }

  /** What it says of a refresh token that is shown to it: `invalid_grant` for one that is not good any more. */
  async refresh(refreshToken: string): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
    const answer = (await response.json()) as Record<string, string>;
    return answer.error ?? 'good';
  }

  /** With our key, and the type providers give. */
  sign(claims: JWTPayload, alg = 'RS256', key: CryptoKey | Uint8Array = this.#key): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg, kid: 'one' }).sign(key);
  }

  unsigned(claims: JWTPayload): string {
    return new UnsecuredJWT(claims).encode();
  }

  /** JSON answers of two endpoints go by here. */
  #watch({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const path = url.split('?', 1)[0]!;
    if (path !== '/token' && path !== '/device/auth') return;
    const end = response.end.bind(response) as (text: string) => ServerResponse;
    response.end = ((body: string | Buffer) => {
      void this.#changed(path, JSON.parse(String(body))).then((changed) => {
        const text = JSON.stringify(changed);
        response.setHeader('content-length', Buffer.byteLength(text));
        end(text);
      });
      return response;
    }) as typeof response.end;
  }

  async #changed(path: string, answer: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (path === '/device/auth') return { ...answer, interval: this.intervalSeconds };
    const { id_token: idToken } = answer;
    this.refreshToken = String(answer.refresh_token ?? '');
    if (!this.change || typeof idToken !== 'string') return answer;
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1]!, 'base64url').toString()) as JWTPayload;
    const { id_token: _, ...rest } = answer;
    const changed = await this.change(claims);
    return changed === '' ? rest : { ...rest, id_token: changed };
  }

  /** Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** A browser that follows redirects and keeps cookies, of one host and its ports, which share them. */
export class Browser {
  readonly cookies = new Map<string, string>();

  /** One step. */
  async ask(url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = form && new URLSearchParams(form);
    const response = await fetch(url, { method: form ? 'POST' : 'GET', redirect: 'manual', headers: { cookie }, body });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set)!;
      if (value === '' || /Max-Age=0|expires=Thu, 01 Jan 1970/i.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects from `url` on, until one leads to a URL that begins with `end`, or an answer is none. */
  async follow(url: string, end: string, form?: Record<string, string>): Promise<{ at: string; response?: Response }> {
    let at = url;
    let fields = form;
    for (let steps = 0; steps < 12; steps++) {
      const response = await this.ask(at, fields);
      fields = undefined;
      const location = response.headers.get('location');
      if (!location) return { at, response };
      at = new URL(location, at).href;
      if (at.startsWith(end)) return { at };
    }
    throw new Error(`redirects without end at ${at}`);
  }

  /** Logs in at the provider and agrees to what it asks; the URL it sends the browser back to, not yet followed. */
  async signIn(url: string, name: string, end: string): Promise<string> {
    let step = await this.follow(url, end);
    // A page with a form to log in, then one to agree.
    for (let pages = 0; step.response && pages < 3; pages++) {
      const text = await step.response.text();
      const action = /action="([^"]+)"/.exec(text)?.[1];
      const prompt = /name="prompt" value="([^"]+)"/.exec(text)?.[1];
      if (!action || !prompt) throw new Error(`no form at ${step.at}: ${step.response.status} ${text.slice(0, 2_000)}`);
      const fields = prompt === 'login' ? { prompt, login: name, password: 'x' } : { prompt };
      step = await this.follow(new URL(action, step.at).href, end, fields as Record<string, string>);
    }
    if (step.response) throw new Error(`the provider ended at ${step.at}`);
    return step.at;
  }

  /** Enters the code of a device and agrees. */
  async enterCode(verificationUri: string, userCode: string, name: string): Promise<string> {
    const done = 'never:';
    let step = await this.follow(`${verificationUri}?user_code=${userCode}`, done);
    for (let pages = 0; pages < 5; pages++) {
      const text = await step.response!.text();
      const action = /action="([^"]+)"/.exec(text)?.[1];
      if (!action) return text;
      const fields: Record<string, string> = {};
      for (const [, input] of text.matchAll(/<input([^>]*)>/g)) {
        const key = /name="([^"]+)"/.exec(input!)?.[1];
        if (key) fields[key] = /value="([^"]*)"/.exec(input!)?.[1] ?? '';
      }
      if ('login' in fields) Object.assign(fields, { login: name, password: 'x' });
      if (/name="confirm"/.test(text)) fields.confirm = 'yes';
      step = await this.follow(new URL(action, step.at).href, done, fields);
    }
    throw new Error(`the provider ended at ${step.at}`);
  }
}
