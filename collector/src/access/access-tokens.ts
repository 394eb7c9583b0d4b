// Access tokens: claims signed by every key there is, and believed where every one of those signatures is right. One signature
// makes a JWS in compact form; several, one in the general JSON form (RFC 7515 7.2.1) as base64url.
//
// Which algorithms a token has is decided here and never by the token: a hybrid token with one signature taken off is refused,
// and so is one that has both where one is expected.
import { hash } from 'node:crypto';
import { CompactSign, compactVerify, errors, flattenedVerify, GeneralSign } from 'jose';
import { z } from 'zod';
import type { TokenKey } from './token-keys.ts';

export const ACCESS_SECONDS = 15 * 60;
const TYPE = 'at+jwt';
const AUDIENCE = 'threatguard';
/** Two signatures, and claims with every scope. */
const TOKEN_CHARS_MAX = 12_000;
/** Tokens whose signatures were right: a script asks with the same one a thousand times. */
const VERIFIED_MAX = 4_096;

const claimsSchema = z.strictObject({
  iss: z.string(),
  aud: z.literal(AUDIENCE),
  sub: z.string(),
  sid: z.string(),
  scope: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
});

/** RFC 9068, as far as it says something here. */
export type AccessClaims = z.output<typeof claimsSchema>;

const generalSchema = z.strictObject({
  payload: z.string(),
  signatures: z.array(z.strictObject({ protected: z.string(), signature: z.string() })),
});

export class AccessTokens {
  readonly #keys: readonly TokenKey[];
  readonly #issuer: string;
  readonly #verified = new Map<string, AccessClaims>();

  constructor(keys: readonly TokenKey[], issuer: string) {
    this.#keys = keys;
    this.#issuer = issuer;
  }

  async sign(claims: Omit<AccessClaims, 'iss' | 'aud'>): Promise<string> {
    const payload = Buffer.from(JSON.stringify({ iss: this.#issuer, aud: AUDIENCE, ...claims }));
    const [first, ...others] = this.#keys as [TokenKey, ...TokenKey[]];
    if (others.length === 0) {
      return new CompactSign(payload).setProtectedHeader(headerOf(first)).sign(first.privateKey);
    }
    const general = new GeneralSign(payload);
    for (const key of this.#keys) general.addSignature(key.privateKey).setProtectedHeader(headerOf(key));
    return Buffer.from(JSON.stringify(await general.sign())).toString('base64url');
  }

  /** The claims of a token that is ours and in time; undefined for anything else. Whether they still hold is not said by them. */
  async verify(token: string, nowS: number): Promise<AccessClaims | undefined> {
    if (token.length > TOKEN_CHARS_MAX) return undefined;
    const digest = hash('sha256', token, 'base64');
    const claims = this.#verified.get(digest) ?? (await this.#read(token));
    if (!claims || claims.iss !== this.#issuer || nowS >= claims.exp || claims.iat > nowS + 60) return undefined;
    this.#verified.delete(digest);
    this.#verified.set(digest, claims);
    if (this.#verified.size > VERIFIED_MAX) this.#verified.delete(this.#verified.keys().next().value!);
    return claims;
  }

  async #read(token: string): Promise<AccessClaims | undefined> {
    try {
      const payload = this.#keys.length === 1 ? await this.#compact(token) : await this.#general(token);
      return payload && claimsSchema.safeParse(JSON.parse(Buffer.from(payload).toString())).data;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError)
        return undefined;
      throw error;
    }
  }

  async #compact(token: string): Promise<Uint8Array | undefined> {
    const key = this.#keys[0]!;
    const { payload, protectedHeader } = await compactVerify(token, key.publicKey, { algorithms: [key.algorithm] });
    return isHeaderOf(key, protectedHeader) ? payload : undefined;
  }

  async #general(token: string): Promise<Uint8Array | undefined> {
    const { data: general } = generalSchema.safeParse(JSON.parse(Buffer.from(token, 'base64url').toString()));
    if (general?.signatures.length !== this.#keys.length) return undefined;
    let verified: Uint8Array | undefined;
    for (const [index, key] of this.#keys.entries()) {
      const jws = { payload: general.payload, ...general.signatures[index]! };
      const { payload, protectedHeader } = await flattenedVerify(jws, key.publicKey, { algorithms: [key.algorithm] });
      if (!protectedHeader || !isHeaderOf(key, protectedHeader)) return undefined;
      verified = payload;
    }
    return verified;
  }
}

function headerOf({ algorithm, id }: TokenKey) {
  return { alg: algorithm, kid: id, typ: TYPE };
}

function isHeaderOf(key: TokenKey, header: { kid?: string; typ?: string }): boolean {
  return header.kid === key.id && header.typ === TYPE;
}
