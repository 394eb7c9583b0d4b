// Everything known about an algorithm stands in its row; the rest of the code asks here.
import type { KeyObject } from 'node:crypto';

/**
 * FIPS 204, table 2; object identifiers of RFC 9881 section 2. Lengths in bytes, of the raw encodings; a private key is
 * kept as its seed (xi) or expanded.
 */
export const SIGNATURE_ALGORITHMS = {
  'ML-DSA-65': {
    keyType: 'ml-dsa-65',
    oid: '2.16.840.1.101.3.4.3.18',
    publicKeyBytes: 1952,
    signatureBytes: 3309,
    seedBytes: 32,
    expandedKeyBytes: 4032,
    securityCategory: 3,
    formerName: 'Dilithium3',
  },
  'ML-DSA-87': {
    keyType: 'ml-dsa-87',
    oid: '2.16.840.1.101.3.4.3.19',
    publicKeyBytes: 2592,
    signatureBytes: 4627,
    seedBytes: 32,
    expandedKeyBytes: 4896,
    securityCategory: 5,
    formerName: 'Dilithium5',
  },
} as const;

/** FIPS 203, table 3; object identifiers of RFC 9935 section 3. The seed is d || z. */
export const KEM_ALGORITHMS = {
  'ML-KEM-768': {
    keyType: 'ml-kem-768',
    oid: '2.16.840.1.101.3.4.4.2',
    publicKeyBytes: 1184,
    ciphertextBytes: 1088,
    sharedKeyBytes: 32,
    seedBytes: 64,
    expandedKeyBytes: 2400,
    securityCategory: 3,
    formerName: 'Kyber768',
  },
  'ML-KEM-1024': {
    keyType: 'ml-kem-1024',
    oid: '2.16.840.1.101.3.4.4.3',
    publicKeyBytes: 1568,
    ciphertextBytes: 1568,
    sharedKeyBytes: 32,
    seedBytes: 64,
    expandedKeyBytes: 3168,
    securityCategory: 5,
    formerName: 'Kyber1024',
  },
} as const;

/** Key exchanges of TLS 1.3, by the name OpenSSL lists them with (draft-ietf-tls-ecdhe-mlkem). */
export const TLS_GROUPS = {
  X25519MLKEM768: { securityCategory: 3 },
  SecP384R1MLKEM1024: { securityCategory: 5 },
} as const;

export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;
export type KemAlgorithm = keyof typeof KEM_ALGORITHMS;
export type TlsGroup = keyof typeof TLS_GROUPS;

export interface CryptoProfile {
  name: ProfileName;
  /** What new keys are made of. */
  signature: SignatureAlgorithm;
  kem: KemAlgorithm;
  /** The one group that is offered. */
  tlsGroup: TlsGroup;
  /** What is verified and opened besides: never anything weaker than the above. */
  acceptedSignatures: readonly SignatureAlgorithm[];
  acceptedKems: readonly KemAlgorithm[];
}

export type ProfileName = 'standard' | 'cnsa2';

/** A fleet has one of these, decided by the key of its CA. `cnsa2` has the parameter sets of the NSA's CNSA 2.0 (2022). */
export const PROFILES: Readonly<Record<ProfileName, CryptoProfile>> = {
  standard: {
    name: 'standard',
    signature: 'ML-DSA-65',
    kem: 'ML-KEM-768',
    tlsGroup: 'X25519MLKEM768',
    acceptedSignatures: ['ML-DSA-65', 'ML-DSA-87'],
    acceptedKems: ['ML-KEM-768', 'ML-KEM-1024'],
  },
  cnsa2: {
    name: 'cnsa2',
    signature: 'ML-DSA-87',
    kem: 'ML-KEM-1024',
    tlsGroup: 'SecP384R1MLKEM1024',
    acceptedSignatures: ['ML-DSA-87'],
    acceptedKems: ['ML-KEM-1024'],
  },
};

/** What a key is for: the row its type names, undefined for a key of another algorithm. */
export function signatureAlgorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  return nameByKeyType(SIGNATURE_ALGORITHMS, key.asymmetricKeyType);
}

export function kemAlgorithmOf(key: KeyObject): KemAlgorithm | undefined {
  return nameByKeyType(KEM_ALGORITHMS, key.asymmetricKeyType);
}

/** The profile of the fleet a CA's public key belongs to; undefined where that key is of no profile. */
export function profileOfCa(publicKey: KeyObject): CryptoProfile | undefined {
  const signature = signatureAlgorithmOf(publicKey);
  return Object.values(PROFILES).find((profile) => profile.signature === signature);
}

/** One context string per purpose (FIPS 204 section 5.2): a signature made for one is refused for another. */
export const SIGNATURE_CONTEXTS = {
  batch: 'threatguard/batch/v1',
  kem: 'threatguard/kem/v1',
  alert: 'threatguard/alert/v1',
  epochConfirmation: 'threatguard/epoch-confirmation/v1',
  keySuccession: 'threatguard/key-succession/v1',
  caSuccession: 'threatguard/ca-succession/v1',
  caEndorsement: 'threatguard/ca-endorsement/v1',
  treeHead: 'threatguard/tree-head/v1',
  evidence: 'threatguard/evidence/v1',
  model: 'threatguard/model/v1',
} as const;

export type SignaturePurpose = keyof typeof SIGNATURE_CONTEXTS;

function nameByKeyType<Name extends string>(
  table: Readonly<Record<Name, { keyType: string }>>,
  keyType: string | undefined,
): Name | undefined {
  return (Object.keys(table) as Name[]).find((name) => table[name].keyType === keyType);
}
