import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  decodePayload,
  EpochConfirmationBody,
  KemKeyBody,
  keyId,
  openEnvelope,
  RefusalError,
  resealEnvelope,
  type SealedEnvelope,
  sealEnvelope,
  sha256,
  signBytes,
  signEpochConfirmation,
  signKemKey,
  verifyEnvelope,
  verifyEpochConfirmation,
  verifyKemKey,
} from '@threatguard/proto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueAnything, makeCa } from '../support/agent-identity.ts';
import { makeEnvelopeKeys, newStream, processEvents } from '../support/envelopes.ts';

const agentId = 'b9c3f1de-0000-4000-8000-000000000001';
const keys = makeEnvelopeKeys(agentId);
const kemKey = { epoch: 4, publicKeySha256: keyId(keys.kemKey.publicKey) };
const facts = { identity: keys.identity, kemKey, oldestSpooledEpoch: 3, nowUs: 1_790_000_000_000_000 };

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RefusalError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a confirmation', () => {
  const signer = { agentId, publicKey: keys.signer.publicKey };
  const stranger = makeEnvelopeKeys(agentId);

  it('says which key of which epoch, when, and what still waits', () => {
    expect(verifyEpochConfirmation(signEpochConfirmation(facts), signer)).toEqual({
      epoch: 4,
      publicKeySha256: kemKey.publicKeySha256,
      confirmedAtUs: facts.nowUs,
      oldestSpooledEpoch: 3,
    });
  });

  const body = () => signEpochConfirmation(facts).body!;
  const { privateKey } = keys.identity;
  it.each([
    [
      'signed by another key',
      () => signEpochConfirmation({ ...facts, identity: stranger.identity }),
      'signature_invalid',
    ],
    [
      'signed for another purpose',
      () => ({ body: body(), signature: signBytes({ message: body(), privateKey, purpose: 'batch' }) }),
      'signature_invalid',
    ],
    ['whose body was changed', () => ({ ...signEpochConfirmation(facts), body: altered(body()) }), 'signature_invalid'],
    ['without a signature', () => ({ body: body() }), 'signature_invalid'],
    ['without anything', () => ({}), 'signature_invalid'],
    [
      'of another agent',
      () => signEpochConfirmation({ ...facts, identity: { ...keys.identity, agentId: 'another' } }),
      'identity_mismatch',
    ],
    ['that is too large', () => ({ body: new Uint8Array(257), signature: new Uint8Array(3309) }), 'frame_oversized'],
    [
      'that is signed garbage',
      () => {
        const message = Buffer.from('ffffffff', 'hex');
        return { body: message, signature: signBytes({ message, privateKey, purpose: 'epochConfirmation' }) };
      },
      'frame_malformed',
    ],
  ])('%s is refused', (_what, make, code) => {
    expect(codeOf(() => verifyEpochConfirmation(make(), signer))).toBe(code);
  });

  it('of any bytes is refused or decoded, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const signature = signBytes({ message: bytes, privateKey, purpose: 'epochConfirmation' });
        const code = codeOf(() => verifyEpochConfirmation({ body: bytes, signature }, signer));
        expect(['frame_malformed', 'identity_mismatch', 'frame_oversized']).toContain(code);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  function altered(bytes: Uint8Array): Uint8Array {
    return EpochConfirmationBody.encode({ ...EpochConfirmationBody.decode(bytes), oldestSpooledEpoch: 0 }).finish();
  }
});

describe('an announcement', () => {
  const parts = { epoch: 4, publicKey: keys.kemKey.publicKey, createdAtUs: 1, refusedBefore: 4 };
  let ca: Awaited<ReturnType<typeof makeCa>>;
  let authority: X509Certificate;
  let signers: Record<'collector' | 'agent' | 'stranger', Parameters<typeof signKemKey>[0]['signer']>;

  beforeAll(async () => {
    ca = await makeCa();
    authority = new X509Certificate(ca.pem);
    const issue = async (by: typeof ca, uri: string) => {
      const { certificate, key } = await issueAnything({ by, uri, side: 'server' });
      return { certificate: new X509Certificate(certificate), privateKey: createPrivateKey(key) };
    };
    signers = {
      collector: await issue(ca, 'threatguard://collector/one'),
      agent: await issue(ca, `threatguard://agent/${agentId}`),
      stranger: await issue(await makeCa(), 'threatguard://collector/one'),
    };
  });

  it('says the key, the epoch, and from which epoch on envelopes are taken', () => {
    expect(verifyKemKey(signKemKey({ ...parts, signer: signers.collector }), authority)).toMatchObject({
      epoch: 4,
      refusedBefore: 4,
      publicKeySha256: kemKey.publicKeySha256,
    });
  });

  it.each([
    ['by a stranger', () => signKemKey({ ...parts, signer: signers.stranger }), 'identity_mismatch'],
    ['by an agent', () => signKemKey({ ...parts, signer: signers.agent }), 'identity_mismatch'],
    [
      'with the certificate of the collector and the signature of an agent',
      () => ({
        ...signKemKey({ ...parts, signer: signers.agent }),
        certificate: signers.collector.certificate.raw,
      }),
      'signature_invalid',
    ],
    [
      'whose epoch was raised',
      () => {
        const announced = signKemKey({ ...parts, signer: signers.collector });
        return { ...announced, key: KemKeyBody.encode({ ...KemKeyBody.decode(announced.key!), epoch: 9 }).finish() };
      },
      'signature_invalid',
    ],
    ['of no epoch', () => signKemKey({ ...parts, epoch: 0, signer: signers.collector }), 'header_malformed'],
    [
      'that refuses itself',
      () => signKemKey({ ...parts, refusedBefore: 5, signer: signers.collector }),
      'header_malformed',
    ],
    [
      'of a key that is none of ML-KEM',
      () => {
        const { publicKey } = generateKeyPairSync('ml-dsa-65');
        return signKemKey({ ...parts, publicKey, signer: signers.collector });
      },
      'version_unsupported',
    ],
  ])('%s is refused', (_what, make, code) => {
    expect(codeOf(() => verifyKemKey(make(), authority))).toBe(code);
  });
});

describe('an envelope sealed anew', () => {
  const kem = makeEnvelopeKeys().kemKey;
  const next = makeEnvelopeKeys(agentId);
  const losses = [{ sensor: 'spool', reason: 'spool_overflow', count: 3, firstAtUs: 1, lastAtUs: 2 }];
  const seal = () => {
    const { identity } = keys;
    return sealEnvelope({ events: processEvents(3), losses, identity, kemKey: kem, previous: newStream(), nowUs: 7 });
  };
  const reseal = (sealed: SealedEnvelope, contentKey = sealed.contentKey) =>
    resealEnvelope({
      bytes: sealed.bytes,
      contentKey,
      identity: keys.identity,
      kemKey: { ...next.kemKey, epoch: 2 },
      previousHeaderDigest: sha256(Buffer.from('another header')),
    });

  it('holds the same payload under another epoch, in the same place, after another header', () => {
    const sealed = seal();
    const anew = reseal(sealed)!;
    const before = verifyEnvelope(sealed.bytes, keys.signer).header;
    const envelope = verifyEnvelope(anew.bytes, keys.signer);
    const { header } = envelope;
    expect(header).toMatchObject({ kemEpoch: 2, sequence: before.sequence, streamId: before.streamId, losses });
    expect(header).toMatchObject({ payloadDigest: before.payloadDigest, sealedAtUs: 7, eventCount: 3 });
    expect(Buffer.from(header.previousHeaderDigest)).toEqual(sha256(Buffer.from('another header')));
    expect(Buffer.from(anew.position.headerDigest)).toEqual(Buffer.from(header.headerDigest));
    const payload = openEnvelope(envelope, () => next.kemPrivateKey(1));
    expect(decodePayload(payload, header)).toHaveLength(3);
    // Nothing of the former encryption is used twice.
    expect(Buffer.compare(header.nonce, before.nonce)).not.toBe(0);
    expect(Buffer.compare(anew.contentKey, sealed.contentKey)).not.toBe(0);
  });

  it('is not made with the key of another envelope', () => {
    expect(reseal(seal(), seal().contentKey)).toBeUndefined();
  });
});
