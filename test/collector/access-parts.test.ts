// What logging in is made of, each by itself.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, FlattenedSign } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens } from '../../collector/src/access/access-tokens.ts';
import { Lockout } from '../../collector/src/access/lockout.ts';
import { checkPassword, Passwords } from '../../collector/src/access/passwords.ts';
import { SecretBox } from '../../collector/src/access/secret-box.ts';
import { SharedQuestion } from '../../collector/src/access/shared-question.ts';
import { loadTokenKeys, publicKeySet, type TokenKey } from '../../collector/src/access/token-keys.ts';
import { base32, hotp, totpUri, verifyTotp } from '../../collector/src/access/totp.ts';
import { MemoryWrongCounts } from '../../collector/src/access/wrong-counts.ts';

describe('codes of an authenticator app', () => {
  const secret = Buffer.from('12345678901234567890');

  // RFC 4226, appendix D.
  it.each(
    ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'].map(
      (code, counter) => [counter, code] as const,
    ),
  )('are those of RFC 4226: counter %i gives %s', (counter, code) => expect(hotp(secret, counter)).toBe(code));

  // RFC 6238, appendix B. Each hash has a secret of its own length.
  it.each([
    [59, 'sha1', '94287082'],
    [59, 'sha256', '46119246'],
    [59, 'sha512', '90693936'],
    [1_111_111_109, 'sha1', '07081804'],
    [1_111_111_111, 'sha256', '67062674'],
    [1_234_567_890, 'sha512', '93441116'],
    [2_000_000_000, 'sha1', '69279037'],
    [20_000_000_000, 'sha1', '65353130'],
    [20_000_000_000, 'sha512', '47863826'],
  ])('are those of RFC 6238: at %i with %s', (seconds, hash, code) => {
    const bytes = { sha1: 20, sha256: 32, sha512: 64 }[hash]!;
    const key = Buffer.from('1234567890'.repeat(7).slice(0, bytes));
    expect(hotp(key, Math.floor(seconds / 30), { digits: 8, hash })).toBe(code);
  });

  it('are taken one step before and after, and no further', () => {
    const at = (step: number) => verifyTotp(secret, hotp(secret, step), { nowS: 100 * 30, usedStep: 0 });
    expect([98, 99, 100, 101, 102].map(at)).toEqual([undefined, 99, 100, 101, undefined]);
  });

  it('are taken once: neither the same nor one of an earlier step', () => {
    const nowS = 100 * 30;
    expect(verifyTotp(secret, hotp(secret, 100), { nowS, usedStep: 100 })).toBeUndefined();
    expect(verifyTotp(secret, hotp(secret, 99), { nowS, usedStep: 100 })).toBeUndefined();
    expect(verifyTotp(secret, hotp(secret, 101), { nowS, usedStep: 100 })).toBe(101);
  });

  it.each(['', '12345', '1234567', '12345a', ' 55224', '٧٥٥٢٢٤'])('are six digits, not %j', (code) => {
    expect(verifyTotp(secret, code, { nowS: 0, usedStep: -1 })).toBeUndefined();
  });

  // RFC 4648, section 10.
  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('come from a secret that is written as RFC 4648 has it: %j', (text, encoded) => {
    expect(base32(Buffer.from(text))).toBe(encoded);
  });

  it('are offered under a name that cannot become part of the address', () => {
    expect(totpUri(secret, { name: 'a&secret=x', issuer: 'T G' })).toMatch(
      /^otpauth:\/\/totp\/T%20G:a%26secret%3Dx\?secret=/,
    );
  });
});

describe('passwords', () => {
  const passwords = new Passwords();

  it('are right however a keyboard composes them, and wrong otherwise', async () => {
    const stored = await passwords.hash('Zürich im Nebel 7');
    expect(stored).toMatch(/^scrypt\$ln=15,r=8,p=3\$/);
    expect(await passwords.verify('Zu\u0308rich im Nebel 7', stored)).toBe(true);
    expect(await passwords.verify('Zürich im Nebel 8', stored)).toBe(false);
    expect(await passwords.hash('Zürich im Nebel 7')).not.toBe(stored);
  });

  it.each([
    ['nothing', ''],
    ['another form', '$2b$12$abcdefghijklmnopqrstuv'],
    ['a cut off hash', 'scrypt$ln=15,r=8,p=3$AAAA$BB'],
  ])('fit no stored text that is %s', async (_, stored) => expect(await passwords.verify('', stored)).toBe(false));

  it('that wait are bounded: the rest are told to come again', async () => {
    // Of a form that is quick to work out: what counts is how many there are.
    const quick = `scrypt$ln=4,r=8,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`;
    const own = new Passwords();
    const results = await Promise.allSettled(Array.from({ length: 70 }, () => own.verify('correct horse', quick)));
    const refused = results.filter((each) => each.status === 'rejected');
    // Two are at work, and 64 wait.
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'busy', retryAfterS: 5 });
  });

  it.each([
    ['short', 'elevenchars'],
    ['long', 'x1y2z'.repeat(52)],
    ['of few characters', 'abababababababab'],
    ['the name of the user', 'Alice-in-chains'],
    ['the name of the program', 'threatguard-2026'],
  ])('are refused that are %s', (_, password) => {
    expect(() => checkPassword(password, 'alice')).toThrow(expect.objectContaining({ code: 'weak_password' }));
  });

  it('of twelve characters and more are taken, whatever kinds they have', () => {
    expect(() => checkPassword('quiet harbour', 'alice')).not.toThrow();
  });
});

describe('wrong passwords', () => {
  it('cost waiting, twice as long each time, for this network alone', async () => {
    let nowMs = 0;
    const lockout = new Lockout(new MemoryWrongCounts(() => nowMs));
    for (let count = 0; count < 5; count++) {
      await lockout.check('alice', '192.0.2.1');
      await lockout.failed('alice', '192.0.2.1');
    }
    await expect(lockout.check('alice', '192.0.2.1')).rejects.toThrow(
      expect.objectContaining({ code: 'locked', retryAfterS: 1 }),
    );
    await lockout.check('alice', '192.0.2.2');
    nowMs += 1_000;
    await lockout.check('alice', '192.0.2.1');
    await lockout.failed('alice', '192.0.2.1');
    await expect(lockout.check('alice', '192.0.2.1')).rejects.toThrow(expect.objectContaining({ retryAfterS: 2 }));
    for (let count = 0; count < 30; count++) await lockout.failed('alice', '192.0.2.1');
    await expect(lockout.check('alice', '192.0.2.1')).rejects.toThrow(expect.objectContaining({ retryAfterS: 900 }));
    nowMs += 900_000;
    await lockout.succeeded('alice', '192.0.2.1');
    await lockout.check('alice', '192.0.2.1');
  });

  it('from everywhere cost waiting too, later', async () => {
    const lockout = new Lockout(new MemoryWrongCounts(() => 0));
    for (let count = 0; count < 50; count++) await lockout.failed('alice', `192.0.2.${count}`);
    await expect(lockout.check('alice', '198.51.100.1')).rejects.toThrow(expect.objectContaining({ code: 'locked' }));
    await lockout.check('bob', '198.51.100.1');
  });
});

describe('what is sealed', () => {
  it('opens with the same key for the same subject, and not otherwise', () => {
    const key = randomBytes(32);
    const box = new SecretBox(key);
    const sealed = box.seal(Buffer.from('secret'), 'alice');
    expect(Buffer.from(new SecretBox(key).open(sealed, 'alice')).toString()).toBe('secret');
    expect(() => box.open(sealed, 'bob')).toThrow();
    expect(() => new SecretBox(randomBytes(32)).open(sealed, 'alice')).toThrow();
    expect(() =>
      box.open(
        sealed.map((byte, at) => (at === 14 ? byte ^ 1 : byte)),
        'alice',
      ),
    ).toThrow();
  });
});

describe('access tokens', () => {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-tokens-'));
  let pure: TokenKey[];
  let both: TokenKey[];
  beforeAll(async () => {
    pure = await loadTokenKeys(directory, 'ml-dsa');
    both = await loadTokenKeys(directory, 'hybrid');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const ISSUER = 'urn:threatguard:test';
  const claims = { sub: 'u', sid: 's', scope: 'alerts:read', iat: 1_000, exp: 1_900, jti: 'j' };
  const unpack = (token: string) => JSON.parse(Buffer.from(token, 'base64url').toString());
  const pack = (general: unknown) => Buffer.from(JSON.stringify(general)).toString('base64url');

  it('are believed as they were signed, until they end', async () => {
    for (const keys of [pure, both]) {
      const tokens = new AccessTokens(keys, ISSUER);
      const token = await tokens.sign(claims);
      expect(await tokens.verify(token, 1_000)).toMatchObject(claims);
      expect(await tokens.verify(token, 1_899)).toMatchObject(claims);
      expect(await tokens.verify(token, 1_900)).toBeUndefined();
    }
  });

  it('have public keys that are published, and private ones that are not', async () => {
    const { keys } = await publicKeySet(both);
    expect(keys.map(({ kty, alg }) => [kty, alg])).toEqual([
      ['AKP', 'ML-DSA-65'],
      ['RSA', 'RS256'],
    ]);
    expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q|priv|dp|dq|qi)":/);
  });

  it('with both signatures need both: neither may be missing, wrong, doubled or of another order', async () => {
    const tokens = new AccessTokens(both, ISSUER);
    const general = unpack(await tokens.sign(claims));
    const [pq, rsa] = general.signatures;
    const otherPayload = Buffer.from(
      JSON.stringify({ ...claims, iss: ISSUER, aud: 'threatguard', scope: 'users:write' }),
    );
    const stranger = (await loadTokenKeys(join(directory, 'stranger'), 'ml-dsa'))[0]!;
    const forged = await new FlattenedSign(Buffer.from(general.payload, 'base64url'))
      .setProtectedHeader({ alg: 'ML-DSA-65', kid: both[0]!.id, typ: 'at+jwt' })
      .sign(stranger.privateKey);
    const wrong = {
      'the second missing': { ...general, signatures: [pq] },
      'the first missing': { ...general, signatures: [rsa] },
      'the first twice': { ...general, signatures: [pq, pq] },
      'the second twice': { ...general, signatures: [rsa, rsa] },
      'the other order': { ...general, signatures: [rsa, pq] },
      'one more': { ...general, signatures: [pq, rsa, rsa] },
      'none at all': { ...general, signatures: [] },
      'the first of somebody else': {
        ...general,
        signatures: [{ protected: forged.protected, signature: forged.signature }, rsa],
      },
      'the second changed': {
        ...general,
        signatures: [pq, { ...rsa, signature: `A${rsa.signature.slice(1)}B`.slice(0, rsa.signature.length) }],
      },
      'other claims': { ...general, payload: otherPayload.toString('base64url') },
      'a header nobody signed': { ...general, signatures: [pq, { ...rsa, header: { kid: 'x' } }] },
    };
    for (const [what, each] of Object.entries(wrong))
      expect(await tokens.verify(pack(each), 1_000), what).toBeUndefined();
    expect(await tokens.verify(pack(general), 1_000)).toBeDefined();
  });

  it('of one mode are not taken in the other', async () => {
    const [one, two] = [new AccessTokens(pure, ISSUER), new AccessTokens(both, ISSUER)];
    expect(await two.verify(await one.sign(claims), 1_000)).toBeUndefined();
    expect(await one.verify(await two.sign(claims), 1_000)).toBeUndefined();
  });

  it('are not taken where the key signed them as something else, or under another name', async () => {
    const tokens = new AccessTokens(pure, ISSUER);
    const sign = (header: { kid: string; typ: string }) =>
      new CompactSign(Buffer.from(JSON.stringify({ ...claims, iss: ISSUER, aud: 'threatguard' })))
        .setProtectedHeader({ alg: 'ML-DSA-65', ...header })
        .sign(pure[0]!.privateKey);
    const kid = pure[0]!.id;
    expect(await tokens.verify(await sign({ kid, typ: 'at+jwt' }), 1_000)).toBeDefined();
    expect(await tokens.verify(await sign({ kid, typ: 'JWT' }), 1_000)).toBeUndefined();
    expect(await tokens.verify(await sign({ kid: 'another', typ: 'at+jwt' }), 1_000)).toBeUndefined();
  });

  it('are not taken from another fleet, with another algorithm, or with none', async () => {
    const tokens = new AccessTokens(pure, ISSUER);
    expect(
      await tokens.verify(await new AccessTokens(pure, 'urn:threatguard:other').sign(claims), 1_000),
    ).toBeUndefined();
    const [header, payload, signature] = (await tokens.sign(claims)).split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hmac = encode({ alg: 'HS256', kid: pure[0]!.id, typ: 'at+jwt' });
    const none = encode({ alg: 'none', kid: pure[0]!.id, typ: 'at+jwt' });
    const changed = encode({ ...claims, iss: ISSUER, aud: 'threatguard', scope: 'users:write' });
    for (const wrong of [
      `${none}.${payload}.`,
      `${hmac}.${payload}.${signature}`,
      `${header}.${changed}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      '..',
      '',
      'x'.repeat(20_000),
    ]) {
      expect(await tokens.verify(wrong, 1_000), wrong.slice(0, 40)).toBeUndefined();
    }
  });
});

describe('a question whose answer must be newer than its asking', () => {
  it('is put again for those who ask while it is under way, once for all of them', async () => {
    const put: PromiseWithResolvers<number>[] = [];
    const question = new SharedQuestion(() => {
      put.push(Promise.withResolvers());
      return put.at(-1)!.promise;
    });
    const first = question.ask();
    await expect.poll(() => put.length).toBe(1);
    const later = [question.ask(), question.ask()];
    put[0]!.resolve(1);
    expect(await first).toBe(1);
    await expect.poll(() => put.length).toBe(2);
    put[1]!.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  it('is put again after one that failed, which only those who shared it are told', async () => {
    let failing = true;
    const question = new SharedQuestion(async () => {
      if (failing) throw new Error('away');
      return 3;
    });
    await expect(question.ask()).rejects.toThrow('away');
    failing = false;
    expect(await question.ask()).toBe(3);
  });
});
