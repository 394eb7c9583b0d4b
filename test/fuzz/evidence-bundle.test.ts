import { X509Certificate } from 'node:crypto';
import { type BundleRecord, keyId } from '@threatguard/proto';
import {
  BUNDLE_MAGIC,
  BUNDLE_VERSION,
  BundleError,
  decodeRecord,
  encodeRecord,
  FINDING_CODES,
} from '@threatguard/proto/evidence';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCa } from '../support/agent-identity.ts';
import { putTogether, verifyBytesOf } from '../support/evidence.ts';

let ca: { der: Uint8Array; sha256: string };

beforeAll(async () => {
  const certificate = new X509Certificate((await makeCa()).pem);
  ca = { der: certificate.raw, sha256: keyId(certificate.publicKey).toString('hex') };
});

/** What a hostile file becomes: findings with known names, or no bundle at all. */
async function judge(bytes: Uint8Array, piece?: number): Promise<string> {
  try {
    const report = await verifyBytesOf(bytes, { caSha256: [ca.sha256] }, piece);
    expect(report.proven).toBe(false);
    for (const { code } of report.findings) expect(FINDING_CODES).toContain(code);
    expect(report.findings.length).toBeLessThanOrEqual(100);
    return 'findings';
  } catch (error) {
    if (error instanceof BundleError) return error.code;
    throw error;
  }
}

const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 32, maxLength: 32 }));
const count = fc.oneof(fc.nat(9), fc.constantFrom(2 ** 32, 2 ** 53 - 1, 2 ** 60));
const id = fc.constantFrom('', 'a', 'b9c3f1de-0000-4000-8000-000000000001', '\u202e');
const range = fc.record({ first: count, last: count });
const certificates = fc.array(
  fc.record({ certificate: bytes, succession: bytes, successionSignature: bytes }, { requiredKeys: [] }),
  { maxLength: 3 },
);
const run = fc.record(
  {
    index: fc.nat(5),
    gone: fc.constantFrom('', 'aged_out', 'eaten'),
    included: fc.array(range, { maxLength: 4 }),
    absent: fc.array(fc.record({ sequence: count, headerDigest: bytes }), { maxLength: 4 }),
    nodes: fc.array(bytes, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);
const record: fc.Arbitrary<BundleRecord> = fc.oneof(
  fc.record({ head: fc.record({ head: bytes, signature: bytes, certificate: bytes }) }),
  fc.record({ earlierHead: fc.record({ head: bytes, consistency: fc.array(bytes, { maxLength: 5 }) }) }),
  fc.record({ agent: fc.record({ agentId: id, name: id, certificates }) }),
  fc.record({ alert: fc.record({ alert: bytes, signature: bytes, signingKeyId: bytes }) }),
  fc.record({ detection: bytes }),
  fc.record({
    entry: fc.record({
      entry: bytes,
      index: count,
      inclusion: fc.array(bytes, { maxLength: 5 }),
      boundary: fc.boolean(),
    }),
  }),
  fc.record({ run }),
  fc.record({ envelope: fc.record({ header: bytes, signature: bytes, payload: bytes }) }),
  fc.record({ end: fc.record({ manifest: bytes, signature: bytes, certificate: bytes }) }),
);

describe('a hostile bundle', () => {
  it('of any bytes is refused or found wrong, in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 600 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (rest, magic, piece) => {
          const file = magic ? Buffer.concat([BUNDLE_MAGIC, rest]) : Buffer.from(rest);
          expect(await judge(file, piece)).toBe(await judge(file));
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });

  it('of any records in any order is found wrong and never thrown over', async () => {
    const start = { start: { version: BUNDLE_VERSION, agentId: 'a', exportedAtUs: 5 } };
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 12 }), async (records) => {
        const anchors = { trustAnchors: { certificates: [ca.der] } };
        expect(await judge(putTogether([start, anchors, ...records]))).toBe('findings');
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('that claims much costs no more than one record', async () => {
    const claim = Buffer.concat([BUNDLE_MAGIC, Buffer.from('ffffffff', 'hex')]);
    expect(await judge(claim)).toBe('not_a_bundle');
    const endless = { from: 1, to: 2 ** 40 };
    const records: BundleRecord[] = [
      { start: { version: BUNDLE_VERSION, agentId: 'a', exportedAtUs: 5 } },
      { run: { included: [{ first: endless.from, last: endless.to }] } },
    ];
    expect(await judge(putTogether(records))).toBe('findings');
  });

  it('of another version is not read', async () => {
    expect(await judge(putTogether([{ start: { version: 2, agentId: 'a', exportedAtUs: 5 } }]))).toBe(
      'version_unsupported',
    );
  });
});

describe('a record', () => {
  it('has one encoding: with a field more, twice, or in other bytes it is none', () => {
    const good = encodeRecord({ start: { version: 1, agentId: 'a' } }).subarray(4);
    expect(decodeRecord(good)).toMatchObject({ kind: 'start' });
    const others = {
      'an unknown field': Buffer.concat([good, Buffer.from('f80101', 'hex')]),
      'the same field twice': Buffer.concat([good, good]),
      'two records in one': Buffer.concat([good, encodeRecord({ detection: new Uint8Array(2) }).subarray(4)]),
      'a longer number': Buffer.from([good[0]!, good[1]! + 1, 0x08, 0x81, 0x00, ...good.subarray(4)]),
      nothing: Buffer.alloc(0),
    };
    for (const [what, bytes] of Object.entries(others)) expect(decodeRecord(bytes), what).toBeUndefined();
  });
});
