// What the provider gave with a login here, so that the login can be ended there as well. Sealed in the store: any collector of it
// may be the one that is asked, and who reads the database has no token of anybody.
import { z } from 'zod';
import type { AccessStore } from '../store/access-store.ts';
import type { OidcProvider } from './oidc/provider.ts';
import type { ProviderTokens } from './oidc/vouched.ts';
import type { SecretBox } from './secret-box.ts';

/** Tokens of a person in hundreds of groups; one that is larger is not kept, and ends by itself. */
const SEALED_BYTES_MAX = 32 * 1024;
const tokensSchema = z.strictObject({
  idToken: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
});

/** `ended`: its tokens are refused there. `kept`: it has no way to end them, or they were not kept. `unreachable`: not known. */
export type ProviderEnd = 'ended' | 'kept' | 'unreachable';

export interface ProviderLoginsParts {
  store: Pick<AccessStore, 'keepProviderTokens' | 'providerTokens'>;
  box: SecretBox;
  provider: OidcProvider;
  /** Where the provider may send a browser back to; undefined for nowhere. */
  backTo: string | undefined;
  failed: (error: unknown) => void;
}

export class ProviderLogins {
  readonly #parts: ProviderLoginsParts;

  constructor(parts: ProviderLoginsParts) {
    this.#parts = parts;
  }

  async keep(sessionId: string, tokens: ProviderTokens): Promise<void> {
    const { store, box } = this.#parts;
    const sealed = box.seal(Buffer.from(JSON.stringify(tokens)), subjectOf(sessionId));
    if (sealed.length <= SEALED_BYTES_MAX) await store.keepProviderTokens(sessionId, sealed);
  }

  /** What is kept of a login; undefined where nothing is. Never rejects: a login ends here whatever is known of it there. */
  async find(sessionId: string): Promise<ProviderTokens | undefined> {
    const { store, box, failed } = this.#parts;
    try {
      const sealed = await store.providerTokens(sessionId);
      const plain = sealed && box.tryOpen(sealed, subjectOf(sessionId));
      return plain && tokensSchema.parse(JSON.parse(Buffer.from(plain).toString()));
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  /** Revokes tokens (RFC 7009), and says where a browser is logged out (OpenID Connect RP-Initiated Logout 1.0). Never rejects. */
  async end(tokens: ProviderTokens): Promise<{ end: ProviderEnd; url: string | undefined }> {
    const { provider, backTo, failed } = this.#parts;
    try {
      const revoked = await provider.revoke(tokens);
      const url = await provider.endSessionUrl(tokens.idToken, backTo);
      return { end: revoked ? 'ended' : 'kept', url: url?.href };
    } catch (error) {
      failed(error);
      return { end: 'unreachable', url: undefined };
    }
  }
}

function subjectOf(sessionId: string): string {
  return `threatguard/provider-tokens/v1 ${sessionId}`;
}
