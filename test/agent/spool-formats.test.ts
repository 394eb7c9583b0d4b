// Spools as released versions wrote them (test/fixtures/spool, one folder a format): what is in them is sent, and sealed anew
// where its key is there. A fixture is never made again.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodePayload,
  envelopeIdentity,
  keyId,
  openEnvelope,
  resealEnvelope,
  sealEnvelope,
  verifyEnvelope,
} from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ContentKeys } from '../../agent/src/spool/content-keys.ts';
import { Spool } from '../../agent/src/spool/spool.ts';
import { makeEnvelopeKeys, processEvents } from '../support/envelopes.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'spool');
const AGENT = 'b9c3f1de-0000-4000-8000-000000000001';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tg-formats-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function openFixture(format: string) {
  cpSync(join(FIXTURES, format), directory, { recursive: true });
  const owner = Buffer.alloc(32, 1);
  const bootId = Buffer.alloc(16, 1);
  const lose = () => {
    throw new Error('nothing of it is lost');
  };
  const spool = Spool.open({ directory, bytesMax: 1 << 24, owner, bootId, nowUs: () => 42, lose });
  const privateKey = createPrivateKey(readFileSync(join(directory, 'signing.pem')));
  const publicKey = createPublicKey(privateKey);
  const identity = envelopeIdentity(AGENT, { privateKey, publicKey });
  const epochKey = createPrivateKey(readFileSync(join(directory, 'epoch-7.pem')));
  return { spool, identity, signer: { agentId: AGENT, publicKey, signingKeyId: keyId(publicKey) }, epochKey };
}

const spooled = (spool: Spool) => Array.from({ length: spool.end - spool.first }, (_, index) => spool.read(index)!);

describe.each(readdirSync(FIXTURES))('a spool of format %s', (format) => {
  test('gives its envelopes as they were sealed, knows their epoch, and goes on', () => {
    const { spool, identity, signer, epochKey } = openFixture(format);
    expect(spooled(spool).map(({ sequence, epoch }) => [sequence, epoch])).toEqual([
      [1, 7],
      [2, 7],
      [3, 7],
    ]);
    expect(spool.oldestEpoch).toBe(7);
    expect(Buffer.from(spool.checkpoints).toString()).toBe('read up to 3');
    for (const { bytes, sequence } of spooled(spool)) {
      const envelope = verifyEnvelope(bytes, signer);
      expect(
        decodePayload(
          openEnvelope(envelope, () => epochKey),
          envelope.header,
        ),
      ).toHaveLength(sequence);
    }
    const { kemKey } = makeEnvelopeKeys();
    const next = { ...kemKey, epoch: 8 };
    const sealed = sealEnvelope({
      events: processEvents(1),
      losses: [],
      identity,
      kemKey: next,
      previous: spool.position,
      nowUs: 1,
    });
    expect(spool.append(sealed, { events: 1, firstAtUs: 1, lastAtUs: 1 })).toBe(true);
    expect(spooled(spool).map(({ epoch }) => epoch)).toEqual([7, 7, 7, 8]);
    spool.acknowledge(spool.position.streamId, 3);
    expect(spool.oldestEpoch).toBe(8);
  });

  test('can be sealed anew where it kept the keys for it', () => {
    const { spool, identity, signer } = openFixture(format);
    const contentKeys = ContentKeys.open({ directory, empty: false });
    const next = makeEnvelopeKeys();
    for (const { bytes, wrappedKey } of spooled(spool)) {
      const contentKey = contentKeys.unwrap(wrappedKey);
      expect(contentKey !== undefined).toBe(existsSync(join(FIXTURES, format, 'content.key')));
      if (!contentKey) continue;
      const previousHeaderDigest = new Uint8Array(32);
      const anew = resealEnvelope({ bytes, contentKey, identity, kemKey: next.kemKey, previousHeaderDigest })!;
      const envelope = verifyEnvelope(anew.bytes, signer);
      openEnvelope(envelope, next.kemPrivateKey);
    }
  });
});

describe('content keys', () => {
  test('outlive a restart, and are made new where the spool is empty', () => {
    const key = Buffer.alloc(32, 5);
    const wrapped = ContentKeys.open({ directory, empty: true }).wrap(key);
    expect(wrapped).toHaveLength(40);
    expect(ContentKeys.open({ directory, empty: false }).unwrap(wrapped)).toEqual(key);
    expect(ContentKeys.open({ directory, empty: true }).unwrap(wrapped)).toBeUndefined();
  });

  test.each([
    ['none', () => new Uint8Array()],
    [
      'one of another host',
      () => ContentKeys.open({ directory: mkdtempSync(join(directory, 'other-')), empty: true }).wrap(Buffer.alloc(32)),
    ],
    ['garbage', () => Buffer.alloc(40, 9)],
    ['one that was cut', () => Buffer.alloc(16, 9)],
    ['bytes of no possible length', () => Buffer.alloc(3)],
  ])('%s is not unwrapped', (_what, make) => {
    const keys = ContentKeys.open({ directory, empty: true });
    expect(keys.unwrap(make())).toBeUndefined();
  });
});
