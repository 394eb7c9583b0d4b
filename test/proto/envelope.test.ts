import { createCipheriv, encapsulate, generateKeyPairSync, hkdfSync, randomBytes, sign } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import {
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  Batch,
  decodePayload,
  ENVELOPE_BYTES_MAX,
  Envelope,
  EnvelopeHeader,
  openEnvelope,
  RefusalError,
  sealEnvelope,
  sha256,
  verifyEnvelope,
} from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeEnvelopeKeys, newStream, processEvents } from '../support/envelopes.ts';

const keys = makeEnvelopeKeys();

function seal(count = 3, overrides: Partial<Parameters<typeof sealEnvelope>[0]> = {}) {
  return sealEnvelope({
    events: processEvents(count),
    losses: [],
    identity: keys.identity,
    kemKey: keys.kemKey,
    previous: newStream(),
    nowUs: 1_790_000_000_500_000,
    ...overrides,
  });
}

function openWhole(bytes: Uint8Array) {
  const envelope = verifyEnvelope(bytes, keys.signer);
  return decodePayload(openEnvelope(envelope, keys.kemPrivateKey), envelope.header);
}

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RefusalError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** Signs a header that was changed after sealing, as a malicious agent with a valid key could. */
function resigned(bytes: Uint8Array, change: (header: EnvelopeHeader) => void, keepCiphertext = true): Uint8Array {
  const envelope = Envelope.decode(bytes);
  const header = EnvelopeHeader.decode(envelope.header);
  change(header);
  const encoded = EnvelopeHeader.encode(header).finish();
  const signature = sign(null, encoded, {
    key: keys.identity.privateKey,
    context: Buffer.from('threatguard/batch/v1'),
  });
  return Envelope.encode({
    header: encoded,
    signature,
    ciphertext: keepCiphertext ? envelope.ciphertext : new Uint8Array(),
  }).finish();
}

describe('an envelope', () => {
  it('gives back the events that were sealed, in order', () => {
    expect(openWhole(seal(100).bytes)).toMatchObject(processEvents(100));
  });

  it('continues its stream by sequence and by the digest of the header before it', () => {
    const first = seal(1);
    const second = seal(1, { previous: first.position });
    const header = verifyEnvelope(second.bytes, keys.signer).header;
    expect(header.sequence).toBe(2);
    expect(Buffer.from(header.previousHeaderDigest)).toEqual(sha256(Envelope.decode(first.bytes).header));
    expect(Buffer.from(second.position.headerDigest)).toEqual(Buffer.from(header.headerDigest));
  });

  it('carries losses and no events when there is nothing else to say', () => {
    const losses = [{ sensor: 'spool', reason: 'spool_overflow', count: 7, firstAtUs: 1, lastAtUs: 2 }];
    const envelope = verifyEnvelope(seal(0, { losses }).bytes, keys.signer);
    expect(envelope.header.losses).toMatchObject(losses);
    expect(decodePayload(openEnvelope(envelope, keys.kemPrivateKey), envelope.header)).toEqual([]);
  });

  it('is provable from its stored parts once its ML-KEM key is gone', () => {
    const envelope = verifyEnvelope(seal().bytes, keys.signer);
    const payload = openEnvelope(envelope, keys.kemPrivateKey);
    expect(sha256(payload).equals(Buffer.from(envelope.header.payloadDigest))).toBe(true);
  });

  it('refuses to seal more than a batch may hold', () => {
    expect(() => seal(BATCH_EVENTS_MAX + 1)).toThrow(RangeError);
  });
});

describe('an envelope is refused', () => {
  const other = generateKeyPairSync('ml-dsa-65');
  const cases: [string, string, () => Uint8Array][] = [
    ['of too many bytes', 'frame_oversized', () => new Uint8Array(ENVELOPE_BYTES_MAX + 1)],
    ['that is empty', 'signature_invalid', () => new Uint8Array()],
    ['that is not protobuf', 'frame_malformed', () => Buffer.from('ffffffffffffffff', 'hex')],
    ['cut in the middle', 'frame_malformed', () => seal().bytes.subarray(0, 2000)],
    [
      'signed by another key',
      'signature_invalid',
      () => seal(1, { identity: { ...keys.identity, privateKey: other.privateKey } }).bytes,
    ],
    [
      'signed for another purpose',
      'signature_invalid',
      () => {
        const envelope = Envelope.decode(seal().bytes);
        const context = Buffer.from('threatguard/alert/v1');
        envelope.signature = sign(null, envelope.header, { key: keys.identity.privateKey, context });
        return Envelope.encode(envelope).finish();
      },
    ],
    [
      'signed without a context',
      'signature_invalid',
      () => {
        const envelope = Envelope.decode(seal().bytes);
        envelope.signature = sign(null, envelope.header, keys.identity.privateKey);
        return Envelope.encode(envelope).finish();
      },
    ],
    [
      'of another agent',
      'identity_mismatch',
      () => seal(1, { identity: { ...keys.identity, agentId: 'someone-else' } }).bytes,
    ],
    [
      'of another version',
      'version_unsupported',
      () =>
        resigned(seal().bytes, (header) => {
          header.version = 2;
        }),
    ],
    [
      'of another KEM',
      'version_unsupported',
      () =>
        resigned(seal().bytes, (header) => {
          header.kemAlgorithm = 'X25519';
        }),
    ],
    [
      'with a short nonce',
      'header_malformed',
      () =>
        resigned(seal().bytes, (header) => {
          header.nonce = randomBytes(8);
        }),
    ],
    [
      'with sequence zero',
      'header_malformed',
      () =>
        resigned(seal().bytes, (header) => {
          header.sequence = 0;
        }),
    ],
    [
      'with a sequence beyond 2^53',
      'header_malformed',
      () =>
        resigned(seal().bytes, (header) => {
          header.sequence = 2 ** 60;
        }),
    ],
    [
      'for an epoch that is not held',
      'epoch_unknown',
      () =>
        resigned(seal().bytes, (header) => {
          header.kemEpoch = 9;
        }),
    ],
    [
      'with a header changed after it was sealed',
      'ciphertext_invalid',
      () =>
        resigned(seal().bytes, (header) => {
          header.sealedAtUs = 5;
        }),
    ],
    ['without ciphertext', 'ciphertext_invalid', () => resigned(seal().bytes, () => undefined, false)],
    [
      'sealed for another ML-KEM key',
      'ciphertext_invalid',
      () => seal(1, { kemKey: { epoch: 1, publicKey: generateKeyPairSync('ml-kem-768').publicKey } }).bytes,
    ],
    [
      'with one bit of its ciphertext turned',
      'ciphertext_invalid',
      () => {
        const envelope = Envelope.decode(seal().bytes);
        envelope.ciphertext[7]! ^= 1;
        return Envelope.encode(envelope).finish();
      },
    ],
  ];

  it.each(cases)('%s: %s', (_name, code, make) => {
    const bytes = make();
    expect(refusalOf(() => openWhole(bytes))).toBe(code);
  });
});

/** Seals by hand what `sealEnvelope` would never make: the header is changed before the payload is encrypted under it. */
function sealedByHand(payload: Uint8Array, change: (header: EnvelopeHeader) => void): Uint8Array {
  const header = EnvelopeHeader.decode(Envelope.decode(seal().bytes).header);
  const { ciphertext, sharedKey } = encapsulate(keys.kemKey.publicKey);
  header.kemCiphertext = ciphertext;
  change(header);
  const encoded = EnvelopeHeader.encode(header).finish();
  const key = new Uint8Array(hkdfSync('sha256', sharedKey, header.nonce, 'threatguard/envelope/v1 AES-256-GCM', 32));
  const cipher = createCipheriv('aes-256-gcm', key, header.nonce).setAAD(encoded);
  const sealed = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const context = Buffer.from('threatguard/batch/v1');
  const signature = sign(null, encoded, { key: keys.identity.privateKey, context });
  return Envelope.encode({ header: encoded, signature, ciphertext: sealed }).finish();
}

describe('a payload that is not the one its header was signed for', () => {
  const batch = Batch.encode({ events: processEvents(3) }).finish();
  const payload = zstdCompressSync(batch);

  it('is told by its digest', () => {
    const change = (header: EnvelopeHeader) => {
      header.batchBytes = batch.length;
      header.payloadDigest = sha256(payload);
    };
    expect(openWhole(sealedByHand(payload, change))).toHaveLength(3);
    const other = zstdCompressSync(Batch.encode({ events: processEvents(3, 1_790_000_000_000_001) }).finish());
    expect(refusalOf(() => openWhole(sealedByHand(other, change)))).toBe('payload_digest_mismatch');
  });
});

describe('a zstd bomb', () => {
  it('costs no more memory than a full batch', () => {
    const frame = zstdCompressSync(new Uint8Array(64 * 1024 * 1024));
    const bomb = Buffer.concat(Array.from({ length: 16 }, () => frame));
    const claimed = { ...verifyEnvelope(seal(3).bytes, keys.signer).header, batchBytes: BATCH_BYTES_MAX };
    const beforeKiB = process.resourceUsage().maxRSS;
    expect(refusalOf(() => decodePayload(bomb, claimed))).toBe('payload_malformed');
    expect(process.resourceUsage().maxRSS - beforeKiB).toBeLessThan(128 * 1024);
  });
});

describe('a payload is refused', () => {
  const header = verifyEnvelope(seal(3).bytes, keys.signer).header;
  const batch = Batch.encode({ events: processEvents(3) }).finish();

  const cases: [string, string, Uint8Array, Partial<typeof header>][] = [
    ['that is not zstd', 'payload_malformed', randomBytes(64), {}],
    ['that is a zstd bomb', 'payload_malformed', zstdCompressSync(new Uint8Array(BATCH_BYTES_MAX * 8)), {}],
    ['shorter than it says', 'payload_malformed', zstdCompressSync(batch), { batchBytes: batch.length + 1 }],
    ['that is not a batch', 'payload_malformed', zstdCompressSync(randomBytes(50)), { batchBytes: 50 }],
    ['of fewer events than the header says', 'count_mismatch', zstdCompressSync(batch), { eventCount: 4 }],
    ['of more events than the header says', 'count_mismatch', zstdCompressSync(batch), { eventCount: 2 }],
    ['older than the header says', 'count_mismatch', zstdCompressSync(batch), { firstEventAtUs: 5 }],
  ];

  it.each(cases)('%s: %s', (_name, code, payload, changes) => {
    const claimed = { ...header, batchBytes: batch.length, ...changes };
    expect(refusalOf(() => decodePayload(payload, claimed))).toBe(code);
  });

  it('with text that is not UTF-8: payload_malformed', () => {
    const encoded = Buffer.from(Batch.encode({ events: [{ observedAtUs: 5, sensor: 'abcdef' }] }).finish());
    encoded[encoded.indexOf('abcdef')] = 0xff;
    const claimed = { ...header, batchBytes: encoded.length, eventCount: 1, firstEventAtUs: 5, lastEventAtUs: 5 };
    expect(refusalOf(() => decodePayload(zstdCompressSync(encoded), claimed))).toBe('payload_malformed');
  });
});

describe('hostile bytes', () => {
  const sealed = seal().bytes;

  it('are refused with a code, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => refusalOf(() => openWhole(bytes)) !== 'accepted'),
      { numRuns: 300 },
    );
  });

  it('made by changing any byte of a good envelope are refused with a code', () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const bytes = Uint8Array.from(sealed);
        bytes[position]! ^= change;
        return refusalOf(() => openWhole(bytes)) !== 'accepted';
      }),
      { numRuns: 500 },
    );
  });
});
