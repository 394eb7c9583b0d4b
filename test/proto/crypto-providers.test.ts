import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import {
  activeProfile,
  activeProvider,
  decodePayload,
  HEADER_BYTES_MAX,
  HEADER_LOSSES_MAX,
  KEM_ALGORITHMS,
  type KemAlgorithm,
  openEnvelope,
  PROFILES,
  type ProfileName,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  sealEnvelope,
  selectCrypto,
  signBytes,
  verifyBytes,
  verifyEnvelope,
} from '@threatguard/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { algorithmOf, exportPrivateKey, exportPublicKey, importPrivateKey } from '../../proto/src/crypto/encodings.ts';
import { loadLiboqs } from '../../proto/src/crypto/liboqs.ts';
import { extractWasm } from '../../proto/src/crypto/liboqs-module.ts';
import { OPENSSL } from '../../proto/src/crypto/openssl.ts';
import { makeEnvelopeKeys, newStream, processEvents } from '../support/envelopes.ts';

const LIBOQS = await loadLiboqs();
const NOBLE_SIGNATURES = { 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 };
const NOBLE_KEMS = { 'ML-KEM-768': ml_kem768, 'ML-KEM-1024': ml_kem1024 };
const PAIRS = [OPENSSL, LIBOQS].flatMap((maker) => [OPENSSL, LIBOQS].map((taker) => ({ maker, taker })));
const signing = Object.keys(SIGNATURE_ALGORITHMS) as SignatureAlgorithm[];
const sealing = Object.keys(KEM_ALGORITHMS) as KemAlgorithm[];
const message = Buffer.from('one event of one host');
const context = Buffer.from('threatguard/test/v1');

afterEach(() => selectCrypto({ provider: 'openssl', profile: 'standard' }));

describe.each(PAIRS)('what $maker.name makes, $taker.name takes', ({ maker, taker }) => {
  it.each(signing)('%s signatures, under their context only', (algorithm) => {
    const { privateKey, publicKey } = maker.generate(algorithm);
    const signature = maker.sign({ message, privateKey, context });
    expect(signature).toHaveLength(SIGNATURE_ALGORITHMS[algorithm].signatureBytes);
    const verify = (under: Uint8Array) => taker.verify({ message, signature, publicKey, context: under });
    expect([context, Buffer.from('threatguard/other/v1'), Buffer.alloc(0)].map(verify)).toEqual([true, false, false]);
    expect(taker.verify({ message, signature: signature.subarray(1), publicKey, context })).toBe(false);
    expect(taker.verify({ message: Buffer.alloc(0), signature, publicKey, context })).toBe(false);
  });

  it.each(sealing)('%s ciphertexts; another key opens to another secret, without an error', (algorithm) => {
    const { privateKey, publicKey } = taker.generate(algorithm);
    const { ciphertext, sharedKey } = maker.encapsulate(publicKey);
    expect(Buffer.compare(taker.decapsulate({ privateKey, ciphertext }), sharedKey)).toBe(0);
    const stranger = maker.generate(algorithm).privateKey;
    expect(Buffer.compare(taker.decapsulate({ privateKey: stranger, ciphertext }), sharedKey)).not.toBe(0);
    expect(() => taker.decapsulate({ privateKey, ciphertext: ciphertext.subarray(1) })).toThrow();
  });
});

describe.each([OPENSSL, LIBOQS])('$name and a third implementation agree', (provider) => {
  it.each(signing)('%s', (algorithm) => {
    const noble = NOBLE_SIGNATURES[algorithm];
    const { privateKey, publicKey } = provider.generate(algorithm);
    const raw = exportPrivateKey(privateKey);
    const keys = noble.keygen('seed' in raw ? raw.seed : undefined);
    expect(exportPublicKey(publicKey).equals(keys.publicKey)).toBe(true);
    const ours = Uint8Array.from(provider.sign({ message, privateKey, context }));
    expect(noble.verify(ours, message, keys.publicKey, { context })).toBe(true);
    expect(noble.verify(ours, message, keys.publicKey)).toBe(false);
    const theirs = noble.sign(message, keys.secretKey, { context });
    expect(provider.verify({ message, signature: theirs, publicKey, context })).toBe(true);
  });

  it.each(sealing)('%s', (algorithm) => {
    const noble = NOBLE_KEMS[algorithm];
    const seed = randomBytes(KEM_ALGORITHMS[algorithm].seedBytes);
    const privateKey = importPrivateKey(algorithm, { seed });
    const keys = noble.keygen(seed);
    const ours = provider.encapsulate(createPublicKey(privateKey));
    expect(noble.decapsulate(Uint8Array.from(ours.ciphertext), keys.secretKey)).toEqual(
      Uint8Array.from(ours.sharedKey),
    );
    const theirs = noble.encapsulate(keys.publicKey);
    expect(Uint8Array.from(provider.decapsulate({ privateKey, ciphertext: theirs.cipherText }))).toEqual(
      theirs.sharedSecret,
    );
  });
});

describe('liboqs', () => {
  it('of another build than the one whose functions are known is refused', () => {
    const script = 'var x="AGFzbQEAAAA=";';
    const sha256 = createHash('sha256').update(Buffer.from('AGFzbQEAAAA=', 'base64')).digest('hex');
    expect(extractWasm(script, { file: 'x.js', sha256 })).toHaveLength(8);
    for (const other of [script.replace('bQEA', 'bQIA'), 'var x="";', '']) {
      expect(() => extractWasm(other, { file: 'x.js', sha256 })).toThrow(
        expect.objectContaining({ code: 'other_build' }),
      );
    }
  });
});

describe('a private key', () => {
  it.each([...signing, ...sealing])('of %s is the same as seed and expanded, in PKCS#8 and in memory', (algorithm) => {
    const { privateKey, publicKey } = OPENSSL.generate(algorithm);
    const raw = exportPrivateKey(privateKey) as { seed: Buffer };
    const noble = { ...NOBLE_SIGNATURES, ...NOBLE_KEMS }[algorithm].keygen(raw.seed);
    const expanded = importPrivateKey(algorithm, { expandedKey: noble.secretKey });
    const written = createPrivateKey(expanded.export({ type: 'pkcs8', format: 'pem' }));
    expect(exportPrivateKey(written)).toEqual({ expandedKey: Buffer.from(noble.secretKey) });
    for (const each of [importPrivateKey(algorithm, raw), expanded, written]) {
      expect(algorithmOf(each)).toBe(algorithm);
      expect(exportPublicKey(createPublicKey(each)).equals(exportPublicKey(publicKey))).toBe(true);
    }
  });
});

describe('a profile', () => {
  const envelopeOf = (profile: ProfileName) => {
    const keys = makeEnvelopeKeys(undefined, PROFILES[profile]);
    const events = processEvents(3);
    const { bytes } = sealEnvelope({
      events,
      losses: [],
      identity: keys.identity,
      kemKey: keys.kemKey,
      previous: newStream(),
      nowUs: 1_790_000_000_000_000,
    });
    return { keys, bytes };
  };
  const open = ({ keys, bytes }: ReturnType<typeof envelopeOf>) => {
    const envelope = verifyEnvelope(bytes, keys.signer);
    return decodePayload(openEnvelope(envelope, keys.kemPrivateKey), envelope.header);
  };

  it.each(
    PAIRS.flatMap(({ maker, taker }) =>
      (['standard', 'cnsa2'] as const).map((name) => ({ name, maker: maker.name, taker: taker.name })),
    ),
  )('$name: sealed by $maker, opened by $taker', async ({ name, maker, taker }) => {
    await selectCrypto({ provider: maker, profile: name });
    expect([activeProvider().name, activeProfile().name]).toEqual([maker, name]);
    const sealed = envelopeOf(name);
    await selectCrypto({ provider: taker });
    expect(open(sealed)).toHaveLength(3);
  });

  it('takes what is stronger than its own, and refuses what is weaker', async () => {
    const [weak, strong] = [envelopeOf('standard'), envelopeOf('cnsa2')];
    expect(open(strong)).toHaveLength(3);
    await selectCrypto({ profile: 'cnsa2' });
    expect(open(strong)).toHaveLength(3);
    expect(() => open(weak)).toThrow(expect.objectContaining({ code: 'signature_invalid' }));
    const { privateKey, publicKey } = OPENSSL.generate('ML-DSA-65');
    const signature = signBytes({ message, privateKey, purpose: 'kem' });
    expect(verifyBytes({ message, signature, publicKey, purpose: 'kem' })).toBe(false);
  });

  it('leaves room in a header for the most losses there may be', async () => {
    await selectCrypto({ profile: 'cnsa2' });
    const keys = makeEnvelopeKeys(undefined, PROFILES.cnsa2);
    const count = Number.MAX_SAFE_INTEGER;
    const loss = { sensor: 's'.repeat(64), reason: 'r'.repeat(64), count, firstAtUs: count, lastAtUs: count };
    const losses = Array.from({ length: HEADER_LOSSES_MAX }, () => loss);
    const parts = { events: processEvents(1), losses, identity: keys.identity, kemKey: keys.kemKey };
    const { bytes } = sealEnvelope({ ...parts, previous: newStream(), nowUs: count });
    const { headerBytes } = verifyEnvelope(bytes, keys.signer);
    expect(headerBytes.length).toBeLessThan(HEADER_BYTES_MAX / 2);
  });

  it('refuses a KEM below it, though the signature is good', async () => {
    const keys = makeEnvelopeKeys(undefined, { ...PROFILES.cnsa2, kem: 'ML-KEM-768' });
    const parts = { events: processEvents(1), losses: [], identity: keys.identity, previous: newStream(), nowUs: 1 };
    const { bytes } = sealEnvelope({ ...parts, kemKey: keys.kemKey });
    await selectCrypto({ profile: 'cnsa2' });
    expect(() => verifyEnvelope(bytes, keys.signer)).toThrow(expect.objectContaining({ code: 'version_unsupported' }));
  });

  it('says which epoch was tried where the ML-KEM key is another one', () => {
    const sealed = envelopeOf('standard');
    const envelope = verifyEnvelope(sealed.bytes, sealed.keys.signer);
    const other = OPENSSL.generate('ML-KEM-768').privateKey;
    expect(() => openEnvelope(envelope, () => other)).toThrow('tried the key of ML-KEM epoch 1');
    const larger = OPENSSL.generate('ML-KEM-1024').privateKey;
    expect(() => openEnvelope(envelope, () => larger)).toThrow('the key of ML-KEM epoch 1 is of ML-KEM-1024');
  });
});
