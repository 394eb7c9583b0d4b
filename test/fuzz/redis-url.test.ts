// Addresses of a Redis come from a file somebody wrote: whatever stands there is read or refused, and no secret is told.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CacheError } from '../../collector/src/cache/cache-error.ts';
import { describeRedis, type RedisAddress, readRedisUrl } from '../../collector/src/cache/redis-url.ts';

const SEED = 20_261_122;

function read(text: string): RedisAddress | undefined {
  try {
    return readRedisUrl(text);
  } catch (error) {
    if (!(error instanceof CacheError)) throw error;
    return undefined;
  }
}

const piece = fc.constantFrom(
  'redis',
  'rediss',
  '+sentinel',
  '+cluster',
  '://',
  ':',
  '@',
  ',',
  '/',
  '[::1]',
  'host',
  '6379',
  '%',
  '%2F',
  '?',
);

it('are read or refused, whatever they are made of', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(piece, { maxLength: 14 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      const address = read(given);
      if (!address) return;
      expect(address.hosts.length).toBeGreaterThan(0);
      // What is told of it leads to the same place.
      const { username: _, password: __, ...place } = address;
      const { username: ___, password: ____, ...again } = read(describeRedis(address))!;
      expect(again).toEqual(place);
    }),
    { seed: SEED, numRuns: 3_000 },
  );
});

it('give back the user and the password that were put into them, and tell neither', () => {
  const secret = fc.string({ minLength: 6, maxLength: 20, unit: 'grapheme' });
  fc.assert(
    fc.property(secret, secret, (user, password) => {
      const address = read(`redis://${encodeURIComponent(user)}:${encodeURIComponent(password)}@cache:1`)!;
      expect([address.username, address.password]).toEqual([user, password]);
      expect(describeRedis(address)).toBe('redis://cache:1');
    }),
    { seed: SEED, numRuns: 300 },
  );
});
