import { Batch, decodeBatch, HostEvent, openEnvelope, sealEnvelope, verifyEnvelope } from '@threatguard/proto';
import { expect, it } from 'vitest';
import { eventSpans } from '../../proto/src/event-spans.ts';
import { makeEnvelopeKeys, newStream, processEvents } from '../support/envelopes.ts';

it('a decoded batch says where in its bytes each event stands', () => {
  const { identity, kemKey, signer, kemPrivateKey } = makeEnvelopeKeys();
  const events = processEvents(200);
  const sealed = sealEnvelope({ events, losses: [], identity, kemKey, previous: newStream(), nowUs: 1 });
  const envelope = verifyEnvelope(sealed.bytes, signer);
  const decoded = decodeBatch(openEnvelope(envelope, kemPrivateKey), envelope.header);
  expect(decoded.events).toHaveLength(200);
  for (const [index, event] of decoded.events.entries()) {
    const bytes = decoded.bytes.subarray(decoded.spans![index * 2], decoded.spans![index * 2 + 1]);
    expect(HostEvent.decode(bytes)).toEqual(event);
  }
});

const BATCH = Buffer.from(Batch.encode({ events: processEvents(2) }).finish());

it.each([
  ['as many events as were said', BATCH, 2, true],
  ['none', Buffer.alloc(0), 0, true],
  ['fewer than were said', BATCH, 3, false],
  ['more than were said', BATCH, 1, false],
  ['another field after the events', Buffer.concat([BATCH, Buffer.from([0x10, 1])]), 2, false],
  ['an event cut off', BATCH.subarray(0, -1), 2, false],
  ['a length that does not end', Buffer.from([0x0a, 0xff]), 1, false],
  ['a length beyond any batch', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), 1, false],
])('finds events only where there is nothing else: %s', (_name, bytes, count, found) => {
  expect(eventSpans(bytes, count) !== undefined).toBe(found);
});
