import { generateKeyPairSync } from 'node:crypto';
import { keyId, verifyAlert } from '@threatguard/proto';
import { expect, test } from 'vitest';
import { AlertFeed, type FeedItem } from '../../collector/src/publish/alert-feed.ts';
import { AlertSigner } from '../../collector/src/publish/alert-signer.ts';
import { makeAlert } from '../support/stores.ts';
import { until } from '../support/until.ts';

const keys = generateKeyPairSync('ml-dsa-65');
const signer = new AlertSigner({ privateKey: keys.privateKey, signingKeyId: keyId(keys.publicKey) });

test('every subscriber gets every alert from then on, in order, signed once', async () => {
  const feed = new AlertFeed(signer);
  const seen: [FeedItem[], FeedItem[]] = [[], []];
  feed.publish([makeAlert()]);
  feed.subscribe((item) => void seen[0].push(item));
  feed.subscribe((item) => void seen[1].push(item));
  const alerts = [makeAlert(), makeAlert(), makeAlert()];
  feed.publish(alerts);
  await until(() => seen.every((items) => items.length === 3), { limitMs: 5_000, what: 'three alerts each' });
  const verified = seen[0].map((item) => (item.kind === 'alert' ? verifyAlert(item.signed, keys.publicKey).id : ''));
  expect(verified).toEqual(alerts.map((alert) => alert.id));
  const signatures = seen.map((items) => items.map((item) => item.kind === 'alert' && item.signed.signature));
  expect(signatures[0]).toEqual(signatures[1]);
});

test('a slow subscriber is told how many it missed, and others are not held up', async () => {
  const feed = new AlertFeed(signer);
  const gate = Promise.withResolvers<void>();
  const slow: FeedItem[] = [];
  let quick = 0;
  feed.subscribe(async (item) => {
    await gate.promise;
    slow.push(item);
  });
  feed.subscribe(() => void quick++);
  const alert = makeAlert();
  for (let published = 0; published < 1_500; published++) {
    feed.publish([alert]);
    if (published % 100 === 0) await Promise.resolve();
  }
  gate.resolve();
  await until(() => slow.some((item) => item.kind === 'lagged'), { limitMs: 10_000, what: 'the lag to be told' });
  const missed = slow.reduce((sum, item) => sum + (item.kind === 'lagged' ? item.missed : 0), 0);
  expect(missed + slow.filter((item) => item.kind === 'alert').length).toBe(1_500);
  expect(missed).toBe(499);
  await until(() => quick > 0, { limitMs: 5_000, what: 'the quick one' });
});

test('what is urgent goes before what waits, but not before another revision of the same alert', async () => {
  const feed = new AlertFeed(signer);
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  feed.subscribe(async (item) => {
    await gate.promise;
    if (item.kind === 'alert') seen.push(`${item.alert.id}:${item.alert.revision}`);
  });
  const flood = Array.from({ length: 20 }, (_, index) => makeAlert({ id: `flood-${index}`, revision: 1 }));
  feed.publish(flood);
  feed.publish([makeAlert({ id: 'flood-19', revision: 2 })], { urgent: true });
  feed.publish([makeAlert({ id: 'urgent', revision: 1 })], { urgent: true });
  gate.resolve();
  await until(() => seen.length === 22, { limitMs: 5_000, what: () => `${seen.length} of 22 alerts` });
  expect(seen.indexOf('urgent:1')).toBeLessThan(10);
  expect(seen.slice(-2)).toEqual(['flood-19:1', 'flood-19:2']);
  expect(seen.filter((each) => each.startsWith('flood'))).toEqual([...flood.map(({ id }) => `${id}:1`), 'flood-19:2']);
});

test('one that unsubscribed or threw gets nothing more', async () => {
  const feed = new AlertFeed(signer);
  let got = 0;
  const unsubscribe = feed.subscribe(() => void got++);
  feed.subscribe(() => {
    throw new Error('the stream is gone');
  });
  unsubscribe();
  unsubscribe();
  feed.publish([makeAlert()]);
  await until(() => feed.subscribers === 0, { limitMs: 5_000, what: 'both to be gone' });
  expect(got).toBe(0);
});
