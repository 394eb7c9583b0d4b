import { openKey, setKeyPassphrase } from '@threatguard/proto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const base64 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const value = fc.oneof(base64, fc.jsonValue({ maxDepth: 1 }));
const field = (name: string, arbitrary: fc.Arbitrary<unknown>) =>
  fc.option(arbitrary).map((given) => ({ [name]: given }));
const sealed = fc
  .tuple(
    field('format', fc.constantFrom('threatguard/sealed-key/v1', 'v2', 1)),
    field('kdf', fc.oneof(value, fc.record({ salt: value, N: value }))),
    field('cipher', fc.oneof(value, fc.record({ nonce: value }))),
    field('ciphertext', value),
  )
  .map((parts) => JSON.stringify(Object.assign({}, ...parts)));

describe('a key file', () => {
  beforeAll(() => setKeyPassphrase(undefined));
  afterAll(() => setKeyPassphrase(undefined));

  it('of any content is taken as it is, or refused with a reason', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          sealed,
          fc.string(),
          fc.string().map((text) => `{${text}`),
        ),
        (text) => {
          try {
            expect(openKey(text, 'ca.key')).toBe(text);
          } catch (error) {
            expect(error).toMatchObject({ name: 'SealedKeyError' });
          }
        },
      ),
      { seed: 5, numRuns: 2_000 },
    );
  });
});
