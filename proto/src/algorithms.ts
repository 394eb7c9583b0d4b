// Everything known about an algorithm stands in its row; the rest of the code asks here.

/** FIPS 204. Lengths in bytes, of the raw encodings. */
export const SIGNATURE_ALGORITHMS = {
  'ML-DSA-65': { keyType: 'ml-dsa-65', publicKeyBytes: 1952, signatureBytes: 3309, formerName: 'Dilithium3' },
} as const;

/** FIPS 203. */
export const KEM_ALGORITHMS = {
  'ML-KEM-768': { keyType: 'ml-kem-768', publicKeyBytes: 1184, ciphertextBytes: 1088, formerName: 'Kyber768' },
} as const;

export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;
export type KemAlgorithm = keyof typeof KEM_ALGORITHMS;

export const SIGNATURE_ALGORITHM: SignatureAlgorithm = 'ML-DSA-65';
export const KEM_ALGORITHM: KemAlgorithm = 'ML-KEM-768';

/** One context string per purpose (FIPS 204 section 5.2): a signature made for one is refused for another. */
export const SIGNATURE_CONTEXTS = {
  batch: 'threatguard/batch/v1',
  kem: 'threatguard/kem/v1',
  alert: 'threatguard/alert/v1',
  epochConfirmation: 'threatguard/epoch-confirmation/v1',
  keySuccession: 'threatguard/key-succession/v1',
  caSuccession: 'threatguard/ca-succession/v1',
  treeHead: 'threatguard/tree-head/v1',
  evidence: 'threatguard/evidence/v1',
} as const;

export type SignaturePurpose = keyof typeof SIGNATURE_CONTEXTS;
