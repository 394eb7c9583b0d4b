/** What an installer pastes: buys one certificate, and pins the only CA the agent will trust. */
export interface JoinToken {
  id: string;
  /** 32 random bytes, base64url; the collector keeps only its hash. */
  secret: string;
  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex. */
  caSha256: string;
}

const TOKEN = /^tg1\.([a-z0-9]{8,32})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{64})$/;

export function formatJoinToken(token: JoinToken): string {
  return `tg1.${token.id}.${token.secret}.${token.caSha256}`;
}

/** Undefined where the text is not a whole token, so that a cut-off paste is told from a refused one. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const match = TOKEN.exec(text.trim());
  return match ? { id: match[1]!, secret: match[2]!, caSha256: match[3]! } : undefined;
}
