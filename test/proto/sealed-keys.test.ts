import { createPrivateKey } from 'node:crypto';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activeProvider, keyAtRest, openKey, rewriteKeys, setKeyPassphrase } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PASSPHRASE = Buffer.from('correct horse battery staple\n');
const pem = activeProvider().generate('ML-DSA-65').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const refusal = (code: string) => expect.objectContaining({ name: 'SealedKeyError', code });

function seal(passphrase = PASSPHRASE): string {
  setKeyPassphrase(passphrase);
  return keyAtRest(pem);
}

afterEach(() => setKeyPassphrase(undefined));

describe('a key at rest', () => {
  it('is sealed where there is a passphrase, and opens to the same key', () => {
    expect(keyAtRest(pem)).toBe(pem);
    const sealed = seal();
    expect(sealed).not.toContain(pem.split('\n')[1]);
    expect(JSON.parse(sealed)).toMatchObject({
      format: 'threatguard/sealed-key/v1',
      kdf: { name: 'scrypt', N: 32_768, r: 8, p: 3 },
      cipher: { name: 'AES-256-GCM' },
    });
    expect(createPrivateKey(openKey(sealed, 'ca.key')).asymmetricKeyType).toBe('ml-dsa-65');
    expect(openKey(pem, 'ca.key')).toBe(pem);
  });

  it('is never sealed twice alike', () => {
    const [first, second] = [seal(), seal()].map((text) => JSON.parse(text));
    for (const value of ['kdf.salt', 'cipher.nonce', 'ciphertext']) {
      const read = (from: Record<string, never>) => value.split('.').reduce((at, key) => at[key]!, from);
      expect(read(first)).not.toBe(read(second));
    }
  });

  it('does not care how the passphrase file ends its line', () => {
    const sealed = seal(Buffer.from('pass phrase\r\n'));
    setKeyPassphrase(Buffer.from('pass phrase'));
    expect(openKey(sealed, 'ca.key')).toBe(pem);
  });

  it('needs its passphrase: none, and another one, are told apart', () => {
    const sealed = seal();
    setKeyPassphrase(Buffer.from('another'));
    expect(() => openKey(sealed, 'ca.key')).toThrow(refusal('passphrase_wrong'));
    setKeyPassphrase(undefined);
    expect(() => openKey(sealed, 'ca.key')).toThrow(refusal('passphrase_missing'));
    expect(() => openKey(sealed, 'ca.key')).toThrow('THREATGUARD_KEY_PASSPHRASE_FILE');
  });

  it.each([Buffer.alloc(0), Buffer.from('\n'), Buffer.alloc(1025, 'x')])('takes no passphrase of %j', (content) => {
    expect(() => setKeyPassphrase(content)).toThrow(refusal('passphrase_unusable'));
  });

  it.each([
    ['not JSON', () => '{'],
    ['another format', (sealed: object) => JSON.stringify({ ...sealed, format: 'threatguard/sealed-key/v2' })],
    ['no salt', (sealed: object) => JSON.stringify({ ...sealed, kdf: {} })],
    ['a nonce of another length', (sealed: object) => JSON.stringify({ ...sealed, cipher: { nonce: 'AAAA' } })],
    ['no ciphertext', (sealed: object) => JSON.stringify({ ...sealed, ciphertext: 'AAAA' })],
    ['null', () => '{"kdf":null,"cipher":null}'],
  ])('that is %s is refused before any passphrase is tried', (_, change) => {
    const text = change(JSON.parse(seal()));
    setKeyPassphrase(undefined);
    expect(() => openKey(text, 'ca.key')).toThrow(refusal('sealed_key_malformed'));
  });

  it('that was altered is not opened', () => {
    const sealed = JSON.parse(seal());
    const ciphertext = Buffer.from(sealed.ciphertext, 'base64');
    ciphertext[ciphertext.length - 20]! ^= 1;
    const altered = JSON.stringify({ ...sealed, ciphertext: ciphertext.toString('base64') });
    expect(() => openKey(altered, 'ca.key')).toThrow(refusal('passphrase_wrong'));
  });

  it('does not say what it costs to open: a file that asks for gigabytes gets what every other gets', () => {
    const sealed = JSON.parse(seal());
    const greedy = JSON.stringify({ ...sealed, kdf: { ...sealed.kdf, N: 2 ** 40, r: 2 ** 20 } });
    expect(openKey(greedy, 'ca.key')).toBe(pem);
  });
});

describe('sealing files where they are', () => {
  let directory: string;
  const file = (name: string) => join(directory, name);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'threatguard-keys-'));
    for (const name of ['a.key', 'b.key']) writeFileSync(file(name), pem, { mode: 0o640 });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('changes those that are not sealed yet, for their owner only, and back', () => {
    setKeyPassphrase(PASSPHRASE);
    expect(rewriteKeys([file('a.key')], 'sealed')).toEqual([file('a.key')]);
    expect(rewriteKeys([file('a.key'), file('b.key')], 'sealed')).toEqual([file('b.key')]);
    for (const name of ['a.key', 'b.key']) {
      expect(readFileSync(file(name), 'utf8')).not.toContain('PRIVATE KEY');
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    }
    expect(rewriteKeys([file('a.key'), file('b.key')], 'open')).toHaveLength(2);
    expect(readFileSync(file('b.key'), 'utf8')).toBe(pem);
  });

  it.skipIf(process.getuid?.() !== 0)('leaves them to the one they belong to', () => {
    chownSync(file('a.key'), 1234, 1235);
    setKeyPassphrase(PASSPHRASE);
    rewriteKeys([file('a.key')], 'sealed');
    expect(statSync(file('a.key'))).toMatchObject({ uid: 1234, gid: 1235 });
  });

  it('changes none where one does not open', () => {
    setKeyPassphrase(Buffer.from('another'));
    rewriteKeys([file('b.key')], 'sealed');
    const before = readFileSync(file('b.key'));
    setKeyPassphrase(PASSPHRASE);
    expect(() => rewriteKeys([file('a.key'), file('b.key')], 'open')).toThrow(refusal('passphrase_wrong'));
    expect(() => rewriteKeys([file('a.key'), file('b.key')], 'sealed')).toThrow(refusal('passphrase_wrong'));
    expect(readFileSync(file('a.key'), 'utf8')).toBe(pem);
    expect(readFileSync(file('b.key'))).toEqual(before);
  });

  it('needs a passphrase', () => {
    expect(() => rewriteKeys([file('a.key')], 'sealed')).toThrow(refusal('passphrase_missing'));
    expect(readFileSync(file('a.key'), 'utf8')).toBe(pem);
  });
});
