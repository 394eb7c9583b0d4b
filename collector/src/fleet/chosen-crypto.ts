import { PROFILES, type ProfileName, type ProviderName, profileOfCa, selectCrypto } from '@threatguard/proto';
import type { CertificateAuthority } from './certificate-authority.ts';

type FleetCryptoErrorCode = 'profile_unknown' | 'profile_differs';

/** This collector cannot work with the cryptography that was asked for. The message says what to change. */
export class FleetCryptoError extends Error {
  override readonly name = 'FleetCryptoError';
  readonly code: FleetCryptoErrorCode;

  constructor(code: FleetCryptoErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a thread has to begin with to work as the others do. */
export interface ChosenCrypto {
  provider: ProviderName;
  profile: ProfileName;
}

/**
 * Chooses provider and profile for this thread. The profile is that of the fleet's CA, which `init` decided; another one
 * asked for is refused, not half applied. Throws FleetCryptoError, or LiboqsError.
 */
export async function chooseCrypto(
  authority: CertificateAuthority,
  asked: { provider: ProviderName; profile?: ProfileName | undefined },
): Promise<ChosenCrypto> {
  const profile = profileOfCa(authority.certificate.publicKey)?.name;
  if (!profile) {
    const known = Object.keys(PROFILES).join(', ');
    throw new FleetCryptoError('profile_unknown', `the CA's key is of none of the profiles ${known}; restore ca.crt`);
  }
  if (asked.profile && asked.profile !== profile) {
    throw new FleetCryptoError(
      'profile_differs',
      `this fleet was made with the profile ${profile}, not ${asked.profile}: set crypto.profile to ${profile}, or make a ` +
        `new fleet elsewhere with threatguard-collector init --profile ${asked.profile}`,
    );
  }
  await selectCrypto({ provider: asked.provider, profile });
  return { provider: asked.provider, profile };
}
