// Evidence of before a CA was rotated, for whoever knows the newer CA alone; and what nobody is made to believe by it.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  type CaSuccession,
  extendTrust,
  keyId,
  signBytes,
  signCaEndorsement,
  signCaSuccession,
  type TrustAnchors,
} from '@threatguard/proto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Findings } from '../../proto/src/evidence/findings.ts';
import { Authorities } from '../../proto/src/evidence/trust.ts';
import { issueAnything, makeCa } from '../support/agent-identity.ts';

const HOUR_MS = 3_600_000;
const SUCCESSION_MS = Date.now() - HOUR_MS;

interface TestCa {
  pem: string;
  privateKey: KeyObject;
  certificate: X509Certificate;
  id: string;
}

let [first, second, third, stranger]: TestCa[] = [];
let before: X509Certificate;
let after: X509Certificate;
let strangers: X509Certificate;

async function newCa(): Promise<TestCa> {
  const ca = await makeCa();
  const certificate = new X509Certificate(ca.pem);
  return { ...ca, certificate, id: keyId(certificate.publicKey).toString('hex') };
}

async function issued(by: TestCa, beginsMs: number): Promise<X509Certificate> {
  const uri = `threatguard://agent/${'a'.repeat(32)}`;
  return new X509Certificate((await issueAnything({ by, uri, notBefore: new Date(beginsMs) })).certificate);
}

beforeAll(async () => {
  [first, second, third, stranger] = await Promise.all([newCa(), newCa(), newCa(), newCa()]);
  before = await issued(first!, SUCCESSION_MS - 1000);
  after = await issued(first!, SUCCESSION_MS + 1000);
  strangers = await issued(stranger!, SUCCESSION_MS - HOUR_MS);
});

const endorse = (old: TestCa, successor: TestCa, atMs = SUCCESSION_MS) =>
  signCaEndorsement({ old: old.certificate, successor, succeedsAtUs: atMs * 1000 });
const follow = (old: TestCa, next: TestCa): CaSuccession =>
  signCaSuccession({ old, successor: next.certificate, nowUs: SUCCESSION_MS * 1000 });
const step = (old: TestCa, next: TestCa, atMs?: number): CaSuccession => ({
  ...follow(old, next),
  endorsement: endorse(old, next, atMs),
});
const told = (...successions: CaSuccession[]): TrustAnchors => ({
  certificates: [third!, second!, first!, stranger!].map(({ certificate }) => certificate.raw),
  successions,
});
function believing(known: TestCa, ...successions: CaSuccession[]) {
  const findings = new Findings();
  const authorities = new Authorities(told(...successions), [known.id], findings);
  return { authorities, codes: findings.named.map(({ code }) => code) };
}

describe('whoever knows the newest CA', () => {
  test('believes what its predecessors certified before they gave way, over any number of them', () => {
    const { authorities, codes } = believing(third!, step(first!, second!), step(second!, third!, Date.now()));
    expect(codes).toEqual([]);
    expect(authorities.fingerprints).toEqual([third!.id, second!.id, first!.id]);
    expect(authorities.issuerOf(before)?.raw).toEqual(first!.certificate.raw);
  });

  test('does not believe what a predecessor certified later', () => {
    expect(believing(second!, step(first!, second!)).authorities.issuerOf(after)).toBeUndefined();
    expect(believing(first!, step(first!, second!)).authorities.issuerOf(after)).toBeDefined();
  });

  test('believes no predecessor where the succession is older than endorsements', () => {
    const { authorities, codes } = believing(second!, follow(first!, second!));
    expect([authorities.fingerprints, codes]).toEqual([[second!.id], []]);
  });

  test.each<[string, () => CaSuccession]>([
    ['by a stranger', () => ({ ...follow(first!, second!), endorsement: endorse(first!, stranger!) })],
    [
      'of another CA than the succession is from',
      () => ({ ...step(first!, second!), endorsement: endorse(stranger!, second!) }),
    ],
    ['that the old CA made itself', () => ({ ...step(first!, second!), endorsement: endorse(first!, first!) })],
    [
      'for another purpose',
      () => {
        const { body } = endorse(first!, second!);
        const signature = signBytes({ message: body!, privateKey: second!.privateKey, purpose: 'caSuccession' });
        return { ...follow(first!, second!), endorsement: { body, signature } };
      },
    ],
    [
      'with another time than was signed',
      () => {
        const { body } = endorse(first!, second!, Date.now() + HOUR_MS);
        const { signature } = endorse(first!, second!);
        return { ...follow(first!, second!), endorsement: { body, signature } };
      },
    ],
    ['of nothing', () => ({ ...follow(first!, second!), endorsement: {} })],
  ])('believes no predecessor by an endorsement %s, and says so', (_, make) => {
    const { authorities, codes } = believing(second!, make());
    expect(authorities.fingerprints).toEqual([second!.id]);
    expect(authorities.issuerOf(before)).toBeUndefined();
    expect(codes).toEqual(['ca_succession_invalid']);
  });

  test('does not follow a former CA to a stranger: its key may be in other hands by now', () => {
    const { authorities, codes } = believing(second!, step(first!, second!), follow(first!, stranger!));
    expect(authorities.fingerprints).toEqual([second!.id, first!.id]);
    expect(authorities.issuerOf(strangers)).toBeUndefined();
    expect(codes).toEqual(['ca_succession_invalid']);
  });

  test('believes what a former CA endorses for no longer than that one itself', async () => {
    const late = await issued(stranger!, SUCCESSION_MS + 1000);
    const { authorities } = believing(second!, step(first!, second!), step(stranger!, first!, Date.now() + HOUR_MS));
    expect(authorities.issuerOf(late)).toBeUndefined();
  });

  test('is not moved, and nothing throws, by arbitrary bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(fc.record({ body: bytes, signature: bytes }), (endorsement) => {
        const { authorities } = believing(second!, { ...follow(first!, second!), endorsement });
        expect(authorities.fingerprints).toEqual([second!.id]);
      }),
      { seed: 5, numRuns: 50 },
    );
    const nonsense = Buffer.from('neither a certificate nor a message');
    const signature = signBytes({
      message: nonsense,
      privateKey: createPrivateKey(second!.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      purpose: 'caEndorsement',
    });
    const signed = { ...follow(first!, second!), endorsement: { body: nonsense, signature } };
    expect(believing(second!, signed).authorities.fingerprints).toEqual([second!.id]);
  });
});

test('an agent that trusts the newer CA is not taken back to the older one', () => {
  const newest = [second!.certificate];
  expect(extendTrust(newest, told(step(first!, second!)))).toEqual(newest);
});
