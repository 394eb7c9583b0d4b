// What it costs to find out who an access token is of: its signatures checked, and known from before.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessTokens } from '../../collector/src/access/access-tokens.ts';
import { SCOPE_NAMES } from '../../collector/src/access/scopes.ts';
import { loadTokenKeys, type TokenMode } from '../../collector/src/access/token-keys.ts';

const CHECKS = 300;

/** Milliseconds of each check. */
export async function measureTokenChecks(mode: TokenMode): Promise<{ first: number[]; again: number[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-bench-token-'));
  try {
    const keys = await loadTokenKeys(directory, mode);
    const nowS = Math.floor(Date.now() / 1000);
    const claims = { sub: 'user', sid: 'session', scope: SCOPE_NAMES.join(' '), iat: nowS, exp: nowS + 900 };
    const tokens = new AccessTokens(keys, 'bench');
    const signed: string[] = [];
    for (let at = 0; at < CHECKS; at++) signed.push(await tokens.sign({ ...claims, jti: String(at) }));
    const check = async () => {
      const samples: number[] = [];
      for (const token of signed) {
        const sinceMs = performance.now();
        if (!(await tokens.verify(token, nowS))) throw new Error('a token of ours was refused');
        samples.push(performance.now() - sinceMs);
      }
      return samples;
    };
    return { first: await check(), again: await check() };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
