// Which provider and profile this thread works with: chosen once, at the start of each process and worker thread.
import { type CryptoProfile, PROFILES, type ProfileName } from '../algorithms.ts';
import { OPENSSL } from './openssl.ts';
import type { CryptoProvider, ProviderName } from './provider.ts';

let provider: CryptoProvider = OPENSSL;
let profile: CryptoProfile = PROFILES.standard;

/** Chooses for this thread; what is not named stays. Throws LiboqsError where that provider cannot be had. */
export async function selectCrypto(chosen: {
  provider?: ProviderName | undefined;
  profile?: ProfileName | undefined;
}): Promise<void> {
  if (chosen.profile) profile = PROFILES[chosen.profile];
  // Loaded only where it is asked for: it takes some 9 MiB, which few agents have to spare.
  if (chosen.provider === 'liboqs') provider = await (await import('./liboqs.ts')).loadLiboqs();
  if (chosen.provider === 'openssl') provider = OPENSSL;
}

export function activeProvider(): CryptoProvider {
  return provider;
}

export function activeProfile(): CryptoProfile {
  return profile;
}
