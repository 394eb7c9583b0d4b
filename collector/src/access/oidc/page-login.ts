// A login in a browser: authorization code flow with PKCE (RFC 6749 4.1, RFC 7636, OpenID Connect Core 1.0, 3.1). What has to
// match when the browser comes back goes with it, sealed, in a cookie: nothing is kept here for those who never come back.
//
// Invariant: one state is taken once.
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AccessError } from '../access-error.ts';
import type { SecretBox } from '../secret-box.ts';
import type { OidcProvider } from './provider.ts';
import type { Vouched } from './vouched.ts';

/** For somebody to log in elsewhere, with whatever that asks of him. */
export const PAGE_LOGIN_SECONDS = 600;
const SUBJECT = 'threatguard/oidc-page/v1';
const KEPT_CHARS_MAX = 1_024;
/** States that were taken and are still in time; the oldest go first. */
const TAKEN_MAX = 10_000;

const keptSchema = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string(), until: z.number() });

export class PageLogin {
  readonly #provider: OidcProvider;
  readonly #box: SecretBox;
  readonly #redirectUri: string;
  readonly #nowMs: () => number;
  readonly #taken = new Set<string>();

  constructor(parts: { provider: OidcProvider; box: SecretBox; redirectUri: string; nowMs: () => number }) {
    this.#provider = parts.provider;
    this.#box = parts.box;
    this.#redirectUri = parts.redirectUri;
    this.#nowMs = parts.nowMs;
  }

  /** Where to send the browser, and what it has to bring back beside. */
  async begin(): Promise<{ url: string; kept: string }> {
    const [state, nonce, verifier] = [secret(), secret(), secret()];
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const redirectUri = this.#redirectUri;
    const url = await this.#provider.authorizationUrl({ state, nonce, challenge, redirectUri });
    const until = this.#nowMs() + PAGE_LOGIN_SECONDS * 1000;
    const plain = Buffer.from(JSON.stringify({ state, nonce, verifier, until }));
    return { url: url.href, kept: Buffer.from(this.#box.seal(plain, SUBJECT)).toString('base64url') };
  }

  /** Who came back with `query`. Throws AccessError `not_vouched` or `provider_unavailable`. */
  async finish(query: string, kept: string): Promise<Vouched> {
    const checks = this.#open(kept);
    if (!checks || this.#nowMs() >= checks.until || this.#taken.has(checks.state)) {
      throw new AccessError('not_vouched', 'this login was not begun in this browser, or not lately; begin again');
    }
    const cameBackAt = new URL(this.#redirectUri);
    cameBackAt.search = query;
    const taken = cameBackAt.searchParams.get('state') === checks.state;
    if (taken) this.#take(checks.state);
    return this.#provider.redeemCode(cameBackAt, checks);
  }

  #open(kept: string): z.output<typeof keptSchema> | undefined {
    if (kept === '' || kept.length > KEPT_CHARS_MAX) return undefined;
    const plain = this.#box.tryOpen(Buffer.from(kept, 'base64url'), SUBJECT);
    return plain && keptSchema.parse(JSON.parse(Buffer.from(plain).toString()));
  }

  #take(state: string): void {
    this.#taken.add(state);
    if (this.#taken.size > TAKEN_MAX) this.#taken.delete(this.#taken.values().next().value!);
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
